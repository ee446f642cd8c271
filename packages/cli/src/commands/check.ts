import { Option } from 'commander'
import { CliError } from '../cli-error.ts'
import type { CliDeps, Command } from '../command.ts'
import { formatJson } from '../output/json.ts'
import type { CategoryResult } from './check/check.ts'
import type { ClusterCheck } from './check/cluster/check-cluster.ts'
import { outputOption, readDurationMs } from './resource-options.ts'

const TRY_EVERY_MS = 1000

interface Options {
  readonly output: string
  readonly wait: number
  readonly pre?: boolean
  readonly proxy?: boolean
  readonly namespace?: string
}

/** `heddle check`: whether the mesh is well, and what to do where it is not. */
export const check: Command = {
  register(program, deps) {
    program
      .command('check')
      .description('Check that the mesh is well; say what to do where it is not.')
      .option('--pre', 'on a cluster: whether Heddle can be installed')
      .option('--proxy', 'on a cluster: the proxies of its pods as well')
      .option('-n, --namespace <name>', 'with --proxy: only those of this namespace')
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
  const { isHealthy } = await import('./check/check.ts')
  const { formatAll, formatFailures, toCheckJson } = await import('./check/format-results.ts')
  const results = await judgeUntilHealthy(options, deps)
  if (options.output === 'json') terminal.write(formatJson(toCheckJson(results)))
  else if (options.output === 'short') terminal.write(formatFailures(results, terminal.style))
  else terminal.write(formatAll(results, terminal.style))
  if (!isHealthy(results)) deps.setExitStatus(1)
}

/** The results of the last look: the first that found all well, or the one at the deadline. */
async function judgeUntilHealthy(options: Options, deps: CliDeps): Promise<readonly CategoryResult[]> {
  const { wait: waitMs } = options
  const { isHealthy } = await import('./check/check.ts')
  const deadlineMs = deps.clock.nowMs() + waitMs
  const signal = waitMs > 0 ? deps.interruption().signal : undefined
  for (;;) {
    const results = await judgeOnce(options, deps)
    const isOver = deps.clock.nowMs() >= deadlineMs || signal?.aborted === true
    if (isOver || isHealthy(results)) return results
    await deps.clock.sleep(TRY_EVERY_MS, signal)
  }
}

async function judgeOnce(options: Options, deps: CliDeps): Promise<readonly CategoryResult[]> {
  const cluster = await findCluster(options, deps)
  if (cluster === undefined) return await judgeLocal(deps)
  const { checkCluster } = await import('./check/cluster/check-cluster.ts')
  return await checkCluster(toClusterCheck(options), cluster, deps)
}

/** @throws {CliError} when only a cluster can be meant, and there is none */
async function findCluster({ pre, proxy, namespace }: Options, deps: CliDeps) {
  // Before an installation it does not matter what runs on this host.
  if (pre === true) return await deps.cluster()
  const world = await deps.world().catch((error: unknown) => {
    if (proxy === true || !(error instanceof CliError)) throw error
  })
  if (world?.kind === 'cluster') return world.cluster
  if (proxy === true || namespace !== undefined) {
    throw new CliError('--proxy and -n are for clusters: on one host everything is checked at once')
  }
  return undefined
}

function toClusterCheck({ pre, proxy, namespace = '' }: Options): ClusterCheck {
  if (pre === true) return { kind: 'pre' }
  if (proxy === true) return { kind: 'proxy', namespace }
  if (namespace === '') return { kind: 'install' }
  throw new CliError('-n is for --proxy: the control plane is in one namespace')
}

async function judgeLocal(deps: CliDeps): Promise<readonly CategoryResult[]> {
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
