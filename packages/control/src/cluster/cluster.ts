import type { Clock } from '@heddle/base/clock'
import { createKubeClient, type KubeClient } from '@heddle/kube/client'
import { inClusterAccess, loadClusterAccess } from '@heddle/kube/kubeconfig'
import type { KubernetesConfig } from '../config/kubernetes-config.ts'

/** The API server, and what the control plane is there. */
export interface Cluster {
  readonly client: KubeClient
  /** For what those cause who have not proved yet who they are: however many they are, they must not slow down anything else. */
  readonly reviews: Pick<KubeClient, 'request' | 'get' | 'create' | 'update'>
  /** For what those cause who ask the webhooks, which may be anybody: they must slow down neither of the others. */
  readonly admissions: Pick<KubeClient, 'get'>
  close(): void
}

/** As many proxies can join in a second; they come back by themselves. As many pods can be made. */
const PER_SECOND = 100

/**
 * Opens the API server of the configuration. Nothing is asked of it yet.
 *
 * @throws {ConfigError} when there is no cluster to be found, or a file is wrong
 */
export async function openCluster({ kubeconfig, context }: KubernetesConfig, clock: Clock): Promise<Cluster> {
  const isInside =
    kubeconfig === undefined && context === undefined && process.env.KUBERNETES_SERVICE_HOST !== undefined
  const access = isInside
    ? await inClusterAccess()
    : await loadClusterAccess({
        ...(kubeconfig !== undefined && { kubeconfig }),
        ...(context !== undefined && { context }),
      })
  const base = { clock, userAgent: 'heddle-control' }
  const ofOthers = { ...base, perSecond: PER_SECOND, burst: 2 * PER_SECOND }
  return {
    client: createKubeClient(access, base),
    reviews: createKubeClient(access, ofOthers),
    admissions: createKubeClient(access, ofOthers),
    close: () => access.close(),
  }
}
