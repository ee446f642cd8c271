import { Agent, request } from 'node:http'
import { connect, type Socket } from 'node:net'
import { OPAQUE_BYTE } from './origin.ts'

/** How often each kind of client did its deed, and what went wrong. */
export interface Tally {
  readonly done: Map<string, number>
  readonly failures: string[]
}

/** One client: does its deed once. Rejects when the proxies did not do what they must. */
type Deed = (port: number) => Promise<void>

const BODY_OCTETS = 100 * 1024
const DEADLINE_MS = 15_000
const MAX_FAILURES = 100
const keepAlive = new Agent({ keepAlive: true, maxSockets: 16 })

/** Every kind of client, with how many of it there are at a time and how long each rests between two deeds. */
const KINDS: readonly {
  readonly name: string
  readonly count: number
  readonly pauseMs: number
  readonly deed: Deed
}[] = [
  { name: 'keep-alive', count: 8, pauseMs: 10, deed: (port) => exchange(port, { agent: keepAlive }) },
  { name: 'new connection', count: 4, pauseMs: 25, deed: (port) => exchange(port, { agent: false }) },
  {
    name: '100 KiB answer',
    count: 2,
    pauseMs: 40,
    deed: (port) => exchange(port, { agent: keepAlive, get: BODY_OCTETS }),
  },
  {
    name: '100 KiB request',
    count: 2,
    pauseMs: 40,
    deed: (port) => exchange(port, { agent: false, post: BODY_OCTETS }),
  },
  { name: 'upgrade', count: 2, pauseMs: 50, deed: upgrade },
  { name: 'opaque', count: 2, pauseMs: 50, deed: opaque },
  { name: 'broken-off request', count: 2, pauseMs: 50, deed: breakOffRequest },
  { name: 'broken-off answer', count: 2, pauseMs: 50, deed: breakOffAnswer },
  { name: 'half-open', count: 2, pauseMs: 100, deed: endBeforeAnswer },
  { name: 'half a head', count: 2, pauseMs: 500, deed: leaveHalfHead },
]

/** Lets all kinds of clients work until `signal` is aborted. */
export async function runClients(port: number, signal: AbortSignal): Promise<Tally> {
  const tally: Tally = { done: new Map(), failures: [] }
  const all = KINDS.flatMap((kind) => Array.from({ length: kind.count }, () => repeat(kind, { port, signal, tally })))
  await Promise.all(all)
  keepAlive.destroy()
  return tally
}

interface Setting {
  readonly port: number
  readonly signal: AbortSignal
  readonly tally: Tally
}

async function repeat(
  { name, pauseMs, deed }: (typeof KINDS)[number],
  { port, signal, tally }: Setting,
): Promise<void> {
  while (!signal.aborted) {
    try {
      await deed(port)
      tally.done.set(name, (tally.done.get(name) ?? 0) + 1)
    } catch (error) {
      if (tally.failures.length < MAX_FAILURES) tally.failures.push(`${name}: ${(error as Error).message}`)
    }
    await new Promise((resolve) => setTimeout(resolve, pauseMs))
  }
}

interface Wanted {
  readonly agent: Agent | false
  readonly get?: number
  readonly post?: number
}

/** One whole request and answer, octets counted on both sides. */
function exchange(port: number, { agent, get = 2, post = 0 }: Wanted): Promise<void> {
  return new Promise((resolve, reject) => {
    const method = post > 0 ? 'POST' : 'GET'
    const headers = post > 0 ? { 'content-length': post } : {}
    const sent = request({ host: '127.0.0.1', port, agent, method, headers, path: `/?n=${get}` }, (response) => {
      let got = 0
      response.on('data', (chunk: Buffer) => {
        got += chunk.length
      })
      response.on('error', reject)
      response.on('end', () => {
        const isRight = response.statusCode === 200 && got === get && response.headers['x-got'] === String(post)
        if (isRight) resolve()
        else reject(new Error(`${response.statusCode} ${response.headers['heddle-error'] ?? ''}, ${got} octets`))
      })
    })
    sent.setTimeout(DEADLINE_MS, () => sent.destroy(new Error(`no answer within ${DEADLINE_MS} ms`)))
    sent.on('error', reject)
    sent.end(Buffer.alloc(post, 'x'))
  })
}

async function upgrade(port: number): Promise<void> {
  const socket = await dial(port)
  socket.write('GET /chat HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n')
  await readUntil(socket, /^HTTP\/1\.1 101 [\s\S]*\r\n\r\n$/)
  for (const word of ['one', 'two', 'three']) {
    socket.write(word)
    await readUntil(socket, new RegExp(`^${word}$`))
  }
  socket.destroy()
}

/** Sends, ends, and gets everything back, the end as well. */
async function opaque(port: number): Promise<void> {
  const socket = await dial(port)
  const octets = Buffer.alloc(BODY_OCTETS, 'y')
  octets[0] = OPAQUE_BYTE
  socket.end(octets)
  const got = await readAll(socket)
  if (got !== octets.length) throw new Error(`${got} of ${octets.length} octets came back`)
}

async function breakOffRequest(port: number): Promise<void> {
  const socket = await dial(port)
  socket.write(`POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${BODY_OCTETS}\r\n\r\n${'x'.repeat(10_000)}`)
  await pass(20)
  socket.resetAndDestroy()
}

async function breakOffAnswer(port: number): Promise<void> {
  const socket = await dial(port)
  socket.write(`GET /?n=${8 * BODY_OCTETS} HTTP/1.1\r\nHost: a\r\n\r\n`)
  await readUntil(socket, /^HTTP\/1\.1 200 /)
  socket.destroy()
}

/** A client that ends its side after its request still gets the answer. */
async function endBeforeAnswer(port: number): Promise<void> {
  const socket = await dial(port)
  socket.end('GET / HTTP/1.1\r\nHost: a\r\n\r\n')
  if ((await readAll(socket)) === 0) throw new Error('no answer after the client ended its side')
}

async function leaveHalfHead(port: number): Promise<void> {
  const socket = await dial(port)
  socket.write('GET / HTTP/1.1\r\nHost')
  await pass(200)
  socket.destroy()
}

function dial(port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
    socket.once('error', reject)
    socket.once('connect', () => resolve(socket))
    socket.setTimeout(DEADLINE_MS, () => socket.destroy(new Error(`silent for ${DEADLINE_MS} ms`)))
  })
}

function readUntil(socket: Socket, pattern: RegExp): Promise<void> {
  return new Promise((resolve, reject) => {
    let text = ''
    const take = (chunk: Buffer): void => {
      text += chunk.toString('latin1')
      if (!pattern.test(text)) return
      socket.off('data', take)
      socket.pause()
      resolve()
    }
    socket.on('data', take).resume()
    socket.once('error', reject)
    socket.once('close', () => reject(new Error(`closed after ${JSON.stringify(text.slice(0, 80))}`)))
  })
}

function readAll(socket: Socket): Promise<number> {
  return new Promise((resolve, reject) => {
    let got = 0
    socket.on('data', (chunk: Buffer) => {
      got += chunk.length
    })
    socket.once('error', reject)
    socket.once('end', () => {
      socket.destroy()
      resolve(got)
    })
    socket.once('close', () => reject(new Error('closed without an end')))
  })
}

function pass(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
