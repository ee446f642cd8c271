import { CliError } from '../cli-error.ts'
import type { Cluster } from './cluster.ts'
import type { Context } from './context.ts'
import { isClusterChosen, type WorldFlags } from './world-flags.ts'

/** Where the mesh is that a command is about. */
export type World =
  | { readonly kind: 'local'; readonly context: Context }
  | { readonly kind: 'cluster'; readonly cluster: Cluster }

/** Both places where a mesh can be; each is looked at only when it matters. */
export interface WorldSearch {
  /** The mesh of that name on this host, or the only one; `undefined`: none runs. @throws {CliError} when there are several */
  findLocal(mesh: string | undefined): Promise<Context | undefined>
  /** @throws {CliError} when there is no kubeconfig, or it cannot be used */
  openCluster(flags: WorldFlags): Promise<Cluster>
  /** Whether there is a kubeconfig at all. */
  hasKubeconfig(): boolean
}

/**
 * A cluster when a flag names one; else a mesh that runs on this host; else the cluster of the kubeconfig, when there is one.
 *
 * @throws {CliError} when there is none, or more than one
 */
export async function findWorld(flags: WorldFlags, search: WorldSearch): Promise<World> {
  const { mesh } = flags
  if (isClusterChosen(flags)) {
    if (mesh !== undefined)
      throw new CliError('--mesh is for a mesh on this host: leave it or the flags of a cluster out')
    return { kind: 'cluster', cluster: await search.openCluster(flags) }
  }
  const context = await search.findLocal(mesh)
  if (context !== undefined) return { kind: 'local', context }
  if (mesh !== undefined || !search.hasKubeconfig()) throwNotRunning(mesh)
  return { kind: 'cluster', cluster: await search.openCluster(flags) }
}

function throwNotRunning(mesh: string | undefined): never {
  const start = 'start one with "heddle up DIR", or "heddle demo"'
  if (mesh !== undefined) throw new CliError(`mesh "${mesh}" does not run here`, { hints: [start] })
  throw new CliError('no mesh runs here', {
    hints: [start, 'or name a cluster with --kubeconfig FILE or --context NAME'],
  })
}
