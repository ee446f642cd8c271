import type { ServerHttp2Stream } from 'node:http2'
import { ManualClock } from '@heddle/testkit/manual-clock'
import { expect, test } from 'vitest'
import type { AppProtocol } from '../src/workload.ts'
import { frame, HEADERS, requestsIn, settings } from './harness/h2-octets.ts'
import { H2Client, startH2App } from './harness/http2.ts'
import { answering, dial, ok, type Peer, startServer } from './harness/peer.ts'
import { waitFor, waitForStandstill } from './harness/wait-for.ts'
import { outbound, service, type TestProxyOptions, World } from './harness/world.ts'

const KEY = 'name:cart.shop:80'
const ENABLE_CONNECT_PROTOCOL = 8
const MAX_CONCURRENT_STREAMS = 3
const WEB_SOCKET =
  'GET /chat HTTP/1.1\r\nhost: cart.shop\r\nconnection: Upgrade\r\nupgrade: websocket\r\n' +
  'sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n'
const PLAIN = 'GET / HTTP/1.1\r\nhost: cart.shop\r\n\r\n'
/** HEADERS that say 200 and end the stream. */
const ok200 = (stream: number) => frame({ type: HEADERS, flags: 5, stream, payload: [0x88] })
/** HEADERS that say 200, and more to come. */
const switched = (stream: number) => frame({ type: HEADERS, flags: 4, stream, payload: [0x88] })

/** A plain proxy in front of a server that speaks HTTP/2 octet by octet, as it is declared. */
async function startRaw(world: World, more: Partial<TestProxyOptions> = {}) {
  const app = world.keep(await startServer())
  const proxy = await startOneHop(world, app.port, { protocol: 'http2', ...more })
  const web = await dial(proxy.port)
  world.owns(() => web.socket.destroy())
  return { app, proxy, web }
}

function startOneHop(
  world: World,
  port: number,
  { protocol, ...more }: Partial<TestProxyOptions> & { readonly protocol: AppProtocol },
) {
  return world.proxy({
    listeners: [outbound(KEY)],
    destinations: { [KEY]: service([port], { protocol }) },
    ...more,
  })
}

/** Waits for what the proxy says before its first request. */
async function greeted(app: { peer(index: number): Promise<Peer> }, index = 0): Promise<Peer> {
  const cart = await app.peer(index)
  await cart.until('PRI * HTTP/2.0')
  await waitForStandstill('the greeting', () => cart.receivedBytes)
  return cart
}

test('extended CONNECT waits for the SETTINGS that allow it; other requests do not', async () => {
  await using world = await World.create()
  const { app, proxy, web } = await startRaw(world)
  web.send(WEB_SOCKET)
  const cart = await greeted(app)
  expect(requestsIn(cart.received)).toEqual([])
  using other = await dial(proxy.port)
  other.send(PLAIN)
  await waitFor('the other request', () => requestsIn(cart.received).length === 1)
  cart.socket.write(settings([ENABLE_CONNECT_PROTOCOL, 1]))
  await waitFor('the WebSocket', () => requestsIn(cart.received).length === 2)
  cart.socket.write(Buffer.concat([ok200(1), switched(3)]))
  await web.until('HTTP/1.1 101 ')
  await other.until('HTTP/1.1 200 ')
  expect(app.peers.length).toBe(1)
})

test('a server that does not take WebSockets over HTTP/2 costs a clear answer, and the connection is used on', async () => {
  await using world = await World.create()
  const { app, web } = await startRaw(world)
  web.send(WEB_SOCKET)
  const cart = await greeted(app)
  cart.socket.write(settings())
  await web.until('heddle-error: upgrade_not_supported')
  expect(web.received).toContain('HTTP/1.1 501 ')
  web.clear()
  web.send(WEB_SOCKET)
  await web.until('heddle-error: upgrade_not_supported')
  web.clear()
  web.send(PLAIN)
  await waitFor('the request', () => requestsIn(cart.received).length === 1)
  cart.socket.write(ok200(1))
  await web.until('HTTP/1.1 200 ')
  expect(app.peers.length).toBe(1)
})

test('a WebSocket of HTTP/2 is told as much', async () => {
  await using world = await World.create()
  const { app, proxy } = await startRaw(world)
  const web = world.keep(new H2Client(proxy.port))
  await waitFor('SETTINGS', () => web.session.remoteSettings.enableConnectProtocol === true)
  const answer = web.ask({ ':method': 'CONNECT', ':protocol': 'websocket', ':path': '/chat', ':scheme': 'http' })
  const cart = await greeted(app)
  cart.socket.write(settings([ENABLE_CONNECT_PROTOCOL, 0]))
  expect(await answer).toMatchObject({ status: 501, headers: { 'heddle-error': 'upgrade_not_supported' } })
})

test('what HTTP/1 offers besides WebSockets is left out where the server does not take it', async () => {
  await using world = await World.create()
  const { app, web } = await startRaw(world)
  web.send('GET / HTTP/1.1\r\nhost: cart.shop\r\nconnection: upgrade\r\nupgrade: TLS/1.2\r\n\r\n')
  const cart = await greeted(app)
  cart.socket.write(settings())
  await waitFor('the request', () => requestsIn(cart.received).length === 1)
  cart.socket.write(ok200(1))
  await web.until('HTTP/1.1 200 ')
})

