import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { cpus, release } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { writeCertificates } from './certificates.ts'
import type { ClientPrograms } from './load/load.ts'
import { type BenchOptions, OptionsError, parseBenchOptions, USAGE } from './options.ts'
import { startOrigin } from './origin.ts'
import { findPeers, type InstalledPeer, MissingError, needBun, needProgram } from './peers/all.ts'
import { mergeRows, type ResultRow, readRows, writeResults, writeRows } from './results.ts'
import { type Bench, runCase } from './run-case.ts'
import { formatRatios, formatResults } from './table.ts'

const WORK_FOLDER = fileURLToPath(new URL('./.work', import.meta.url))

/** Compares the proxies; the table goes to the standard output, progress to the standard error. */
async function main(args: readonly string[], signal: AbortSignal): Promise<void> {
  if (args.includes('--help') || args.includes('-h')) return void process.stdout.write(USAGE)
  const options = parseBenchOptions(args)
  const programs = findPrograms(options)
  mkdirSync(WORK_FOLDER, { recursive: true })
  await using stack = new AsyncDisposableStack()
  const directory = mkdtempSync(join(WORK_FOLDER, 'run-'))
  stack.defer(() => rmSync(directory, { recursive: true, force: true }))
  const [proxies, client] = cpus().length > 1 ? [0, 1] : []
  const { peers, nginx, clients } = programs
  const endpoints = Math.max(...options.scenarios.map((scenario) => scenario.endpoints))
  const origin = stack.use(await startOrigin({ nginx, bun: clients.bun, directory, cpu: client, endpoints }))
  const rows = await runAll(options, {
    peers,
    options,
    origin,
    clients,
    tls: await writeCertificates(directory),
    directory,
    cpus: { proxies, client },
    signal,
    progress: (line) => process.stderr.write(`${line}\n`),
  })
  if (options.out === 'latest') writeMachine(options, peers)
  const all = options.keepsOthers ? mergeRows(readRows(options.out), rows) : rows
  const file = writeRows(options.out, all)
  process.stdout.write(`\n${formatResults(rows)}\n${formatRatios(rows)}\n${file}\n`)
}

async function runAll(options: BenchOptions, bench: Bench): Promise<readonly ResultRow[]> {
  const rows: ResultRow[] = []
  for (const scenario of options.scenarios) {
    for (const connections of options.connections ?? scenario.connections) {
      rows.push(...(await runCase(bench, { scenario, connections })))
    }
  }
  return rows
}

interface Programs {
  readonly peers: readonly InstalledPeer[]
  readonly nginx: string
  readonly clients: ClientPrograms
}

/** @throws {MissingError} */
function findPrograms({ proxies }: BenchOptions): Programs {
  if (process.platform !== 'linux') throw new MissingError('the benchmark reads /proc, so it needs Linux')
  const peers = findPeers(proxies)
  const nginx = needProgram('nginx', 'nginx is the origin. Debian: apt-get install nginx')
  const wrk = needProgram('wrk', 'wrk is the client. Debian: apt-get install wrk')
  const h2load = needProgram('h2load', 'h2load is the client of HTTP/2. Debian: apt-get install nghttp2-client')
  return { peers, nginx, clients: { wrk, h2load, bun: needBun() } }
}

function writeMachine({ rounds, seconds }: BenchOptions, peers: readonly InstalledPeer[]): void {
  const versions = peers.map(({ peer, program }) => [peer.name, peer.version(program)])
  writeResults('machine', {
    measured_at: new Date().toISOString(),
    cpu: cpus()[0]?.model ?? 'unknown',
    cpus: cpus().length,
    kernel: release(),
    rounds,
    seconds,
    versions: Object.fromEntries(versions),
  })
}

const interruption = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => interruption.abort())
try {
  await main(process.argv.slice(2), interruption.signal)
} catch (error) {
  const isExpected = error instanceof OptionsError || error instanceof MissingError
  const hint = error instanceof OptionsError ? `\n\n${USAGE}` : ''
  const text = isExpected ? `error: ${error.message}${hint}` : error instanceof Error ? error.stack : error
  process.stderr.write(`${interruption.signal.aborted ? 'interrupted; nothing was written' : text}\n`)
  process.exitCode = error instanceof OptionsError ? 2 : 1
}
