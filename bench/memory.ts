import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { writeCertificates } from './certificates.ts'
import { runLoad } from './load.ts'
import { startOrigin } from './origin.ts'
import { findPeers } from './peers/all.ts'
import { findProgram } from './peers/find-program.ts'
import { findFreePort } from './process/child.ts'
import { readMemory } from './process/process-stat.ts'
import { type MemoryRow, writeResults } from './results.ts'
import { startHop } from './run-case.ts'
import { round } from './statistics.ts'
import { formatMemory } from './table.ts'

const WORK_FOLDER = fileURLToPath(new URL('./.work', import.meta.url))
const LOADED_REQUESTS = 100_000
const LOADED_CONNECTIONS = 1000
/** As many as fit: a proxy needs two descriptors for a connection in use, and this process one. */
const IDLE_CONNECTIONS = 10_000
/** So that garbage collectors and pools come to rest. */
const REST_MS = 15_000

/** Memory of one idle proxy; after load; and with many idle connections. */
async function main(signal: AbortSignal): Promise<void> {
  const [heddle] = findPeers(['heddle'])
  const nginx = findProgram('nginx')
  const wrk = findProgram('wrk')
  if (heddle === undefined || nginx === undefined || wrk === undefined) {
    throw new Error('needs nginx as origin and wrk as client. Debian: apt-get install nginx wrk')
  }
  mkdirSync(WORK_FOLDER, { recursive: true })
  await using stack = new AsyncDisposableStack()
  const directory = mkdtempSync(join(WORK_FOLDER, 'memory-'))
  stack.defer(() => rmSync(directory, { recursive: true, force: true }))
  const origin = stack.use(await startOrigin(nginx, directory, undefined))
  const hop = {
    role: 'plain' as const,
    listenPort: await findFreePort(),
    adminPort: await findFreePort(),
    upstreamPort: origin.port,
    tls: await writeCertificates(directory),
    directory: join(directory, 'hop'),
  }
  const proxy = stack.use(await startHop(heddle, hop, undefined))
  const rows: MemoryRow[] = []
  const record = async (state: string) => {
    await rest(signal)
    const { rssKb, privateKb } = readMemory([proxy.pid])
    rows.push({ state, rss_kb: rssKb, private_kb: privateKb })
    process.stderr.write(`${state}: ${rssKb} kB resident, ${privateKb} kB private\n`)
  }
  await record('idle')
  const load = { wrkProgram: wrk, port: hop.listenPort, path: '/1k', cpu: undefined, connectsAnew: false, signal }
  for (let requests = 0; requests < LOADED_REQUESTS; ) {
    requests += (await runLoad({ ...load, connections: LOADED_CONNECTIONS, seconds: 2 })).requests
  }
  await record(`after ${LOADED_REQUESTS} requests over ${LOADED_CONNECTIONS} connections, all closed`)
  const sockets = await openIdle(hop.listenPort)
  stack.defer(() => sockets.forEach((socket) => void socket.destroy()))
  await record(`with ${sockets.length} idle connections`)
  const [, before, after] = rows
  const perConnection = round((1024 * (after!.private_kb - before!.private_kb)) / sockets.length)
  process.stdout.write(`\n${formatMemory(rows)}\n${perConnection} bytes for each idle connection\n`)
  process.stdout.write(`${writeResults('memory', rows)}\n`)
}

/** Connections that had one request answered and then say nothing. */
async function openIdle(port: number): Promise<readonly Socket[]> {
  const sockets: Socket[] = []
  const batch = 100
  while (sockets.length < IDLE_CONNECTIONS) {
    const opened = await Promise.allSettled(Array.from({ length: batch }, () => openOne(port)))
    const good = opened.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []))
    sockets.push(...good)
    if (good.length < batch) return sockets
  }
  return sockets
}

function openOne(port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write('GET /1k HTTP/1.1\r\nhost: bench\r\n\r\n'))
    let received = 0
    socket.on('data', (bytes) => {
      received += bytes.length
      if (received >= 1024) resolve(socket)
    })
    socket.once('error', reject)
    socket.once('close', () => reject(new Error('closed')))
    socket.setTimeout(5000, () => socket.listenerCount('error') > 0 && reject(new Error('no answer')))
  })
}

function rest(signal: AbortSignal): Promise<void> {
  signal.throwIfAborted()
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, REST_MS)
    signal.addEventListener('abort', () => {
      clearTimeout(timer)
      resolve()
    })
  })
}

try {
  const interruption = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => interruption.abort())
  await main(interruption.signal)
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : error}\n`)
  process.exitCode = 1
}
