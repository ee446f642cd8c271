import { messageOf } from '@heddle/base/message-of'
import type { KubeClient } from '@heddle/kube/client'
import type { ClusterAccess } from '@heddle/kube/kubeconfig'
import { CliError } from '../cli-error.ts'
import type { WorldFlags } from './world-flags.ts'

/** A cluster as the user's own credentials see it. */
export interface Cluster {
  readonly access: ClusterAccess
  readonly kube: KubeClient
  /** Of the kubeconfig; how messages call the cluster. */
  readonly contextName: string
  /** `https://HOST:PORT` of the API server. */
  readonly server: string
  /** Of the kubeconfig's context: where `-n` is not given. */
  readonly namespace: string
  /** Where the control plane is installed. */
  readonly heddleNamespace: string
}

/**
 * Reads the kubeconfig as kubectl does; asks the cluster nothing.
 *
 * @throws {CliError}
 */
export async function openCluster(flags: WorldFlags): Promise<Cluster> {
  const { kubeconfig, context, as: asUser, asGroup: asGroups, heddleNamespace } = flags
  const { loadClusterAccess } = await import('@heddle/kube/kubeconfig')
  const { createKubeClient } = await import('@heddle/kube/client')
  const chosen = {
    ...(kubeconfig !== undefined && { kubeconfig }),
    ...(context !== undefined && { context }),
    ...(asUser !== undefined && { asUser }),
    ...(asGroups !== undefined && { asGroups }),
  }
  try {
    const access = await loadClusterAccess(chosen)
    const { contextName, server, namespace } = access
    return { access, kube: createKubeClient(access), contextName, server, namespace, heddleNamespace }
  } catch (error) {
    throw new CliError(`cannot use the kubeconfig: ${messageOf(error)}`, {
      hints: ['name one with --kubeconfig FILE or KUBECONFIG; "kubectl config get-contexts" shows what it has'],
      cause: error,
    })
  }
}
