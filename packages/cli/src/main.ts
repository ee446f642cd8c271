import { systemClock } from '@heddle/base/clock'
import { findContext } from './client/context.ts'
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
    if (interruption === undefined) process.exit(error.code === 'EPIPE' ? 0 : 1)
    interruption.trigger('SIGHUP')
  })
  process.stderr.on('error', () => interruption?.trigger('SIGHUP'))
  const isDebugging = (process.env.HEDDLE_DEBUG ?? '') !== ''
  const status = await runCli(process.argv.slice(2), COMMANDS, {
    terminal,
    isDebugging,
    deps: ({ chosenMesh, setExitStatus }) => ({
      terminal,
      clock: systemClock,
      env: process.env,
      cwd: process.cwd(),
      stateDirectory,
      connect: async () => {
        // Loading the client takes longer than most commands that do without it.
        const { connectControl } = await import('./client/control-client.ts')
        return connectControl(await findContext(stateDirectory, chosenMesh()))
      },
      interruption: () => {
        interruption ??= new Interruption()
        return interruption
      },
      setExitStatus,
    }),
  })
  process.exitCode = status
}

await main()
