import type { Cluster } from '../../../client/cluster.ts'
import type { CliDeps } from '../../../command.ts'
import { type CategoryResult, judgeAll } from '../check.ts'
import { collectBase } from './collect-base.ts'
import { collectInstall } from './collect-install.ts'
import { collectPre } from './collect-pre.ts'
import { collectProxies } from './collect-proxies.ts'
import { BASE_CATEGORIES, judgeInstall, judgePre, judgeProxies } from './judge-cluster.ts'

/** What of a cluster is to be checked. */
export type ClusterCheck =
  | { readonly kind: 'pre' }
  | { readonly kind: 'install' }
  /** Empty namespace: all. */
  | { readonly kind: 'proxy'; readonly namespace: string }

type Deps = Pick<CliDeps, 'clock' | 'connect'>

/** Looks once at a cluster and judges it. */
export async function checkCluster(
  check: ClusterCheck,
  cluster: Cluster,
  deps: Deps,
): Promise<readonly CategoryResult[]> {
  const base = await collectBase(cluster, deps.clock)
  if (base.api.kind === 'unknown') return judgeAll(BASE_CATEGORIES, base)
  if (check.kind === 'pre') return judgePre(await collectPre(base, cluster))
  const install = await collectInstall(base, { cluster, clock: deps.clock, connect: () => deps.connect() })
  if (check.kind === 'install') return judgeInstall(install)
  return judgeProxies(await collectProxies(install, cluster, check.namespace))
}
