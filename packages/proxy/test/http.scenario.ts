import { ManualClock } from '@heddle/testkit/manual-clock'
import { expect, test } from 'vitest'
import { ProxyError } from '../src/errors/proxy-error.ts'
import { PatternReader, PatternWriter } from './harness/pattern.ts'
import { answering, CLOSED_PORTS, dial, ok, type Peer, startServer } from './harness/peer.ts'
import { waitFor, waitForStandstill } from './harness/wait-for.ts'
import { inbound, outbound, service, startTwoHops, type TestProxyOptions, World } from './harness/world.ts'

const KEY = 'name:cart.shop:80'
const GET = 'GET / HTTP/1.1\r\nhost: cart.shop\r\n\r\n'

/** A plain proxy in front of endpoints on these ports. */
function startOneHop(world: World, ports: readonly number[], more: Partial<TestProxyOptions> = {}) {
  return world.proxy({
    listeners: [outbound(KEY)],
    destinations: { [KEY]: service(ports, { protocol: 'http1' }) },
    ...more,
  })
}

test('requests on one connection go one after the other over one connection to the endpoint', async () => {
  await using world = await World.create()
  const app = world.keep(await startServer(answering(ok('hello'))))
  const proxy = await startOneHop(world, [app.port])
  using web = await dial(proxy.port)

  web.send(GET + GET + GET)

  await waitFor('three answers', () => web.received.split('hello').length === 4)
  expect(app.peers.length).toBe(1)
  expect(proxy.traffic.statuses).toEqual([200, 200, 200])
})

test('an endpoint that refuses is passed over, and the request goes to another', async () => {
  await using world = await World.create()
  const app = world.keep(await startServer(answering(ok('hello'))))
  const proxy = await startOneHop(world, [CLOSED_PORTS[0], app.port])

  for (let i = 0; i < 8; i++) {
    using web = await dial(proxy.port)
    web.send(GET)
    await web.until('hello')
  }

  expect(proxy.traffic.statuses).toEqual(new Array(8).fill(200))
  expect(proxy.traffic.errors).toEqual([])
})

test('when no endpoint can be connected to, the answer says so', async () => {
  await using world = await World.create()
  const proxy = await startOneHop(world, CLOSED_PORTS)
  using web = await dial(proxy.port)
  web.send(GET)
  await web.until('connect_refused: ')
  expect(web.received).toMatch(/^HTTP\/1.1 502 /)
  expect(web.received).toContain('\r\nheddle-error: connect_refused\r\n')
  expect(proxy.metric('heddle_errors_total{error="connect_refused",source="upstream"}')).toBe(1)
})

test.each([
  {
    name: 'without endpoints',
    destination: service([], { protocol: 'http1' }),
    code: 'no_healthy_endpoint',
    status: 503,
  },
  {
    name: 'that does not exist',
    destination: { kind: 'missing', reason: 'there is no Service cart in shop', version: '1' } as const,
    code: 'destination_not_found',
    status: 502,
  },
])('a request to a destination $name is answered with $code', async ({ destination, code, status }) => {
  await using world = await World.create()
  const proxy = await world.proxy({ listeners: [outbound(KEY)], destinations: { [KEY]: destination } })
  using web = await dial(proxy.port)
  web.send(GET)
  await web.until(`heddle-error: ${code}\r\n`)
  expect(web.received).toContain(`HTTP/1.1 ${status} `)
  const { key } = proxy.traffic.all[0]!
  expect(key).toMatchObject({ serviceNamespace: 'shop', service: 'cart', port: 80, security: 'unreached' })
})

test('a request by address counts as traffic out of the mesh only when it got there', async () => {
  await using world = await World.create()
  const app = world.keep(await startServer(answering(ok('hello'))))
  const [outside, nowhere] = [`address:127.0.0.1:${app.port}`, 'address:10.96.0.9:80']
  const proxy = await world.proxy({
    listeners: [outbound(outside), outbound(nowhere)],
    destinations: {
      [outside]: { kind: 'unmeshed', version: '1' },
      [nowhere]: { kind: 'missing', reason: 'no Service has the address 10.96.0.9', version: '1' },
    },
  })
  const [first, second] = proxy.plane.listeners
  using web = await dial(first!.port)
  web.send(GET)
  await web.until('hello')
  using lost = await dial(second!.port)
  lost.send(GET)
  await lost.until('heddle-error: destination_not_found\r\n')
  expect(proxy.traffic.all.map(({ key }) => key.security)).toEqual(['destination_unmeshed', 'unreached'])
})

