import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { TlsPair } from './certificates.ts'
import type { ClientPrograms, LoadResult } from './load/load.ts'
import { runLoad } from './load/run-load.ts'
import type { BenchOptions } from './options.ts'
import type { Origin } from './origin.ts'
import type { InstalledPeer } from './peers/all.ts'
import { type Memory, readMemory, readUsage } from './process/process-stat.ts'
import type { ResultRow } from './results.ts'
import type { ProxyName, Scenario } from './scenarios.ts'
import { type Station, startStation } from './station.ts'
import { median, round } from './statistics.ts'
import { startTrickle } from './trickle.ts'

const WARM_REQUESTS = 300_000
/** Bounds the load before the first round on a machine that is busy with other things. */
const MOST_WALL_PER_CPU = 4
/** Fills the pools of a proxy whose code is compiled beforehand. */
const SHORT_WARM_UP_SECONDS = 1

/** What all cases of one run share. */
export interface Bench {
  readonly peers: readonly InstalledPeer[]
  readonly options: Pick<BenchOptions, 'rounds' | 'seconds' | 'warmupSeconds'>
  readonly origin: Origin
  readonly clients: ClientPrograms
  readonly tls: TlsPair
  /** For configurations and logs; removed by the caller. */
  readonly directory: string
  /** Proxies share one CPU; client and origin stay off it. */
  readonly cpus: { readonly proxies: number | undefined; readonly client: number | undefined }
  readonly progress: (line: string) => void
  /** Breaks the run off. */
  readonly signal: AbortSignal
}

/** One combination of load. */
export interface Case {
  readonly scenario: Scenario
  readonly connections: number
}

/** One round of one peer. */
export interface Measurement extends LoadResult {
  readonly cpuUs: number
}

/**
 * Measures every peer of the scenario under one load.
 *
 * All stand ready side by side and get the load in turn, round after round (A B C A B C): what disturbs the machine for a while then
 * hits all of them, and the median drops it.
 */
export async function runCase(bench: Bench, load: Case): Promise<readonly ResultRow[]> {
  const { scenario, connections } = load
  await using stack = new AsyncDisposableStack()
  const stations: Station[] = []
  for (const installed of bench.peers.filter(({ peer }) => scenario.proxies.includes(peer.name))) {
    bench.signal.throwIfAborted()
    const plan = {
      scenario,
      originPorts: bench.origin.portsFor(scenario),
      tls: bench.tls,
      directory: join(bench.directory, `${scenario.name}-${connections}-${installed.peer.name}`),
      cpu: bench.cpus.proxies,
    }
    mkdirSync(plan.directory, { recursive: true })
    stations.push(stack.use(await startStation(installed, plan)))
  }
  const ports = stations.map(({ port }) => port)
  stack.use(startTrickle(ports, scenario))
  for (const station of stations) await warmUp(bench, load, station)
  const measured = new Map<ProxyName, Measurement[]>(stations.map(({ name }) => [name, []]))
  for (let turn = 0; turn < bench.options.rounds; turn++) {
    for (const station of stations) {
      const measurement = await measure(bench, load, { station, seconds: bench.options.seconds })
      measured.get(station.name)?.push(measurement)
    }
  }
  return stations.map(({ name, pids }) => toRow({ load, name, memory: readMemory(pids) }, measured.get(name) ?? []))
}

/** Sums a peer's rounds up. */
export function toRow(
  of: { readonly load: Case; readonly name: ProxyName; readonly memory: Memory },
  rounds: readonly Measurement[],
): ResultRow {
  const middle = (value: (measurement: Measurement) => number) => median(rounds.map(value))
  return {
    scenario: of.load.scenario.name,
    proxy: of.name,
    conns: of.load.connections,
    cpu_us_per_request: round(
      middle(({ cpuUs, requests }) => cpuUs / requests),
      2,
    ),
    rps: round(middle(({ requests, durationUs }) => (requests * 1_000_000) / durationUs)),
    p50_us: round(middle(({ p50Us }) => p50Us)),
    p99_us: round(middle(({ p99Us }) => p99Us)),
    p999_us: round(middle(({ p999Us }) => p999Us)),
    rss_kb: of.memory.rssKb,
    private_kb: of.memory.privateKb,
    errors: rounds.reduce((sum, { errors }) => sum + errors, 0),
  }
}

/**
 * Load that does not count, until just-in-time compilers have compiled what is hot and pools are filled: 300,000 requests, or as many
 * as some seconds of the proxy's CPU are good for. Heddle's CPU per request halves on the way; the others are the same from the
 * start, so that a second is enough.
 */
async function warmUp(bench: Bench, load: Case, station: Station): Promise<void> {
  if (!station.isCompiledAsItRuns) {
    await measure(bench, load, { station, seconds: SHORT_WARM_UP_SECONDS })
    return
  }
  const { warmupSeconds } = bench.options
  const mostCpuUs = warmupSeconds * 1_000_000 * station.pids.length
  const endMs = performance.now() + (mostCpuUs / 1000) * MOST_WALL_PER_CPU
  let requests = 0
  let cpuUs = 0
  while (requests < WARM_REQUESTS && cpuUs < mostCpuUs && performance.now() < endMs) {
    const measurement = await measure(bench, load, { station, seconds: 2 })
    requests += measurement.requests
    cpuUs += measurement.cpuUs
  }
}

async function measure(
  bench: Bench,
  { scenario, connections }: Case,
  { station, seconds }: { readonly station: Station; readonly seconds: number },
): Promise<Measurement> {
  const before = readUsage(station.pids)
  const { clients, directory, signal } = bench
  const { port } = station
  const cpu = bench.cpus.client
  const result = await runLoad({ scenario, clients, port, connections, seconds, directory, cpu, signal })
  const cpuUs = readUsage(station.pids).cpuUs - before.cpuUs
  if (result.requests === 0) throw new Error(`${station.name} answered nothing in ${scenario.name}`)
  const perRequest = round(cpuUs / result.requests, 1)
  const what = `${scenario.name} c=${connections} ${station.name}`
  bench.progress(`${what}: ${result.requests} requests, ${perRequest} µs CPU each, ${result.errors} errors`)
  return { ...result, cpuUs }
}
