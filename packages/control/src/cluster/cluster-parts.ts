import type { Clock } from '@heddle/base/clock'
import type { Log } from '@heddle/base/log'
import { INSTALL_NAMES, INSTALLATION_LABEL } from '@heddle/kube/install/names'
import type { AuthorityStore } from '../ca/authority-store.ts'
import type { JoinTokenBook } from '../ca/join-tokens.ts'
import { createTokenReviewer, type TokenReviewer } from '../ca/review-token.ts'
import { secretStore } from '../ca/secret-store.ts'
import { SharedJoinTokens } from '../ca/shared-join-tokens.ts'
import type { KubernetesConfig } from '../config/kubernetes-config.ts'
import type { AdminAccess } from '../server/admin-access.ts'
import { ADMIN_AUDIENCE, clusterAccess } from '../server/cluster-access.ts'
import { type KubernetesSource, kubernetesSource } from '../sources/kubernetes/kubernetes-source.ts'
import type { Cluster } from './cluster.ts'
import { Leadership } from './leadership.ts'

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
}

export interface ClusterPartsDeps {
  readonly cluster: Cluster
  readonly clock: Clock
  readonly log: Log
}

/** What tokens of workloads are made for, so that those for anything else are of no use here. */
const IDENTITY_AUDIENCE = 'heddle.dev/identity'

/** Makes them; nothing is asked of the API server yet. */
export function createClusterParts(config: KubernetesConfig, { cluster, clock, log }: ClusterPartsDeps): ClusterParts {
  const { client, reviews } = cluster
  const { namespace, replica } = config
  const { authority, control, joinTokens, webhook } = INSTALL_NAMES
  const labels = { 'app.kubernetes.io/part-of': 'heddle', [INSTALLATION_LABEL]: namespace }
  const adminReviewer = createTokenReviewer({ client: reviews, audience: ADMIN_AUDIENCE })
  return {
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
  }
}