test('a destination that discovery cannot tell is answered with discovery_unavailable', async () => {
  await using world = await World.create()
  const failure = new ProxyError('discovery_unavailable', 'no answer in 1000 ms')
  const proxy = await world.proxy({
    listeners: [outbound(KEY)],
    destinations: { resolve: () => Promise.reject(failure) },
  })
  using web = await dial(proxy.port)
  web.send(GET)
  await web.until('heddle-error: discovery_unavailable\r\n')
  expect(web.received).toMatch(/^HTTP\/1.1 503 /)
})

test('an endpoint that closes idle connections costs no request', async () => {
  await using world = await World.create()
  const closing = (peer: Peer) => {
    peer.socket.on('data', () => {
      if (!peer.received.endsWith('\r\n\r\n')) return
      peer.send(ok('hello'))
      // Without telling, at the moment in which the proxy may use it again.
      peer.socket.end()
    })
  }
  const app = world.keep(await startServer(closing))
  const proxy = await startOneHop(world, [app.port])
  using web = await dial(proxy.port)
  for (let i = 1; i <= 30; i++) {
    web.send(GET)
    await waitFor(`answer ${i}`, () => web.received.split('hello').length === i + 1)
  }
  expect(proxy.traffic.statuses).toEqual(new Array(30).fill(200))
})

test('a reused connection that is reset before any answer is replaced once for what is idempotent, not for a POST', async () => {
  await using world = await World.create()
  let requests = 0
  const breaking = (peer: Peer) => {
    peer.socket.on('data', () => {
      if (!peer.received.endsWith('\r\n\r\n')) return
      requests += 1
      peer.received = ''
      if (requests % 2 === 1) peer.send(ok('hello'))
      else peer.socket.resetAndDestroy()
    })
  }
  const app = world.keep(await startServer(breaking))
  const proxy = await startOneHop(world, [app.port])
  using web = await dial(proxy.port)

  web.send(GET)
  await web.until('hello')
  web.clear()
  web.send(GET)
  await web.until('hello')
  web.clear()
  web.send('POST / HTTP/1.1\r\nhost: cart.shop\r\ncontent-length: 0\r\n\r\n')
  await web.until('heddle-error: upstream_reset\r\n')

  expect(proxy.traffic.statuses).toEqual([200, 200, 502])
  expect(requests).toBe(4)
})

test('an answer that breaks off is broken off for the client too', async () => {
  await using world = await World.create()
  const app = world.keep(await startServer())
  const proxy = await startOneHop(world, [app.port])
  using web = await dial(proxy.port)
  web.send(GET)
  const cart = await app.peer(0)
  await cart.until('\r\n\r\n')
  cart.send('HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf')
  await web.until('half')
  cart.socket.resetAndDestroy()
  await web.untilClosed()
  expect(proxy.traffic.statuses).toEqual([200])
  expect(proxy.traffic.errors).toEqual(['upstream_reset'])
})

test('an answer that is no HTTP is answered with upstream_protocol_error', async () => {
  await using world = await World.create()
  const app = world.keep(await startServer(answering('SSH-2.0-dropbear\r\n\r\n')))
  const proxy = await startOneHop(world, [app.port])
  using web = await dial(proxy.port)
  web.send(GET)
  await web.until('heddle-error: upstream_protocol_error\r\n')
})

test('a client that goes away ends its request at the endpoint', async () => {
  await using world = await World.create()
  const app = world.keep(await startServer())
  const proxy = await startOneHop(world, [app.port])
  const web = await dial(proxy.port)
  web.send(GET)
  const cart = await app.peer(0)
  await cart.until('\r\n\r\n')
  web.socket.resetAndDestroy()
  await waitFor('the end at the endpoint', () => cart.hasEnded || cart.isClosed)
  expect(proxy.traffic.errors).toEqual(['client_reset'])
})

test('an early answer reaches the client, and the rest of the body nobody', async () => {
  await using world = await World.create()
  const app = world.keep(await startServer())
  const { client } = await startTwoHops(world, app.port)
  using web = await dial(client.port)
  web.send('POST / HTTP/1.1\r\nhost: cart.shop\r\ncontent-length: 100000\r\n\r\nfirst')
  const cart = await app.peer(0)
  await cart.until('first')
  cart.send('HTTP/1.1 413 Content Too Large\r\ncontent-length: 3\r\n\r\nbig')
  await web.until('\r\n\r\nbig')
  expect(web.received).toMatch(/^HTTP\/1.1 413 /)
})

