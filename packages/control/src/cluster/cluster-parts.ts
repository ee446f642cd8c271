import type { Clock } from '@heddle/base/clock'
import type { Log } from '@heddle/base/log'
import { IDENTITY_AUDIENCE } from '@heddle/kube/inject/names'
import { ADMIN_AUDIENCE, INSTALL_NAMES, INSTALLATION_LABEL, PART_OF_HEDDLE } from '@heddle/kube/install/names'
import type { AuthorityStore } from '../ca/authority-store.ts'
import type { JoinTokenBook } from '../ca/join-tokens.ts'
import { createTokenReviewer, type TokenReviewer } from '../ca/review-token.ts'
import { secretStore } from '../ca/secret-store.ts'
import { SharedJoinTokens } from '../ca/shared-join-tokens.ts'
import type { KubernetesConfig } from '../config/kubernetes-config.ts'
import type { AdminAccess } from '../server/admin-access.ts'
import { clusterAccess } from '../server/cluster-access.ts'
import { type KubernetesSource, kubernetesSource } from '../sources/kubernetes/kubernetes-source.ts'
import { type Cluster, openCluster } from './cluster.ts'
import { type ClusterTasks, startClusterTasks, type TaskDeps } from './cluster-tasks.ts'
import { Leadership } from './leadership.ts'
import { followPeers } from './peer-addresses.ts'

/** What takes the place of files and tokens where the control plane serves a cluster. */
export interface ClusterParts extends Cluster {
  readonly config: KubernetesConfig
  /** On every object that is made here, so that it is found when Heddle is uninstalled. */
  readonly labels: Readonly<Record<string, string>>
  readonly leadership: Leadership
  readonly authorityStore: AuthorityStore
  readonly joinTokens: (trustDomain: string) => JoinTokenBook
  /** Of tokens that workloads show. */
  readonly reviewer: TokenReviewer
  readonly access: AdminAccess
  readonly source: KubernetesSource
  /** Names that the control plane's certificate must have. */
  readonly dnsNames: readonly string[]
  /** Where the other replicas are. @param own - this one's addresses, `IP:PORT` */
  peers(own: () => ReadonlySet<string>, signal: AbortSignal): () => readonly string[]
  /** See {@link startClusterTasks}. */
  start(tasks: TaskDeps): Promise<ClusterTasks>
}

export interface ClusterPartsDeps {
  /** That of the configuration unless given. */
  readonly cluster: Cluster | undefined
  readonly clock: Clock
  readonly log: Log
}

/**
 * Makes them; nothing is asked of the API server yet. To be loaded when it is needed: a mesh of one host starts faster without.
 *
 * @throws {ConfigError} when there is no cluster to be found, or a file is wrong
 */
export async function openClusterParts(config: KubernetesConfig, deps: ClusterPartsDeps): Promise<ClusterParts> {
  const { clock, log } = deps
  const cluster = deps.cluster ?? (await openCluster(config, clock))
  const { client, reviews } = cluster
  const { namespace, replica } = config
  const { authority, control, joinTokens, webhook } = INSTALL_NAMES
  const labels = { ...PART_OF_HEDDLE, [INSTALLATION_LABEL]: namespace }
  const adminReviewer = createTokenReviewer({ client: reviews, audience: ADMIN_AUDIENCE })
  const parts: ClusterParts = {
    ...cluster,
    config,
    labels,
    leadership: new Leadership({ client, namespace, replica, clock, log }),
    authorityStore: secretStore({ client, namespace, name: authority, labels }),
    joinTokens: (trustDomain) =>
      new SharedJoinTokens({ client: reviews, namespace, name: joinTokens, labels, trustDomain, clock }),
    reviewer: createTokenReviewer({ client: reviews, audience: IDENTITY_AUDIENCE }),
    access: clusterAccess({ reviewer: adminReviewer, namespace, clock }),
    source: kubernetesSource({ client, clock, log }),
    dnsNames: [control, webhook].flatMap((name) => [`${name}.${namespace}`, `${name}.${namespace}.svc`]),
    peers: (own, signal) => followPeers({ client, namespace, own, clock, log }, signal),
    start: (tasks) => startClusterTasks(parts, tasks),
  }
  return parts
}
