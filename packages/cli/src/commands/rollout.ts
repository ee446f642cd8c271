import { ResourceKind, type StatRow } from '@heddle/api/admin'
import { Command as CommanderCommand, Option } from 'commander'
import { CliError } from '../cli-error.ts'
import type { ControlClient } from '../client/control-client.ts'
import type { CliDeps, Command } from '../command.ts'
import { formatJson } from '../output/json.ts'
import { formatTable } from '../output/table.ts'
import { addGroup } from './command-group.ts'
import { formatObject } from './objects/object-argument.ts'
import { namespaceOption, outputOption } from './resource-options.ts'
import { findRoute } from './rollout/find-route.ts'
import type { LatencyLimit } from './rollout/judge-step.ts'
import {
  parseBackend,
  parseRoute,
  readIntervalMs,
  readLatencyLimit,
  readMinRequests,
  readSteps,
  readSuccessRate,
} from './rollout/rollout-options.ts'
import { type RolloutState, readRolloutState } from './rollout/rollout-state.ts'
import type { RouteStore } from './rollout/route-weights.ts'
import { isNamespaced, statColumns, toStatJson } from './stat/stat-view.ts'

const STATUS_WINDOW_MS = 60_000
const INTERRUPTED = 130

interface RouteOptions {
  readonly namespace: string
}

interface StartOptions extends RouteOptions {
  readonly from: string
  readonly to: string
  readonly steps: readonly number[]
  readonly interval: number
  readonly successRate: number
  readonly maxLatency?: readonly LatencyLimit[]
  readonly minRequests: number
  readonly keep?: boolean
}

/** `heddle rollout`: shifts traffic from one Service to another by the weights of a route. */
export const rollout: Command = {
  register(program, deps) {
    const parent = addGroup(program, 'rollout', 'Shift traffic from one Service to another, step by step.')
    parent.addCommand(startCommand(deps))
    parent.addCommand(statusCommand(deps))
    parent.addCommand(abortCommand(deps))
  },
}

function startCommand(deps: CliDeps): CommanderCommand {
  return routeCommand('start')
    .description(
      'Shift the weights of a route in steps while the new Service holds; go back when it does not, and on Ctrl-C.',
    )
    .requiredOption('--from <service>', 'the Service that has the traffic')
    .requiredOption('--to <service>', 'the Service that is to get it')
    .addOption(
      new Option('--steps <percents>', 'share of the requests for --to')
        .argParser(readSteps)
        .default([5, 25, 50, 100], '5,25,50,100'),
    )
    .addOption(
      new Option('--interval <duration>', 'how long each step is watched')
        .argParser(readIntervalMs)
        .default(30_000, '30s'),
    )
    .addOption(
      new Option('--success-rate <percent>', 'go back below this').argParser(readSuccessRate).default(0.99, '99'),
    )
    .addOption(
      new Option('--max-latency <limit>', 'go back above this, such as p99=200ms; again for another').argParser(
        readLatencyLimit,
      ),
    )
    .addOption(
      new Option('--min-requests <count>', 'fewer in a step say nothing').argParser(readMinRequests).default(10),
    )
    .option('--keep', 'leave the weights as they are on Ctrl-C')
    .action((route: string, options: StartOptions) => runStart(route, options, deps))
}

function statusCommand(deps: CliDeps): CommanderCommand {
  return routeCommand('status')
    .description('Show how far the rollout of a route is, or how the last one ended.')
    .addOption(outputOption(['table', 'json']))
    .action((route: string, options: RouteOptions & { readonly output: string }) => runStatus(route, options, deps))
}

function abortCommand(deps: CliDeps): CommanderCommand {
  return routeCommand('abort')
    .description('Give a route the weights back that it had before its rollout, and end that.')
    .action((route: string, options: RouteOptions) => runAbort(route, options, deps))
}

function routeCommand(name: string): CommanderCommand {
  return new CommanderCommand(name)
    .argument('<route>', 'name of an HTTPRoute, or httproute/NAME, grpcroute/NAME')
    .addOption(namespaceOption())
}

