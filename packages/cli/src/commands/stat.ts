import type { StatRow } from '@heddle/api/admin'
import { InvalidArgumentError, Option } from 'commander'
import { CliError } from '../cli-error.ts'
import type { CliDeps, Command } from '../command.ts'
import { formatJson } from '../output/json.ts'
import { LiveView } from '../output/live-view.ts'
import { formatTable } from '../output/table.ts'
import type { Terminal } from '../output/terminal.ts'
import { ELSEWHERE_HINT, requireKnown } from './known-resource.ts'
import { describeChoice, parseResource, type ResourceChoice } from './resource-argument.ts'
import { addListOptions, chosenNamespace, readDurationMs } from './resource-options.ts'
import { type StatOptions, toStatRequest, trafficEnds } from './stat/stat-question.ts'
import { isNamespaced, statColumns, toStatJson } from './stat/stat-view.ts'

const SHORTEST_WINDOW_MS = 10_000
const LONGEST_WINDOW_MS = 6 * 3_600_000
const WATCH_EVERY_MS = 1000

interface Options extends StatOptions {
  readonly output: string
  readonly watch?: boolean
}

/** `heddle stat`: the golden metrics of resources. */
export const stat: Command = {
  register(program, deps) {
    const command = program
      .command('stat')
      .description('Show success rate, requests per second and latencies of resources.')
      .argument('<resource>', 'deploy, sts, ds, job, rs, pod, svc or ns; or deploy/NAME')
      .argument('[name]', 'name of the one to show')
    addListOptions(command)
      .addOption(
        new Option('-t, --time-window <duration>', 'time to look back, 10s to 6h')
          .argParser(readWindowMs)
          .default(60_000, '1m'),
      )
      .option('--to <resource>', 'only traffic to this, such as deploy/voting, as its clients saw it')
      .option('--to-namespace <name>', 'namespace of --to; that of the resource unless stated')
      .option('--from <resource>', 'only traffic from this, as it saw it')
      .option('--from-namespace <name>', 'namespace of --from; that of the resource unless stated')
      .option('-w, --watch', 'show it anew every second, until Ctrl-C')
      .action((resource: string, name: string | undefined, options: Options) =>
        runStat(parseResource(resource, name), options, deps),
      )
  },
}

async function runStat(choice: ResourceChoice, options: Options, deps: CliDeps): Promise<void> {
  if (options.to !== undefined && options.from !== undefined)
    throw new CliError('--to and --from: give only one of them')
  if (options.watch === true && options.output === 'json') throw new CliError('--watch shows tables: leave -o json out')
  const client = await deps.connect()
  const ask: Ask = async () => (await client.admin.stat(toStatRequest(choice, options))).rows
  try {
    if (options.watch === true) await watch(ask, deps, (rows) => formatRows(choice, options, { rows, deps }))
    else {
      const rows = await ask()
      if (rows.length === 0) for (const end of trafficEnds(choice, options)) await requireKnown(client, end)
      show(choice, options, { rows, deps })
    }
  } finally {
    client.close()
  }
}

type Ask = () => Promise<readonly StatRow[]>

interface Answer {
  readonly rows: readonly StatRow[]
  readonly deps: CliDeps
}

function show(choice: ResourceChoice, options: Options, answer: Answer): void {
  const { terminal } = answer.deps
  const isJson = options.output === 'json'
  if (isJson) terminal.write(formatJson(answer.rows.map(toStatJson)))
  else if (answer.rows.length > 0) terminal.write(formatRows(choice, options, answer))
  if (answer.rows.length === 0) reportNothing(choice, options, terminal)
}

/** @throws {CliError} when one was asked for by name, and not only its traffic with another */
function reportNothing(choice: ResourceChoice, options: Options, terminal: Terminal): void {
  const what = describeChoice(choice, chosenNamespace(options))
  const { to, from, output } = options
  const peer = to === undefined ? from && `from ${from}` : `to ${to}`
  if (peer === undefined && choice.name !== '') throw new CliError(`no ${what}`, { hints: [ELSEWHERE_HINT] })
  if (output === 'json') return
  terminal.note(peer === undefined ? `no ${what}\n  ${ELSEWHERE_HINT}` : `no traffic of ${what} ${peer} in that time`)
}

async function watch(ask: Ask, deps: CliDeps, format: (rows: readonly StatRow[]) => string): Promise<void> {
  const { signal } = deps.interruption()
  const view = new LiveView(deps.terminal)
  while (!signal.aborted) {
    view.show(format(await ask()))
    await deps.clock.sleep(WATCH_EVERY_MS, signal)
  }
}

function formatRows(choice: ResourceChoice, options: Options, { rows, deps }: Answer): string {
  const hasNamespaces = options.allNamespaces === true && isNamespaced(choice.kind)
  const columns = statColumns({ hasNamespaces, style: deps.terminal.style })
  return formatTable(columns, rows, { isWide: options.output === 'wide' })
}

function readWindowMs(text: string): number {
  const windowMs = readDurationMs(text)
  if (windowMs >= SHORTEST_WINDOW_MS && windowMs <= LONGEST_WINDOW_MS) return windowMs
  throw new InvalidArgumentError('Expected a duration from 10s to 6h.')
}
