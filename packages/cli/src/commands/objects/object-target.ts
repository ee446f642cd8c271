import type { ObjectChange, Problem } from '@heddle/api/admin'
import type { ObjectRef } from '@heddle/api/kinds/meta'
import type { ManifestFile } from '@heddle/api/manifest'
import type { ControlClient } from '../../client/control-client.ts'
import type { CliDeps } from '../../command.ts'

/** What came of a write; with an error among the problems nothing was changed. */
export interface Written {
  readonly problems: readonly Problem[]
  readonly changes: readonly ObjectChange[]
  /** Of the control plane's configuration; 0 where it is not known. */
  readonly revision: bigint
}

/** What is to be removed: objects by name, and those that files name. */
export interface Removal {
  readonly refs: readonly ObjectRef[]
  readonly files: readonly ManifestFile[]
}

/** Whether anything is really written. */
export interface WriteOptions {
  readonly dryRun: boolean
}

/** The control plane, from the moment that it knows what was written. */
export interface Follower {
  readonly client: ControlClient
  readonly revision: bigint
}

/**
 * Where commands write objects: the directory of a mesh on this host, through its control plane; or a cluster, through its API server
 * with the user's own rights. All or nothing.
 */
export interface ObjectTarget {
  apply(files: readonly ManifestFile[], options: WriteOptions): Promise<Written>
  remove(removal: Removal, options: WriteOptions): Promise<Written>
  /**
   * Waits a moment until the control plane has taken over what was written.
   *
   * @throws {CliError} when it cannot be asked
   */
  follow(written: Written): Promise<Follower>
  close(): void
}

/** The target of the mesh that a command is about. */
export async function openTarget(deps: CliDeps): Promise<ObjectTarget> {
  const world = await deps.world()
  if (world.kind === 'cluster') {
    const { ClusterTarget } = await import('./cluster/cluster-target.ts')
    return new ClusterTarget(world.cluster, deps)
  }
  const { LocalTarget } = await import('./local-target.ts')
  return new LocalTarget(await deps.connect())
}
