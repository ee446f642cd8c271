import { createServer as createHttpServer, get } from 'node:http'
import { connect, type Server, type Socket } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { listen, memoryOf, portOf, TwoHops } from './harness/hops.ts'
import { canRun } from './harness/requirements.ts'
import { until, untilStill } from './harness/until.ts'

const IDLE_CONNECTIONS = 10_000
const HUGE_BODY_BYTES = 512 * 1024 * 1024
const KIB = 1024

let origin: Server

beforeAll(async () => {
  const server = createHttpServer((request, response) => {
    if (request.url !== '/huge') return void response.end('ok')
    response.setHeader('content-length', HUGE_BODY_BYTES)
    sendHuge(
      (chunk) => response.write(chunk),
      (more) => void response.once('drain', more),
    )
  })
  origin = await listen(server)
})

afterAll(() => void origin.close())

test('a slow reader of a huge answer costs no more than bounded memory, and others are served', async () => {
  await using hops = await TwoHops.start({ originPort: portOf(origin) })
  await ask(hops.port)
  const idle = memoryOf(hops.client.process.pid!)

  const reader = connect(hops.port, '127.0.0.1')
  reader.on('error', () => undefined)
  reader.pause()
  reader.write('GET /huge HTTP/1.1\r\nHost: a\r\n\r\n')
  await untilStill('the answer has filled all buffers', () => hops.metric('heddle_tcp_read_bytes_total'))
  for (let i = 0; i < 100; i++) expect(await ask(hops.port)).toBe(200)

  const busy = memoryOf(hops.client.process.pid!)
  expect(busy.privateKb - idle.privateKb).toBeLessThan(48 * KIB)
  reader.destroy()
})

test.runIf(canRun('root'))(
  `${IDLE_CONNECTIONS} idle connections are held, and requests are served beside them`,
  async () => {
    await using hops = await TwoHops.start({ originPort: portOf(origin), descriptors: 20_000 })
    await ask(hops.port)
    const before = memoryOf(hops.client.process.pid!)

    const idle = await openMany(hops.port, IDLE_CONNECTIONS)
    await until(
      'all are accepted',
      async () => (await hops.metric('heddle_connections_open_count')) >= IDLE_CONNECTIONS,
    )
    expect(await ask(hops.port)).toBe(200)

    const after = memoryOf(hops.client.process.pid!)
    expect((after.privateKb - before.privateKb) / (IDLE_CONNECTIONS / 1000)).toBeLessThan(16 * KIB)
    for (const socket of idle) socket.destroy()
    await until('all are gone', async () => (await hops.metric('heddle_connections_open_count')) < 10)
    expect(await ask(hops.port)).toBe(200)
  },
)

test('running out of descriptors refuses what is too much, and recovers', async () => {
  await using hops = await TwoHops.start({ originPort: portOf(origin), descriptors: 256 })
  expect(await ask(hops.port)).toBe(200)

  const crowd = await openMany(hops.port, 400)
  await until('some were refused', () => crowd.some((socket) => socket.destroyed || socket.readableEnded))
  for (const socket of crowd) socket.destroy()

  await until('requests are served again', async () => (await ask(hops.port)) === 200)
  expect(await hops.metric('heddle_limit_reached_total{limit="connections"')).toBeGreaterThan(0)
})

/** Sends a GET and resolves with its status, 0 when there was no answer. */
function ask(port: number): Promise<number> {
  return new Promise((resolve) => {
    const request = get({ port, host: '127.0.0.1', agent: false, timeout: 10_000 }, (response) => {
      response.resume().on('end', () => resolve(response.statusCode ?? 0))
    })
    request.on('timeout', () => request.destroy())
    request.on('error', () => resolve(0))
  })
}

/** Opens connections, some at a time. Those that were refused are in the result as well. */
async function openMany(port: number, count: number): Promise<readonly Socket[]> {
  const sockets: Socket[] = []
  while (sockets.length < count) {
    const some = Array.from({ length: Math.min(200, count - sockets.length) }, () => connect(port, '127.0.0.1'))
    sockets.push(...some)
    await Promise.all(some.map(settled))
  }
  return sockets
}

function settled(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    socket.on('error', () => undefined)
    socket.once('close', () => resolve())
    socket.once('connect', () => resolve())
    socket.resume()
  })
}

function sendHuge(write: (chunk: Buffer) => boolean, onDrain: (more: () => void) => void): void {
  const chunk = Buffer.alloc(65_536, 'x')
  const more = (): void => {
    for (let isTaken = true; isTaken; ) isTaken = write(chunk)
    onDrain(more)
  }
  more()
}
