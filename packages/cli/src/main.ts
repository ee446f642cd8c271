import { systemClock } from '@heddle/base/clock'
import { kubeconfigFiles } from '@heddle/kube/kubeconfig-files'
import { openCluster } from './client/cluster.ts'
import { findContext } from './client/context.ts'
import type { ControlClient, ControlNeed } from './client/control-client.ts'
import { findWorld, type World } from './client/world.ts'
import { COMMANDS } from './commands/registry.ts'
import { Interruption } from './interruption.ts'
import { createTerminal } from './output/terminal.ts'
import { runCli } from './run-cli.ts'
import { findStateDirectory } from './state/state-directory.ts'

/** The process `heddle`. */
async function main(): Promise<void> {
  const terminal = createTerminal(process.stdout, process.stderr, process.env)
  const stateDirectory = findStateDirectory(process.env)
  let interruption: Interruption | undefined
  // A reader that went away (`heddle stat | head -1`) is no failure; and who has something to take back does so first.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') terminal.note(`${terminal.noteStyle.red('error:')} stdout: ${error.message}`)
    if (interruption === undefined) process.exit(error.code === 'EPIPE' ? 0 : 1)
    interruption.trigger('SIGHUP')
  })
  process.stderr.on('error', () => interruption?.trigger('SIGHUP'))
  const search = {
    findLocal: (mesh: string | undefined) => findContext(stateDirectory, mesh),
    openCluster,
    hasKubeconfig: () => kubeconfigFiles(undefined, process.env).length > 0,
  }
  let chosen: World | undefined
  const isDebugging = (process.env.HEDDLE_DEBUG ?? '') !== ''
  const status = await runCli(process.argv.slice(2), COMMANDS, {
    terminal,
    isDebugging,
    deps: ({ worldFlags, setExitStatus }) => {
      // A mesh that comes up on this host meanwhile must not take over the second half of a command that is about a cluster.
      const world = async () => {
        if (chosen?.kind !== 'cluster') chosen = await findWorld(worldFlags(), search)
        return chosen
      }
      return {
        terminal,
        clock: systemClock,
        env: process.env,
        cwd: process.cwd(),
        stateDirectory,
        world,
        cluster: () => openCluster(worldFlags()),
        connect: async (need) => connect(await world(), need),
        interruption: () => {
          interruption ??= new Interruption()
          return interruption
        },
        setExitStatus,
      }
    },
  })
  process.exitCode = status
}

/** Loading a client takes longer than most commands that do without it. */
async function connect(world: World, need: ControlNeed | undefined): Promise<ControlClient> {
  if (world.kind === 'cluster') {
    const { connectClusterControl } = await import('./client/cluster-control.ts')
    return connectClusterControl(world.cluster, need)
  }
  const { connectControl } = await import('./client/control-client.ts')
  return connectControl(world.context)
}

await main()