test('where no protocol is declared, WebSockets of either version are upgrades of HTTP/1', async () => {
  await using world = await World.create()
  const app = world.keep(await startServer())
  const proxy = await startOneHop(world, app.port, { protocol: 'detect' })
  const web = world.keep(new H2Client(proxy.port))
  await waitFor('SETTINGS', () => web.session.remoteSettings.enableConnectProtocol === true)
  const stream = web.open({ ':method': 'CONNECT', ':protocol': 'websocket', ':path': '/chat', ':scheme': 'http' })
  stream.on('error', () => undefined)
  const cart = await app.peer(0)
  await cart.until('\r\n\r\n')
  expect(cart.received).toMatch(/^GET \/chat HTTP\/1.1\r\n/)
  expect(cart.received.toLowerCase()).toContain('upgrade: websocket\r\n')
})

test('a server that never says what it takes costs a WebSocket its time to wait', async () => {
  await using world = await World.create()
  const clock = new ManualClock()
  const { app, proxy, web } = await startRaw(world, { clock })
  web.send(WEB_SOCKET)
  await greeted(app)
  clock.advance(8_000)
  expect(web.received).toBe('')
  clock.advance(5_000)
  await web.until('heddle-error: pending_timeout')
  expect(proxy.metric('heddle_limit_reached_total{limit="pendingMs"}')).toBe(1)
})

test('a server that ends the connection before it said what it takes is not asked without end', async () => {
  await using world = await World.create()
  const { app, web } = await startRaw(world)
  web.send(WEB_SOCKET)
  const cart = await greeted(app)
  cart.socket.destroy()
  await web.until('heddle-error: connect_failed')
  expect(app.peers.length).toBe(1)
})

test('a WebSocket whose client has gone is not begun when SETTINGS come', async () => {
  await using world = await World.create()
  const { app, proxy, web } = await startRaw(world)
  web.send(WEB_SOCKET)
  const cart = await greeted(app)
  web.socket.resetAndDestroy()
  await waitFor('the outcome', () => proxy.traffic.errors.includes('client_reset'))
  cart.socket.write(settings([ENABLE_CONNECT_PROTOCOL, 1]))
  using other = await dial(proxy.port)
  other.send(PLAIN)
  await waitFor('the other request', () => requestsIn(cart.received).length === 1)
  cart.socket.write(ok200(1))
  await other.until('HTTP/1.1 200 ')
})

test('a stream limit that is raised while requests wait lets them go on the connection that is there', async () => {
  await using world = await World.create()
  const streams: ServerHttp2Stream[] = []
  const app = world.keep(await startH2App((stream) => streams.push(stream), { settings: { maxConcurrentStreams: 1 } }))
  const proxy = await startOneHop(world, app.port, { protocol: 'http2', limits: { endpointConnections: 1 } })
  const web = world.keep(new H2Client(proxy.port))
  // So that the limit is known.
  const first = web.ask({ ':path': '/first' })
  await waitFor('the first', () => streams.length === 1)
  streams[0]!.respond({ ':status': 204 }, { endStream: true })
  await first
  const answers = Array.from({ length: 10 }, () => web.ask({ ':path': '/' }))
  await waitFor('one of them', () => streams.length === 2)
  await waitForStandstill('the requests', () => streams.length)
  expect(streams.length).toBe(2)
  app.sessions[0]!.settings({ maxConcurrentStreams: 6 })
  await waitFor('those that are allowed', () => streams.length === 7)
  await waitForStandstill('the requests', () => streams.length)
  expect(streams.length).toBe(7)
  app.sessions[0]!.settings({ maxConcurrentStreams: 100 })
  await waitFor('all', () => streams.length === 11)
  for (const stream of streams) if (!stream.destroyed) stream.respond({ ':status': 204 }, { endStream: true })
  expect((await Promise.all(answers)).map(({ status }) => status)).toEqual(new Array(10).fill(204))
  expect(app.sessions.length).toBe(1)
})

test('a server that allows no stream at first gets the waiting request when it does', async () => {
  await using world = await World.create()
  const { app, web } = await startRaw(world, { limits: { endpointConnections: 1 } })
  web.send(WEB_SOCKET)
  const cart = await greeted(app)
  cart.socket.write(settings([ENABLE_CONNECT_PROTOCOL, 1], [MAX_CONCURRENT_STREAMS, 0]))
  await waitForStandstill('the acknowledgement', () => cart.receivedBytes)
  expect(requestsIn(cart.received)).toEqual([])
  cart.socket.write(settings([MAX_CONCURRENT_STREAMS, 1]))
  await waitFor('the WebSocket', () => requestsIn(cart.received).length === 1)
  cart.socket.write(switched(1))
  await web.until('HTTP/1.1 101 ')
})

test('an application of HTTP/1 is asked to upgrade without further ado', async () => {
  await using world = await World.create()
  const app = world.keep(await startServer(answering(ok('no'))))
  const proxy = await startOneHop(world, app.port, { protocol: 'http1' })
  using web = await dial(proxy.port)
  web.send(WEB_SOCKET)
  await web.until('HTTP/1.1 200 ')
})
