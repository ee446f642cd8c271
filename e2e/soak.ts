/**
 * A long run: two proxies with mTLS between them under every kind of client, good and bad, and a mesh under load with
 * its control plane. Descriptors and memory of every process must be flat; memory is judged from 5m on, as proxies are not warm before.
 *
 * usage: node e2e/soak.ts [--for DURATION]   (default: 10m)
 *
 * The exit status is 0 when nothing grew, no request failed and all descriptors came back after the end of the load.
 */
import { parseDurationMs } from '@heddle/base/duration'
import { endWithUsage, readOptions } from '../tools/read-options.ts'
import { TwoHops } from './harness/hops.ts'
import { TestMesh } from './harness/mesh.ts'
import { readProcesses } from './harness/run-state.ts'
import { echoManifests, loadWorkload } from './harness/shop.ts'
import { until } from './harness/until.ts'
import { runClients, type Tally } from './soak/clients.ts'
import { Origin } from './soak/origin.ts'
import {
  countDescriptors,
  findGrowth,
  formatTrends,
  judgedIn,
  MEMORY_FROM_MS,
  type Quantity,
  type Sample,
  takeSample,
} from './soak/samples.ts'

const SAMPLE_MS = 1_000
const SAMPLES_PER_ROW = 5
const SHORTEST_WARM_UP_MS = 20_000
/** After the load has ended a proxy may keep these few more than before: what it opens at first use. */
const DESCRIPTORS_LEFT = 6
/** Short, so that the end of the run shows whether everything is given back. */
const LIMITS = { poolIdleMs: 5_000, halfClosedMs: 10_000, opaqueIdleMs: 30_000 }

const USAGE = 'usage: node e2e/soak.ts [--for DURATION]'

const forMs = readDuration()
const interrupted = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => interrupted.abort())
process.exitCode = await soak(forMs)

async function soak(durationMs: number): Promise<number> {
  using origin = await Origin.start()
  await using hops = await TwoHops.start({ originPort: origin.port, protocol: 'detect', limits: LIMITS })
  await using mesh = await TestMesh.start({
    mode: 'explicit',
    manifests: (file) => ({
      'echo.yaml': echoManifests(2),
      'load.yaml': loadWorkload({ resultFile: file('load.json'), concurrency: 2 }),
    }),
  })
  const hopPids = new Map([
    ["client's proxy", hops.client.process.pid!],
    ["server's proxy", hops.server.process.pid!],
  ])
  const idle = new Map([...hopPids].map(([name, pid]) => [name, countDescriptors(pid)]))
  // What failed while instances were still on their way is not of this run.
  const failedBefore = mesh.load('load').failed
  const end = AbortSignal.any([AbortSignal.timeout(durationMs), interrupted.signal])
  const clients = runClients(hops.port, end)
  const samples = await watch(new Map([...hopPids, ...meshPids(mesh)]), end)
  const tally = await clients
  const warmUpMs = Math.max(SHORTEST_WARM_UP_MS, durationMs / 5)
  const judged = judgedIn(durationMs)
  const problems = [
    ...[...samples].flatMap(([name, ofProcess]) => findGrowth(name, ofProcess, { warmUpMs, judged })),
    ...tally.failures,
    ...failuresOf(mesh, failedBefore),
    ...(await findUnreturned(hopPids, idle)),
  ]
  print(samples, { tally, mesh, warmUpMs, judged, problems })
  if (interrupted.signal.aborted) return 130
  return problems.length === 0 ? 0 : 1
}

/** The proxies and the control plane; the applications are not ours. */
function meshPids(mesh: TestMesh): ReadonlyMap<string, number> {
  const isOurs = (role: string) => role.startsWith('proxy of ') || role === 'the control plane'
  return new Map([...readProcesses(mesh)].filter(([role]) => isOurs(role)))
}

