import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { TlsPair } from './certificates.ts'
import { type LoadResult, runLoad } from './load.ts'
import type { BenchOptions } from './options.ts'
import type { InstalledPeer } from './peers/all.ts'
import type { Hop } from './peers/peer.ts'
import { type Child, findFreePort, startChild } from './process/child.ts'
import { type Memory, readMemory, readUsage } from './process/process-stat.ts'
import type { ResultRow } from './results.ts'
import type { ProxyName, Scenario } from './scenarios.ts'
import { median, round } from './statistics.ts'
import { startTrickle } from './trickle.ts'

const WARM_REQUESTS = 100_000
/** Bounds the load before the first round on a machine that is busy with other things. */
const MOST_WALL_PER_CPU = 4

/** What all cases of one run share. */
export interface Bench {
  readonly peers: readonly InstalledPeer[]
  readonly options: Pick<BenchOptions, 'rounds' | 'seconds' | 'warmupSeconds'>
  readonly originPort: number
  readonly wrkProgram: string
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

/** The proxies of one peer, started. */
interface Station extends AsyncDisposable {
  readonly name: ProxyName
  readonly port: number
  readonly pids: readonly number[]
}

/** One round of one peer. */
export interface Measurement extends LoadResult {
  readonly cpuUs: number
}

/**
 * Measures every peer under one load.
 *
 * All stand ready side by side and get the load in turn, round after round (A B C A B C): what disturbs the machine for a while then
 * hits all of them, and the median drops it.
 */
export async function runCase(bench: Bench, load: Case): Promise<readonly ResultRow[]> {
  bench.signal.throwIfAborted()
  await using stack = new AsyncDisposableStack()
  const stations: Station[] = []
  for (const peer of bench.peers) stations.push(stack.use(await startStation(bench, load, peer)))
  stack.use(startTrickle(stations.map(({ port }) => port)))
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

async function startStation(bench: Bench, { scenario, connections }: Case, installed: InstalledPeer): Promise<Station> {
  const { name } = installed.peer
  const directory = join(bench.directory, `${scenario.name}-${connections}-${name}`)
  await using started = new AsyncDisposableStack()
  const pids: number[] = []
  const start = async (role: Hop['role'], upstreamPort: number): Promise<number> => {
    const hop = { role, upstreamPort, tls: bench.tls, directory: join(directory, role), ...(await findHopPorts()) }
    const child = started.use(await startHop(installed, hop, bench.cpus.proxies))
    pids.push(child.pid)
    return hop.listenPort
  }
  const port =
    scenario.topology === '1hop'
      ? await start('plain', bench.originPort)
      : await start('tls-client', await start('tls-server', bench.originPort))
  const kept = started.move()
  return { name, port, pids, [Symbol.asyncDispose]: () => kept.disposeAsync() }
}

async function findHopPorts() {
  return { listenPort: await findFreePort(), adminPort: await findFreePort() }
}

/** Starts one proxy of the peer. */
export async function startHop(installed: InstalledPeer, hop: Hop, cpu: number | undefined): Promise<Child> {
  const { peer, program } = installed
  mkdirSync(hop.directory, { recursive: true })
  const { files, command } = peer.launch(program, hop)
  for (const [name, text] of Object.entries(files)) writeFileSync(join(hop.directory, name), text, { mode: 0o600 })
  return startChild({
    name: `${peer.name} (${hop.role})`,
    command,
    logFile: join(hop.directory, 'log'),
    port: hop.listenPort,
    cpu,
  })
}

/**
 * Load that does not count, until just-in-time compilers have compiled what is hot and pools are filled: 100,000 requests, or as many
 * as some seconds of the proxy's CPU are good for. Heddle's CPU per request halves on the way; the others are the same from the
 * start.
 */
async function warmUp(bench: Bench, load: Case, station: Station): Promise<void> {
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
  const result = await runLoad({
    wrkProgram: bench.wrkProgram,
    port: station.port,
    path: scenario.path,
    connections,
    seconds,
    connectsAnew: scenario.connectsAnew,
    cpu: bench.cpus.client,
    signal: bench.signal,
  })
  const cpuUs = readUsage(station.pids).cpuUs - before.cpuUs
  if (result.requests === 0) throw new Error(`${station.name} answered nothing in ${scenario.name}`)
  const perRequest = round(cpuUs / result.requests, 1)
  const what = `${scenario.name} c=${connections} ${station.name}`
  bench.progress(`${what}: ${result.requests} requests, ${perRequest} µs CPU each, ${result.errors} errors`)
  return { ...result, cpuUs }
}
