import type { StatRow } from '@heddle/api/admin'
import { InvalidArgumentError, Option } from 'commander'
import { CliError } from '../cli-error.ts'
import type { CliDeps, Command } from '../command.ts'
import { formatJson } from '../output/json.ts'
import { LiveView } from '../output/live-view.ts'
import { formatTable } from '../output/table.ts'
import { ELSEWHERE_HINT, requireKnown } from './known-resource.ts'
import { describeChoice, parseResources, type ResourceChoice } from './resource-argument.ts'
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
      .argument('<resource>', 'deploy, sts, ds, job, rs, pod, svc, ns or all; several as deploy,svc; or deploy/NAME...')
      .argument('[name...]', 'names of those to show')
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
      .action((resource: string, names: string[], options: Options) =>
        runStat(parseResources([resource, ...names]), options, deps),
      )
  },
}

async function runStat(choices: readonly ResourceChoice[], options: Options, deps: CliDeps): Promise<void> {
  if (options.to !== undefined && options.from !== undefined)
    throw new CliError('--to and --from: give only one of them')
  if (options.watch === true && options.output === 'json') throw new CliError('--watch shows tables: leave -o json out')
  const client = await deps.connect()
  const ask: Ask = () =>
    Promise.all(
      choices.map(async (choice) => ({ choice, rows: (await client.admin.stat(toStatRequest(choice, options))).rows })),
    )
  try {
    if (options.watch === true) await watch(ask, deps, (counted) => formatCounted(counted, options, deps))
    else {
      const counted = await ask()
      for (const { choice } of counted.filter(isEmpty))
        for (const end of trafficEnds(choice, options)) await requireKnown(client, end)
      show(counted, options, deps)
    }
  } finally {
    client.close()
  }
}

/** What was counted of one choice. */
interface Counted {
  readonly choice: ResourceChoice
  readonly rows: readonly StatRow[]
}

type Ask = () => Promise<readonly Counted[]>

function isEmpty({ rows }: Counted): boolean {
  return rows.length === 0
}

/** @throws {CliError} for those that were asked for by name and are not there, behind all others */
function show(counted: readonly Counted[], options: Options, deps: CliDeps): void {
  const { terminal } = deps
  const isJson = options.output === 'json'
  if (isJson) terminal.write(formatJson(counted.flatMap(({ rows }) => rows.map(toStatJson))))
  else terminal.write(formatCounted(counted, options, deps))
  const isMissing = (one: Counted) => isEmpty(one) && one.choice.name !== '' && peerOf(options) === undefined
  const missing = counted.filter(isMissing).map(({ choice }) => `no ${describeIn(choice, options)}`)
  if (missing.length > 0) throw new CliError(missing.join(', '), { hints: [ELSEWHERE_HINT] })
  // Of several kinds those without a row are left out as long as there is any.
  if (!isJson && counted.every(isEmpty))
    terminal.note(counted.map(({ choice }) => nothingOf(choice, options)).join('\n'))
}

function nothingOf(choice: ResourceChoice, options: Options): string {
  const [what, peer] = [describeIn(choice, options), peerOf(options)]
  return peer === undefined ? `no ${what}\n  ${ELSEWHERE_HINT}` : `no traffic of ${what} ${peer} in that time`
}

function peerOf({ to, from }: Options): string | undefined {
  return to === undefined ? from && `from ${from}` : `to ${to}`
}

function describeIn(choice: ResourceChoice, options: Options): string {
  return describeChoice(choice, chosenNamespace(options))
}

async function watch(ask: Ask, deps: CliDeps, format: (counted: readonly Counted[]) => string): Promise<void> {
  const { signal } = deps.interruption()
  const view = new LiveView(deps.terminal)
  while (!signal.aborted) {
    view.show(format(await ask()))
    await deps.clock.sleep(WATCH_EVERY_MS, signal)
  }
}

/** A table for each kind. */
function formatCounted(counted: readonly Counted[], options: Options, { terminal }: CliDeps): string {
  const kinds = [...new Set(counted.map(({ choice }) => choice.kind))]
  const tables = kinds.flatMap((kind) => {
    const rows = counted.filter(({ choice }) => choice.kind === kind).flatMap((one) => one.rows)
    if (rows.length === 0 && (kinds.length > 1 || options.watch !== true)) return []
    const hasNamespaces = options.allNamespaces === true && isNamespaced(kind)
    const columns = statColumns({ hasNamespaces, hasKinds: kinds.length > 1, style: terminal.style })
    return formatTable(columns, rows, { isWide: options.output === 'wide' })
  })
  return tables.join('\n')
}

function readWindowMs(text: string): number {
  const windowMs = readDurationMs(text)
  if (windowMs >= SHORTEST_WINDOW_MS && windowMs <= LONGEST_WINDOW_MS) return windowMs
  throw new InvalidArgumentError('Expected a duration from 10s to 6h.')
}
