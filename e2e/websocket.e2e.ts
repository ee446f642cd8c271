import { describe, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { digestOf, pattern } from './harness/clients-origin.ts'
import { DualServer } from './harness/dual-server.ts'
import { TwoHops } from './harness/hops.ts'
import { askAdmin } from './harness/static-proxy.ts'
import { until } from './harness/until.ts'
import { CLOSED_WITHOUT_A_WORD, echoUpgrades } from './harness/ws-echo.ts'
import { H2WebSocketClient, startH2Echo } from './harness/ws-over-h2.ts'

const large = pattern(10 * 1024 * 1024)
/** Longer than a busy machine holds up the one that speaks every 200 ms. */
const IDLE_MS = 6_000
/** Deadlines may come two seconds late, and later where the machine is busy. */
const LATE_MS = 7_000
/** How long a static proxy drains. */
const DRAIN_MS = 5_000
/** How often it is tried that it drains, early in that time. */
const DRAINING_ROUNDS = 3

const startH1Echo = () => DualServer.start((_request, response) => void response.end(), echoUpgrades())

async function open(port: number): Promise<WebSocket> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/chat`)
  await new Promise((resolve, reject) => {
    socket.once('open', resolve)
    socket.once('error', reject)
  })
  socket.on('error', () => undefined)
  return socket
}

function echo(socket: WebSocket, message: Buffer): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const end = (code: number): void => reject(new Error(`closed with ${code}`))
    socket.once('close', end)
    socket.once('message', (answer: Buffer) => {
      socket.off('close', end)
      resolve(answer)
    })
    socket.send(message)
  })
}

function closeOf(socket: WebSocket): Promise<number> {
  return new Promise((resolve) => socket.once('close', resolve))
}

/** Sum of the samples of a metric of a proxy whose labels match. */
async function count(adminPort: number, sample: RegExp): Promise<number> {
  const lines = (await askAdmin(adminPort, '/metrics')).split('\n').filter((line) => sample.test(line))
  return lines.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' '))), 0)
}

/** Waits until `sample` {@link count}s so much. */
function untilCounted(adminPort: number, { sample, is }: { readonly sample: RegExp; readonly is: number }) {
  return until(`${sample} counts ${is}`, async () => (await count(adminPort, sample)) === is)
}

describe.each([
  { version: 'HTTP/1', start: startH1Echo, protocol: 'detect' },
  { version: 'HTTP/2', start: startH2Echo, protocol: 'http2' },
] as const)('to an application of $version', ({ start, protocol }) => {
  test('extended CONNECT carries WebSockets, which are counted on both sides', async () => {
    using app = await start()
    await using hops = await TwoHops.start({ originPort: app.port, protocol })
    using client = await H2WebSocketClient.connect(hops.port)
    const sockets = await Promise.all([client.open('/a'), client.open('/b')])
    const admins = [hops.adminPort, hops.serverAdminPort]
    for (const admin of admins) await untilCounted(admin, { sample: /^heddle_upgrades_open_count/, is: 2 })
    await Promise.all(
      sockets.map(async (socket) => {
        const answer = socket.next()
        socket.send(large)
        expect(digestOf(await answer)).toBe(digestOf(large))
      }),
    )
    for (const socket of sockets) socket.close(4321)
    await until('both are closed', () => sockets.every(({ isOver }) => isOver))
    expect(sockets.map(({ closeCode }) => closeCode)).toEqual([4321, 4321])
    for (const admin of admins) {
      await untilCounted(admin, { sample: /^heddle_upgrade_life_seconds_count/, is: 2 })
      await untilCounted(admin, { sample: /^heddle_requests_total\{.*status="101"/, is: 2 })
      await untilCounted(admin, { sample: /^heddle_upgrades_open_count/, is: 0 })
    }
  })

  test('a WebSocket of HTTP/1 gets there as well', async () => {
    using app = await start()
    await using hops = await TwoHops.start({ originPort: app.port, protocol })
    const socket = await open(hops.port)
    expect(digestOf(await echo(socket, large))).toBe(digestOf(large))
    socket.close(4321)
    expect(await closeOf(socket)).toBe(4321)
  })

  test('the time that is set closes a silent one, and leaves a busy one alone', async () => {
    using app = await start()
    await using hops = await TwoHops.start({ originPort: app.port, protocol, limits: { websocketIdleMs: IDLE_MS } })
    using client = await H2WebSocketClient.connect(hops.port)
    const startMs = performance.now()
    const [silent, busy, silentOverH2, busyOverH2] = await Promise.all([
      ...[open(hops.port), open(hops.port)],
      ...[client.open('/a'), client.open('/b')],
    ] as const)
    const closed = closeOf(silent)
    let silentMs: number | undefined
    void closed.then(() => {
      silentMs = performance.now() - startMs
    })
    const isDecided = () => silentMs !== undefined && performance.now() - startMs > 2 * IDLE_MS
    while (!isDecided() && performance.now() - startMs < 2 * IDLE_MS + LATE_MS) {
      expect(String(await echo(busy, Buffer.from('still there')))).toBe('still there')
      const answer = busyOverH2.next()
      busyOverH2.send(Buffer.from('here too'))
      expect(String(await answer)).toBe('here too')
      await new Promise((resolve) => setTimeout(resolve, 200))
    }
    expect(await closed).toBe(CLOSED_WITHOUT_A_WORD)
    expect(silentMs).toBeGreaterThan(IDLE_MS - 100)
    expect(silentMs).toBeLessThan(IDLE_MS + LATE_MS)
    await until('that of HTTP/2 is closed as well', () => silentOverH2.isOver)
    await untilCounted(hops.adminPort, { sample: /^heddle_upgrades_open_count/, is: 2 })
    const reached = await Promise.all(
      [hops.adminPort, hops.serverAdminPort].map((admin) =>
        count(admin, /^heddle_limit_reached_total\{limit="websocketIdleMs"/),
      ),
    )
    expect(reached[0]! + reached[1]!).toBeGreaterThanOrEqual(2)
    busy.close()
    busyOverH2.close(1000)
  })
})

describe.each(['client', 'server'] as const)('the proxy of the %s drains', (side) => {
  test('an open WebSocket goes on until the end of its time, and new ones are refused', async () => {
    using app = await startH1Echo()
    await using hops = await TwoHops.start({ originPort: app.port, protocol: 'detect' })
    using client = await H2WebSocketClient.connect(hops.port)
    const socket = await open(hops.port)
    const overH2 = await client.open('/a')
    const closed = closeOf(socket)
    const startMs = performance.now()
    hops[side].process.kill('SIGTERM')
    await until('it drains', () => hops[side].stderr().includes('"draining"'))
    for (let round = 0; round < DRAINING_ROUNDS; round++) {
      expect(String(await echo(socket, Buffer.from('still there')))).toBe('still there')
      const answer = overH2.next()
      overH2.send(Buffer.from('here too'))
      expect(String(await answer)).toBe('here too')
      await expect(open(hops.port), 'a new one').rejects.toThrow()
      await new Promise((resolve) => setTimeout(resolve, 200))
    }
    await expect(client.open('/b')).rejects.toThrow(side === 'client' ? /GOAWAY/ : /status 502/)
    expect(await closed).toBe(CLOSED_WITHOUT_A_WORD)
    expect(await hops[side].ended).toBe(0)
    expect(performance.now() - startMs).toBeGreaterThan(DRAIN_MS - 100)
    expect(performance.now() - startMs).toBeLessThan(DRAIN_MS + LATE_MS)
    await until('that of HTTP/2 is over as well', () => overH2.isOver)
  })

  test('it is done as soon as the last WebSocket is closed', async () => {
    using app = await startH1Echo()
    await using hops = await TwoHops.start({ originPort: app.port, protocol: 'detect' })
    const socket = await open(hops.port)
    const startMs = performance.now()
    hops[side].process.kill('SIGTERM')
    await until('it drains', () => hops[side].stderr().includes('"draining"'))
    socket.close(4321)
    expect(await closeOf(socket)).toBe(4321)
    expect(await hops[side].ended).toBe(0)
    expect(performance.now() - startMs, 'it has not waited for the end of its time').toBeLessThan(DRAIN_MS)
  })
})
