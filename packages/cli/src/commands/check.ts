import { Option } from 'commander'
import { CliError } from '../cli-error.ts'
import type { CliDeps, Command } from '../command.ts'
import { formatJson } from '../output/json.ts'
import type { CategoryResult } from './check/judge-mesh.ts'
import { outputOption, readDurationMs } from './resource-options.ts'

const TRY_EVERY_MS = 1000

interface Options {
  readonly output: string
  readonly wait: number
}

/** `heddle check`: whether the mesh is well, and what to do where it is not. */
export const check: Command = {
  register(program, deps) {
    program
      .command('check')
      .description('Check that the mesh is well; say what to do where it is not.')
      .addOption(
        new Option('--wait <duration>', 'look again until all is well, for so long')
          .argParser(readDurationMs)
          .default(0, 'look once'),
      )
      .addOption(outputOption(['table', 'short', 'json']))
      .addHelpText(
        'after',
        '\n√ is well, ‼ can be lived with, × fails the command. Each check: docs/reference/checks.md',
      )
      .action((options: Options) => runCheck(options, deps))
  },
}

async function runCheck(options: Options, deps: CliDeps): Promise<void> {
  const { terminal } = deps
  const { isHealthy } = await import('./check/judge-mesh.ts')
  const { formatAll, formatFailures, toCheckJson } = await import('./check/format-results.ts')
  const results = await judgeUntilHealthy(options.wait, deps)
  if (options.output === 'json') terminal.write(formatJson(toCheckJson(results)))
  else if (options.output === 'short') terminal.write(formatFailures(results, terminal.style))
  else terminal.write(formatAll(results, terminal.style))
  if (!isHealthy(results)) deps.setExitStatus(1)
}

/** The results of the last look: the first that found all well, or the one at the deadline. */
async function judgeUntilHealthy(waitMs: number, deps: CliDeps): Promise<readonly CategoryResult[]> {
  const { isHealthy } = await import('./check/judge-mesh.ts')
  const deadlineMs = deps.clock.nowMs() + waitMs
  const signal = waitMs > 0 ? deps.interruption().signal : undefined
  for (;;) {
    const results = await judgeOnce(deps)
    const isOver = deps.clock.nowMs() >= deadlineMs || signal?.aborted === true
    if (isOver || isHealthy(results)) return results
    await deps.clock.sleep(TRY_EVERY_MS, signal)
  }
}

async function judgeOnce(deps: CliDeps): Promise<readonly CategoryResult[]> {
  const { judgeMesh, judgeUnreachable } = await import('./check/judge-mesh.ts')
  const { collectFacts } = await import('./check/collect-facts.ts')
  try {
    const client = await deps.connect()
    return judgeMesh(await collectFacts(client, deps.clock).finally(() => client.close()))
  } catch (error) {
    if (error instanceof CliError) return judgeUnreachable(error.message, error.hints)
    throw error
  }
}
