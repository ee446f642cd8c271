import { isAbsolute, join, resolve } from 'node:path'
import { findHome } from '@heddle/base/find-home'
import { CliError } from '../cli-error.ts'

type Env = Readonly<Record<string, string | undefined>>

/**
 * Where the meshes of this user keep their state: `$HEDDLE_HOME`, else `$XDG_STATE_HOME/heddle`, else
 * `~/.local/state/heddle`. The XDG specification ignores relative values of its variable.
 */
export function findStateDirectory(env: Env, home = findHome(env)): string {
  const own = env.HEDDLE_HOME ?? ''
  if (own !== '') return resolve(own)
  const xdg = env.XDG_STATE_HOME ?? ''
  return isAbsolute(xdg) ? join(xdg, 'heddle') : join(home, '.local', 'state', 'heddle')
}

/** What belongs to one mesh, all below the state directory. */
export interface MeshPaths {
  readonly name: string
  readonly directory: string
  /** The control plane's own state: CA, telemetry. */
  readonly control: string
  /** Tells the command line where the control plane is; there while it runs. */
  readonly context: string
  /** What `heddle up` has started, to be cleaned up after a crash. */
  readonly run: string
}

const MESH_NAME = /^[a-z0-9]([a-z0-9-]{0,18}[a-z0-9])?$/

/** @throws {CliError} when `name` is not a name of a mesh */
export function meshPaths(stateDirectory: string, name: string): MeshPaths {
  if (!MESH_NAME.test(name)) {
    throw new CliError(`mesh name "${name}": expected at most 20 lower-case letters, digits or inner hyphens`)
  }
  const directory = join(stateDirectory, 'meshes', name)
  return {
    name,
    directory,
    control: join(directory, 'control'),
    context: join(directory, 'context.json'),
    run: join(directory, 'run.json'),
  }
}