test('an upgraded connection carries any bytes both ways until both have ended', async () => {
  await using world = await World.create()
  const app = world.keep(await startServer())
  const { client, server } = await startTwoHops(world, app.port)
  using web = await dial(client.port)
  web.send('GET /chat HTTP/1.1\r\nhost: cart.shop\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n')
  const cart = await app.peer(0)
  await cart.until('\r\n\r\n')
  expect(cart.received.toLowerCase()).toContain('upgrade: websocket')
  cart.send('HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\nwelcome')
  await web.until('\r\n\r\nwelcome')
  web.send('GET / not HTTP at all\0')
  await cart.until('not HTTP at all\0')
  cart.send('pong')
  await web.until('pong')
  web.socket.end()
  await waitFor('the half-close', () => cart.hasEnded)
  cart.send('last words')
  await web.until('last words')
  cart.socket.end()
  await web.untilEnd()
  await waitFor('both outcomes', () => client.traffic.statuses.length + server.traffic.statuses.length === 2)
  expect([client.traffic.statuses, server.traffic.statuses]).toEqual([[101], [101]])
})

test('CONNECT within HTTP is refused', async () => {
  await using world = await World.create()
  const app = world.keep(await startServer(answering(ok('hello'))))
  const proxy = await startOneHop(world, [app.port])
  using web = await dial(proxy.port)
  web.send('CONNECT elsewhere:443 HTTP/1.1\r\nhost: elsewhere:443\r\n\r\n')
  await web.until('heddle-error: connect_method_refused\r\n')
  expect(web.received).toMatch(/^HTTP\/1.1 501 /)
  expect(app.peers.length).toBe(0)
})

test('a body flows at the pace of its reader, in bounded memory', async () => {
  await using world = await World.create()
  const app = world.keep(await startServer())
  const { client } = await startTwoHops(world, app.port)
  using web = await dial(client.port)
  web.socket.pause()
  web.send(GET)
  const cart = await app.peer(0)
  await cart.until('\r\n\r\n')
  const size = 100_000_000
  cart.send(`HTTP/1.1 200 OK\r\ncontent-length: ${size}\r\n\r\n`)
  const writer = new PatternWriter(cart.socket, size)

  // Kernel buffers of five sockets, and one chunk in each proxy.
  expect(await waitForStandstill('the sender', () => writer.sent)).toBeLessThan(64_000_000)

  const reader = new PatternReader()
  let isHead = true
  web.socket.on('data', (bytes: Buffer) => {
    reader.read(isHead ? bytes.subarray(bytes.indexOf('\r\n\r\n') + 4) : bytes)
    isHead = false
  })
  web.socket.resume()
  await waitFor('the whole body', () => reader.received === size || reader.isWrong)
  expect(reader.isWrong).toBe(false)
}, 120_000)

test('plain clients are refused where the workload wants mTLS', async () => {
  await using world = await World.create()
  const app = world.keep(await startServer(answering(ok('secret'))))
  const proxy = await world.proxy({
    identity: await world.identity('cart'),
    listeners: [inbound(app.port)],
    plainInbound: 'refuse',
  })
  using web = await dial(proxy.port)
  web.send(GET)
  await web.until('heddle-error: plain_refused\r\n')
  using raw = await dial(proxy.port)
  raw.send('\0\0\0')
  await raw.untilClosed()
  expect(app.peers.length).toBe(0)
  expect(proxy.traffic.all.every((series) => series.key.security === 'peer_not_meshed')).toBe(true)
})

test('a connection pool keeps to its limit, and says when too many wait', async () => {
  await using world = await World.create()
  const app = world.keep(await startServer())
  const proxy = await startOneHop(world, [app.port], { limits: { endpointConnections: 1, endpointPending: 1 } })
  using first = await dial(proxy.port)
  first.send(GET)
  const cart = await app.peer(0)
  await cart.until('\r\n\r\n')
  using second = await dial(proxy.port)
  second.send(GET)
  await waitFor('the second to wait', () => proxy.metric('heddle_limit_reached_total{limit="endpointConnections"}') > 0)
  using third = await dial(proxy.port)
  third.send(GET)
  await third.until('heddle-error: endpoint_overloaded\r\n')
  cart.clear()
  cart.send(ok('one'))
  await first.until('one')
  await cart.until('\r\n\r\n')
  cart.send(ok('two'))
  await second.until('two')
  expect(app.peers.length).toBe(1)
})