async function runStart(word: string, options: StartOptions, deps: CliDeps): Promise<void> {
  const { namespace, keep = false, interval, successRate, maxLatency = [], minRequests, steps } = options
  const ref = parseRoute(word, namespace)
  const pair = { from: parseBackend(options.from, namespace), to: parseBackend(options.to, namespace) }
  if (pair.from.name === pair.to.name && pair.from.namespace === pair.to.namespace)
    throw new CliError('--from and --to are the same')
  const { Rollout } = await import('./rollout/run-rollout.ts')
  const { RouteWeights } = await import('./rollout/route-weights.ts')
  const thresholds = { intervalMs: interval, successRate, latencies: maxLatency, minRequests }
  await withClient(deps, async (client) => {
    const { signal } = deps.interruption()
    const route = new RouteWeights(client, deps.clock, { ref, pair, store: await openRouteStore(client, deps) })
    const end = await (await Rollout.begin(route, { steps, thresholds, keep }, { client, cli: deps, signal })).run()
    if (end !== 'done') deps.setExitStatus(signal.aborted ? INTERRUPTED : 1)
  })
}

async function runStatus(
  word: string,
  options: RouteOptions & { readonly output: string },
  deps: CliDeps,
): Promise<void> {
  const ref = parseRoute(word, options.namespace)
  await withClient(deps, async (client) => {
    const object = await findRoute(client, ref)
    const state = readRolloutState(object?.manifest)
    if (state === undefined) throw new CliError(`there was no rollout of ${formatObject(ref)}`)
    const rows = (await Promise.all([state.from, state.to].map((one) => askStat(client, one)))).flat()
    const { terminal } = deps
    if (options.output === 'json') terminal.write(formatJson({ ...state, services: rows.map(toStatJson) }))
    else terminal.write(formatStatus(formatObject(ref), state, { rows, deps }))
  })
}

async function askStat({ admin }: ControlClient, service: string): Promise<readonly StatRow[]> {
  const [name = '', namespace = ''] = service.split('.')
  const resource = { kind: ResourceKind.SERVICE, namespace, name }
  return (await admin.stat({ resource, windowMs: STATUS_WINDOW_MS })).rows
}

interface Seen {
  readonly rows: readonly StatRow[]
  readonly deps: CliDeps
}

function formatStatus(route: string, state: RolloutState, { rows, deps }: Seen): string {
  const { steps, step, from, to, reason } = state
  const at = step === 0 ? 'before its first step' : `at ${step} %`
  const columns = statColumns({ hasNamespaces: isNamespaced(ResourceKind.SERVICE), style: deps.terminal.style })
  const lines = [
    `${route}: ${state.state}, ${at} (steps: ${steps.join(', ')} %), from ${from} to ${to}`,
    ...(reason === '' ? [] : [`  ${reason}`]),
    `  began ${new Date(state.startedMs).toISOString()}, last change ${new Date(state.changedMs).toISOString()}`,
    'In the last minute:',
  ]
  return `${lines.join('\n')}\n${formatTable(columns, rows)}`
}

async function runAbort(word: string, { namespace }: RouteOptions, deps: CliDeps): Promise<void> {
  const ref = parseRoute(word, namespace)
  const { RouteWeights } = await import('./rollout/route-weights.ts')
  const { formatApplied } = await import('./objects/applied.ts')
  await withClient(deps, async (client) => {
    const object = await findRoute(client, ref)
    const state = readRolloutState(object?.manifest)
    if (state === undefined || (state.state !== 'running' && state.state !== 'stopped')) {
      const now = state === undefined ? 'there was none' : `the last one is ${state.state}`
      throw new CliError(`no rollout of ${formatObject(ref)} to abort: ${now}`)
    }
    const pair = { from: parseBackend(state.from, namespace), to: parseBackend(state.to, namespace) }
    const route = new RouteWeights(client, deps.clock, { ref, pair, store: await openRouteStore(client, deps) })
    const reason = 'aborted by "heddle rollout abort"'
    const applied = await route.write(state.before, {
      ...state,
      state: 'aborted',
      reason,
      changedMs: deps.clock.nowMs(),
    })
    const { from, to } = state.before
    deps.terminal.write(`aborted: weights are ${from} and ${to} again; ${formatApplied(applied).join('; ')}\n`)
  })
}

async function openRouteStore(client: ControlClient, { clock }: CliDeps): Promise<RouteStore> {
  const { world } = client
  if (world.kind === 'cluster') {
    const { ClusterRouteStore } = await import('./rollout/cluster-route-store.ts')
    return new ClusterRouteStore(world.cluster, { client, clock })
  }
  const { LocalRouteStore } = await import('./rollout/local-route-store.ts')
  return new LocalRouteStore(client)
}

async function withClient(deps: CliDeps, work: (client: ControlClient) => Promise<void>): Promise<void> {
  const client = await deps.connect()
  await work(client).finally(() => client.close())
}