/** Samples every process until the end, and prints a row of the table every few samples. */
async function watch(
  pids: ReadonlyMap<string, number>,
  end: AbortSignal,
): Promise<ReadonlyMap<string, readonly Sample[]>> {
  const samples = new Map([...pids.keys()].map((name): [string, Sample[]] => [name, []]))
  const startMs = performance.now()
  process.stdout.write(`descriptors / RSS MiB / private MiB of: ${[...pids.keys()].join(' | ')}\n`)
  for (let turn = 0; !end.aborted; turn++) {
    const atMs = performance.now() - startMs
    const row = [...pids].map(([name, pid]) => {
      const sample = takeSample(pid, atMs)
      samples.get(name)!.push(sample)
      return `${sample.descriptors} / ${toMib(sample.rssKb)} / ${toMib(sample.privateKb)}`
    })
    const seconds = String(Math.round(atMs / 1000)).padStart(5)
    if (turn % SAMPLES_PER_ROW === 0) process.stdout.write(`${seconds} s  ${row.join(' | ')}\n`)
    await sleep(SAMPLE_MS, end)
  }
  return samples
}

function failuresOf(mesh: TestMesh, failedBefore: number): readonly string[] {
  const { ok, failed, lastFailure } = mesh.load('load')
  if (ok > 0 && failed === failedBefore) return []
  return [`the mesh: ${failed - failedBefore} requests failed, ${ok} succeeded; the last failure: ${lastFailure}`]
}

/** Waits for the descriptors to come back to what they were before the load. */
async function findUnreturned(
  pids: ReadonlyMap<string, number>,
  idle: ReadonlyMap<string, number>,
): Promise<readonly string[]> {
  const left = () =>
    [...pids]
      .map(([name, pid]) => ({ name, now: countDescriptors(pid), before: idle.get(name)! }))
      .filter(({ now, before }) => now > before + DESCRIPTORS_LEFT)
  await until('all descriptors are given back', () => left().length === 0, 45_000).catch(() => undefined)
  return left().map(({ name, now, before }) => `${name}: ${now} descriptors after the load, ${before} before it`)
}

interface Outcome {
  readonly tally: Tally
  readonly mesh: TestMesh
  readonly warmUpMs: number
  readonly judged: readonly Quantity[]
  readonly problems: readonly string[]
}

function print(samples: ReadonlyMap<string, readonly Sample[]>, outcome: Outcome): void {
  const { tally, mesh, warmUpMs, judged, problems } = outcome
  const lines = [
    '',
    `from ${Math.round(warmUpMs / 1000)} s on, along the trend:`,
    ...[...samples].map(([name, ofProcess]) => `  ${name}: ${formatTrends(ofProcess, warmUpMs)}`),
    `done: ${[...tally.done].map(([name, count]) => `${count} ${name}`).join(', ')}, ${mesh.load('load').ok} in the mesh`,
    ...problems.map((problem) => `not as it should be: ${problem}`),
    problems.length === 0 ? wellDone(judged) : 'failed',
  ]
  process.stdout.write(`${lines.join('\n')}\n`)
}

function wellDone(judged: readonly Quantity[]): string {
  if (judged.includes('privateKb')) return 'flat: nothing grew, nothing failed, everything was given back'
  const minutes = MEMORY_FROM_MS / 60_000
  return `nothing failed, everything was given back; memory was not judged, for that it takes ${minutes}m`
}

function toMib(kib: number): string {
  return (kib / 1024).toFixed(1)
}

function sleep(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const finish = (): void => {
      clearTimeout(timer)
      signal.removeEventListener('abort', finish)
      resolve()
    }
    const timer = setTimeout(finish, ms)
    signal.addEventListener('abort', finish)
  })
}

function readDuration(): number {
  const { values } = readOptions(USAGE, { options: { for: { type: 'string', default: '10m' } } })
  const durationMs = parseDurationMs(values.for)
  if (durationMs !== undefined && durationMs >= (3 * SHORTEST_WARM_UP_MS) / 2) return durationMs
  return endWithUsage(USAGE, `--for ${values.for}: expected a duration of at least 30s`)
}