test.each([
  { limit: 'responseHeadMs', request: GET, status: 504, code: 'response_timeout' },
  {
    limit: 'bodyIdleMs',
    request: 'POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 9\r\n\r\nhalf',
    status: 408,
    code: 'request_timeout',
  },
])('after $limit without a byte the answer is $status', async ({ limit, request, status, code }) => {
  await using world = await World.create()
  const clock = new ManualClock()
  const app = world.keep(await startServer())
  const proxy = await startOneHop(world, [app.port], { clock, limits: { [limit]: 20_000 } })
  using web = await dial(proxy.port)
  web.send(request)
  const cart = await app.peer(0)
  await cart.until('\r\n\r\n')
  await waitFor('the whole request', () => cart.received.endsWith(request.slice(-4)))
  clock.advance(19_000)
  expect(web.received).toBe('')
  clock.advance(4_000)
  await web.until(`heddle-error: ${code}\r\n`)
  expect(web.received).toContain(`HTTP/1.1 ${status} `)
  await cart.untilEnd()
  expect(proxy.metric(`heddle_limit_reached_total{limit="${limit}"}`)).toBe(1)
})

test.each([
  { what: 'before the head is told so', sent: '', outcome: 'heddle-error: response_timeout\r\n' },
  { what: 'in a body is cut off', sent: 'HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf', outcome: 'half' },
])('a client that has ended its sending and waits $what soon', async ({ sent, outcome }) => {
  await using world = await World.create()
  const clock = new ManualClock()
  const app = world.keep(await startServer())
  const proxy = await startOneHop(world, [app.port], { clock })
  using web = await dial(proxy.port)
  web.send(GET)
  web.socket.end()
  const cart = await app.peer(0)
  await cart.until('\r\n\r\n')
  cart.send(sent)
  let seconds = 0
  await waitFor('the end', () => {
    clock.advance(1_000)
    seconds += 1
    return web.isClosed
  })
  expect(seconds).toBeGreaterThanOrEqual(30)
  expect(seconds).toBeLessThan(200)
  expect(web.received).toContain(outcome)
  await cart.untilEnd()
  expect(proxy.metric('heddle_limit_reached_total{limit="clientEndedMs"}')).toBe(1)
})

test('a client that has ended its sending gets an answer that goes on for long', async () => {
  await using world = await World.create()
  const clock = new ManualClock()
  const app = world.keep(await startServer())
  const proxy = await startOneHop(world, [app.port], { clock })
  using web = await dial(proxy.port)
  web.send(GET)
  web.socket.end()
  const cart = await app.peer(0)
  await cart.until('\r\n\r\n')
  cart.send('HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\n')
  for (const octet of 'abcdef') {
    clock.advance(20_000)
    web.clear()
    cart.send(octet)
    await web.until(octet)
  }
  await web.untilEnd()
  expect(proxy.traffic.errors).toEqual([])
})

test('a head that comes too slowly is answered with 408, an idle connection is closed without a word', async () => {
  await using world = await World.create()
  const clock = new ManualClock()
  const app = world.keep(await startServer(answering(ok('hello'))))
  const proxy = await startOneHop(world, [app.port], { clock })
  using slow = await dial(proxy.port)
  using idle = await dial(proxy.port)
  idle.send(GET)
  await idle.until('hello')
  slow.send('GET / HTT')
  await waitFor('the bytes', () => proxy.plane.connections(9).some(({ readBytes }) => readBytes === 9))
  for (let second = 0; second < 8; second++) {
    clock.advance(1_000)
    slow.send('P')
  }
  idle.clear()
  clock.advance(4_000)
  await slow.until('HTTP/1.1 408 ')
  expect(app.peers.length).toBe(1)
  clock.advance(602_000)
  await idle.untilEnd()
  expect(idle.received).toBe('')
})

test('idle connections to an endpoint are closed after their time', async () => {
  await using world = await World.create()
  const clock = new ManualClock()
  const app = world.keep(await startServer(answering(ok('hello'))))
  const proxy = await startOneHop(world, [app.port], { clock })
  using web = await dial(proxy.port)
  web.send(GET)
  await web.until('hello')
  expect(proxy.traffic.open).toBe(1)
  clock.advance(6_000)
  await (await app.peer(0)).untilEnd()
  app.peers[0]!.socket.end()
  await waitFor('the close', () => proxy.traffic.open === 0)
})
