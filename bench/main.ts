import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { cpus, release } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { writeCertificates } from './certificates.ts'
import { type BenchOptions, OptionsError, parseBenchOptions, USAGE } from './options.ts'
import { startOrigin } from './origin.ts'
import { findPeers, type InstalledPeer, MissingError } from './peers/all.ts'
import { findProgram } from './peers/find-program.ts'
import { type ResultRow, writeResults } from './results.ts'
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
  const origin = stack.use(await startOrigin(programs.nginx, directory, client))
  const rows = await runAll(options, {
    peers: programs.peers,
    options,
    originPort: origin.port,
    wrkProgram: programs.wrk,
    tls: await writeCertificates(directory),
    directory,
    cpus: { proxies, client },
    signal,
    progress: (line) => process.stderr.write(`${line}\n`),
  })
  writeMachine(options, programs.peers)
  const file = writeResults('latest', rows)
  process.stdout.write(`\n${formatResults(rows)}\n${formatRatios(rows)}\n${file}\n`)
}

async function runAll(options: BenchOptions, bench: Bench): Promise<readonly ResultRow[]> {
  const rows: ResultRow[] = []
  for (const scenario of options.scenarios) {
    for (const connections of options.connections) rows.push(...(await runCase(bench, { scenario, connections })))
  }
  return rows
}

interface Programs {
  readonly peers: readonly InstalledPeer[]
  readonly nginx: string
  readonly wrk: string
}

/** @throws {MissingError} */
function findPrograms({ proxies }: BenchOptions): Programs {
  if (process.platform !== 'linux') throw new MissingError('the benchmark reads /proc, so it needs Linux')
  const peers = findPeers(proxies)
  const nginx = findProgram('nginx')
  if (nginx === undefined) throw new MissingError('nginx is the origin. Debian: apt-get install nginx')
  const wrk = findProgram('wrk')
  if (wrk === undefined) throw new MissingError('wrk is the client. Debian: apt-get install wrk')
  return { peers, nginx, wrk }
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
  const text = isExpected ? error.message : error instanceof Error ? error.stack : error
  process.stderr.write(`${interruption.signal.aborted ? 'interrupted; nothing was written' : text}\n`)
  process.exitCode = error instanceof OptionsError ? 2 : 1
}
