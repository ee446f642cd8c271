import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type TlsPair, writeCertificates } from '../certificates.ts'
import type { ClientPrograms } from '../load/load.ts'
import { type Origin, startOrigin } from '../origin.ts'
import { findPeers, type InstalledPeer, needBun, needProgram } from '../peers/all.ts'
import { readMemory } from '../process/process-stat.ts'
import type { MemoryRow } from '../results.ts'

const WORK_FOLDER = fileURLToPath(new URL('../.work', import.meta.url))
/**
 * So that garbage collectors and pools come to rest. Threads of the runtime that compiled hold some 7 MB until they end, which they do
 * after ten seconds without work.
 */
const REST_MS = 30_000

/** What the measurements of memory share. */
export interface Lab extends AsyncDisposable {
  readonly heddle: InstalledPeer
  readonly clients: ClientPrograms
  readonly origin: Origin
  readonly tls: TlsPair
  readonly directory: string
  readonly signal: AbortSignal
}

/** @throws {MissingError} when something is not installed */
export async function openLab(signal: AbortSignal): Promise<Lab> {
  const [heddle] = findPeers(['heddle'])
  const nginx = needProgram('nginx', 'nginx is the origin. Debian: apt-get install nginx')
  const wrk = needProgram('wrk', 'wrk is the client. Debian: apt-get install wrk')
  const bun = needBun()
  mkdirSync(WORK_FOLDER, { recursive: true })
  await using stack = new AsyncDisposableStack()
  const directory = mkdtempSync(join(WORK_FOLDER, 'memory-'))
  stack.defer(() => rmSync(directory, { recursive: true, force: true }))
  const origin = stack.use(await startOrigin({ nginx, bun, directory, cpu: undefined, endpoints: 1 }))
  const tls = await writeCertificates(directory)
  const kept = stack.move()
  return {
    heddle: heddle!,
    clients: { wrk, bun, h2load: '' },
    origin,
    tls,
    directory,
    signal,
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  }
}

/** Memory of these processes, after a rest. */
export async function recordAtRest(state: string, pids: readonly number[], signal: AbortSignal): Promise<MemoryRow> {
  await rest(REST_MS, signal)
  return record(state, pids)
}

/** Memory of these processes now. */
export function record(state: string, pids: readonly number[]): MemoryRow {
  const { rssKb, privateKb } = readMemory(pids)
  process.stderr.write(`${state}: ${rssKb} kB resident, ${privateKb} kB private\n`)
  return { state, rss_kb: rssKb, private_kb: privateKb }
}

/** @throws when broken off */
export function rest(delayMs: number, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted()
  return new Promise((resolve, reject) => {
    const onAbort = () => {
      clearTimeout(timer)
      reject(new Error('interrupted'))
    }
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', onAbort)
      resolve()
    }, delayMs)
    signal.addEventListener('abort', onAbort, { once: true })
  })
}
