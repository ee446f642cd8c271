import type { ServerHttp2Stream } from 'node:http2'
import { ManualClock } from '@heddle/testkit/manual-clock'
import { expect, test } from 'vitest'
import type { AppProtocol } from '../src/workload.ts'
import { frame, GOAWAY, get, opening, resetsIn, settings, windowUpdate } from './harness/h2-octets.ts'
import { H2Client, startH2App } from './harness/http2.ts'
import { dial, startServer } from './harness/peer.ts'
import { waitFor, waitForStandstill } from './harness/wait-for.ts'
import { outbound, service, World } from './harness/world.ts'

const KEY = 'name:cart.shop:80'
const INITIAL_WINDOW_SIZE = 4
const FLOW_CONTROL_ERROR = 3
const CANCEL = 8
const MOST = 2 ** 31 - 1
const SIZE = 800_000
const PART = 200_000
const MORE_THAN_SOCKETS_HOLD = 32 * 2 ** 20
const FAULTS = 'heddle_protocol_faults_total{fault="window_fault"}'
const REACHED = 'heddle_limit_reached_total{limit="bodyIdleMs"}'

/** A proxy in front of an application, and a client of it that has said nothing yet. */
async function start(world: World, app: { readonly port: number }, protocol: AppProtocol) {
  const clock = new ManualClock()
  const destinations = { [KEY]: service([app.port], { protocol }) }
  const proxy = await world.proxy({ listeners: [outbound(KEY)], destinations, clock })
  const web = await dial(proxy.port)
  world.owns(() => web.socket.destroy())
  return { clock, proxy, web }
}

function answerHello(stream: ServerHttp2Stream): void {
  stream.respond({ ':status': 200 })
  stream.end('hello')
}

test('a window of a stream above 2^31-1 ends that stream only, and is counted', async () => {
  await using world = await World.create()
  const streams: ServerHttp2Stream[] = []
  const app = world.keep(await startH2App((stream) => streams.push(stream)))
  const { proxy, web } = await start(world, app, 'http2')
  web.socket.write(Buffer.concat([opening(), get(1), get(3), windowUpdate(1, MOST)]))
  await waitFor('the reset', () => resetsIn(web.received).has(1))
  expect(resetsIn(web.received)).toEqual(new Map([[1, FLOW_CONTROL_ERROR]]))
  await waitFor('the other request', () => streams.some((stream) => !stream.destroyed))
  answerHello(streams.find((stream) => !stream.destroyed)!)
  await web.until('hello')
  expect(proxy.metric(FAULTS)).toBe(1)
})

test('a window of the connection above 2^31-1 ends all streams, and is counted once', async () => {
  await using world = await World.create()
  const streams: ServerHttp2Stream[] = []
  const app = world.keep(await startH2App((stream) => streams.push(stream)))
  const { proxy, web } = await start(world, app, 'http2')
  web.socket.write(Buffer.concat([opening(), get(1), get(3), get(5)]))
  await waitFor('the requests', () => streams.length === 3)
  web.socket.write(windowUpdate(0, MOST))
  await web.untilEnd()
  await waitFor('the outcomes', () => proxy.traffic.errors.length === 3)
  expect(proxy.traffic.errors).toEqual(new Array(3).fill('client_protocol_error'))
  expect(proxy.metric(FAULTS)).toBe(1)
})

test.each([
  { name: 'gives no room', drip: 0 },
  { name: 'gives room by the octet', drip: 1 },
])('a client that $name for what the proxy answers itself loses the answers, not its connection', async ({ drip }) => {
  await using world = await World.create()
  const clock = new ManualClock()
  const proxy = await world.proxy({ listeners: [outbound(KEY)], clock })
  using web = await dial(proxy.port)
  web.socket.write(Buffer.concat([opening(), settings([INITIAL_WINDOW_SIZE, 0]), get(1), get(3)]))
  await waitFor('the outcomes', () => proxy.traffic.statuses.length === 2)
  for (let i = 0; i < 4; i++) {
    if (drip > 0) web.socket.write(windowUpdate(1, drip))
    await waitForStandstill('the answers', () => web.receivedBytes)
    clock.advance(200_000)
  }
  await waitFor('the resets', () => resetsIn(web.received).size === 2)
  expect([...resetsIn(web.received).values()]).toEqual([CANCEL, CANCEL])
  expect(proxy.metric(REACHED)).toBe(2)
  web.socket.write(Buffer.concat([get(5), windowUpdate(5, 10_000)]))
  await web.until('no such Service')
})

test('a client that gives room by the octet loses an answer that goes on, too', async () => {
  await using world = await World.create()
  const app = world.keep(await startH2App(answerHello))
  const { clock, proxy, web } = await start(world, app, 'http2')
  web.socket.write(Buffer.concat([opening(), settings([INITIAL_WINDOW_SIZE, 0]), get(1)]))
  await waitFor('the request', () => app.requests() === 1)
  for (let i = 0; i < 2; i++) {
    web.socket.write(windowUpdate(1, 1))
    await waitForStandstill('the answer', () => web.receivedBytes)
    clock.advance(200_000)
  }
  await waitFor('the reset', () => resetsIn(web.received).has(1))
  expect(proxy.traffic.errors).toEqual(['idle_timeout'])
  expect(proxy.metric(REACHED)).toBe(1)
})

test('a client that takes its answers slowly gets all of them', async () => {
  await using world = await World.create()
  const app = world.keep(
    await startH2App((stream) => {
      stream.respond({ ':status': 200 })
      stream.end(Buffer.alloc(SIZE, 'x'))
    }),
  )
  const { clock, proxy, web } = await start(world, app, 'http2')
  web.socket.write(Buffer.concat([opening(), settings([INITIAL_WINDOW_SIZE, 0]), windowUpdate(0, SIZE), get(1)]))
  for (let given = 0; given < SIZE; given += PART) {
    await waitForStandstill('the answer', () => web.receivedBytes)
    clock.advance(200_000)
    web.socket.write(windowUpdate(1, PART))
  }
  await waitFor('the outcome', () => proxy.traffic.statuses.length === 1)
  expect(proxy.traffic.errors).toEqual([])
  expect(proxy.metric(REACHED)).toBe(0)
})

test('a server that says GOAWAY, and then reads no more, loses its connection', async () => {
  await using world = await World.create()
  const room = Buffer.concat([settings([INITIAL_WINDOW_SIZE, MOST]), windowUpdate(0, MOST - 65_535)])
  const app = world.keep(await startServer(({ socket }) => socket.write(room)))
  const clock = new ManualClock()
  const destinations = { [KEY]: service([app.port], { protocol: 'http2' }) }
  const proxy = await world.proxy({ listeners: [outbound(KEY)], destinations, clock })
  const client = world.keep(new H2Client(proxy.port))
  client.ask({ ':method': 'POST', ':path': '/' }, Buffer.alloc(MORE_THAN_SOCKETS_HOLD)).catch(() => undefined)
  const { socket } = await app.peer(0)
  await waitFor('the request', () => socket.bytesRead > 0)
  socket.write(frame({ type: GOAWAY, payload: [0, 0, 0, 1, 0, 0, 0, 0] }))
  socket.pause()
  await waitForStandstill('its body', () => proxy.traffic.all.reduce((sum, { writtenBytes }) => sum + writtenBytes, 0))
  clock.advance(302_000)
  await waitFor('the outcome', () => proxy.traffic.errors.length === 1)
  expect([proxy.traffic.errors, proxy.traffic.open]).toEqual([['request_timeout'], 1])
  clock.advance(7_000)
  await waitFor('the end of the connection', () => proxy.traffic.open === 0)
})
