import type { Clock } from '@heddle/base/clock'
import { createKubeClient, type KubeClient } from '@heddle/kube/client'
import { inClusterAccess, loadClusterAccess } from '@heddle/kube/kubeconfig'
import type { KubernetesConfig } from '../config/kubernetes-config.ts'

/** The API server, and what the control plane is there. */
export interface Cluster {
  readonly client: KubeClient
  /** For what those cause who have not proved yet who they are: however many they are, they must not slow down anything else. */
  readonly reviews: Pick<KubeClient, 'request' | 'get' | 'create' | 'update'>
  close(): void
}

/** As many proxies can join in a second; they come back by themselves. */
const REVIEWS_PER_SECOND = 100

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
  const userAgent = 'heddle-control'
  return {
    client: createKubeClient(access, { clock, userAgent }),
    reviews: createKubeClient(access, {
      clock,
      userAgent,
      perSecond: REVIEWS_PER_SECOND,
      burst: 2 * REVIEWS_PER_SECOND,
    }),
    close: () => access.close(),
  }
}
