import type { Clock } from '@heddle/base/clock'
import type { Command as CommanderCommand } from 'commander'
import type { Cluster } from './client/cluster.ts'
import type { ControlClient, ControlNeed } from './client/control-client.ts'
import type { World } from './client/world.ts'
import type { Interruption } from './interruption.ts'
import type { Terminal } from './output/terminal.ts'

/**
 * One command of `heddle`, one file of `commands/`. The file exports `const NAME: Command`, and `registry.ts` lists it.
 *
 * Heavy modules are imported inside the action, so that `heddle version` does not pay for `heddle up`.
 */
export interface Command {
  /** Adds the command, with its options and action, to `program`. */
  register(program: CommanderCommand, deps: CliDeps): void
}

/** Everything a command may touch; handed in, so that tests replace it. */
export interface CliDeps {
  readonly terminal: Terminal
  readonly clock: Clock
  readonly env: Readonly<Record<string, string | undefined>>
  /** Working directory: relative paths of arguments start here. */
  readonly cwd: string
  /** Where the meshes of this user keep their state. */
  readonly stateDirectory: string
  /**
   * Where the mesh is: on this host, or in a cluster. Asks no cluster anything.
   *
   * @throws {CliError} when none runs here and there is no kubeconfig, or several run
   */
  world(): Promise<World>
  /**
   * The cluster of the kubeconfig, whatever runs on this host. Asks it nothing.
   *
   * @throws {CliError} when there is no kubeconfig, or it cannot be used
   */
  cluster(): Promise<Cluster>
  /**
   * Connects to the control plane of {@link CliDeps.world}.
   *
   * @param need - on a cluster: what RBAC must allow; to look unless stated
   * @throws {CliError} when it cannot be reached, with what to do
   */
  connect(need?: ControlNeed): Promise<ControlClient>
  /** Ctrl-C (or SIGTERM, SIGHUP) as `.signal`. Before the first call these signals end the process. */
  interruption(): Pick<Interruption, 'signal' | 'hurry'>
  /** The status the process ends with when the command returns; 0 unless set. To fail with a message throw CliError. */
  setExitStatus(status: number): void
}
