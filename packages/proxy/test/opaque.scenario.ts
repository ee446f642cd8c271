import { connect as connectTls, createServer } from 'node:tls'
import { ManualClock } from '@heddle/testkit/manual-clock'
import { expect, test } from 'vitest'
import { PatternReader, PatternWriter } from './harness/pattern.ts'
import { answering, CLOSED_PORTS, dial, knock, ok, Peer, startServer } from './harness/peer.ts'
import { waitFor, waitForStandstill } from './harness/wait-for.ts'
import { idOf, inbound, outbound, service, startTwoHops, type TestProxy, World } from './harness/world.ts'

const KEY = 'name:cart.shop:80'
/** So that a silent client is soon taken for one that waits. */
const limits = { detectMs: 100 }

/** A client and an application at the two ends of a tunnel over two proxies. */
async function tunnel(world: World) {
  const app = world.keep(await startServer())
  const hops = await startTwoHops(world, app.port, { protocol: 'opaque' })
  const near = await dial(hops.client.port)
  world.owns(() => near.socket.destroy())
  const far = await app.peer(0)
  return { near, far, hops, app }
}

test('bytes go both ways, and each side can end its half alone', async () => {
  await using world = await World.create()
  const { near, far, hops } = await tunnel(world)
  near.send('\0\x01question')
  await far.until('\0\x01question')
  near.socket.end()
  await far.untilEnd()
  expect(near.hasEnded).toBe(false)
  far.send('a long answer')
  await near.until('a long answer')
  far.socket.end()
  await near.untilEnd()
  await waitFor('both outcomes', () => hops.client.traffic.open + hops.server.traffic.open === 0)
  expect(hops.client.traffic.errors).toEqual([])
  expect(hops.client.traffic.all[0]).toMatchObject({ readBytes: 13, writtenBytes: 10, opened: 1 })
  expect(hops.server.traffic.all[0]).toMatchObject({ readBytes: 10, writtenBytes: 13, opened: 1 })
  expect(hops.server.traffic.all[0]!.key).toMatchObject({
    protocol: 'opaque',
    security: 'mtls',
    peerIdentity: idOf('web'),
  })
})

test('the application may end first', async () => {
  await using world = await World.create()
  const { near, far } = await tunnel(world)
  far.send('bye')
  far.socket.end()
  await near.untilEnd()
  expect(near.received).toBe('bye')
  near.send('one more thing')
  await far.until('one more thing')
})

test.each([{ side: 'near' as const }, { side: 'far' as const }])(
  'a reset of the $side end is a reset for the other',
  async ({ side }) => {
    await using world = await World.create()
    const { near, far, hops } = await tunnel(world)
    near.send('x')
    await far.until('x')
    const [from, to] = side === 'near' ? [near, far] : [far, near]
    from.socket.resetAndDestroy()
    await to.untilClosed()
    expect(to.error).toBe('ECONNRESET')
    await waitFor('both outcomes', () => hops.client.traffic.open + hops.server.traffic.open === 0)
    const code = side === 'near' ? 'client_reset' : 'upstream_reset'
    expect(hops.client.traffic.errors).toEqual([code])
    expect(hops.server.traffic.errors).toEqual([code])
  },
)

test.each([{ side: 'near' as const }, { side: 'far' as const }])(
  'a $side end that does not read stops the other, in bounded memory',
  async ({ side }) => {
    await using world = await World.create()
    const { near, far } = await tunnel(world)
    const [reader, writer] = side === 'near' ? [near, far] : [far, near]
    reader.socket.pause()
    const size = 100_000_000
    const source = new PatternWriter(writer.socket, size)
    expect(await waitForStandstill('the writer', () => source.sent)).toBeLessThan(64_000_000)
    const pattern = new PatternReader()
    reader.socket.on('data', (bytes: Buffer) => pattern.read(bytes))
    reader.socket.resume()
    await waitFor('all bytes', () => pattern.received === size || pattern.isWrong)
    expect(pattern.isWrong).toBe(false)
  },
  120_000,
)

test('a server that speaks first is heard after a short wait, and at once the next time', async () => {
  await using world = await World.create()
  const app = world.keep(await startServer((peer) => peer.send('220 ready\r\n')))
  const { client } = await startTwoHops(world, app.port, { limits })
  using first = await dial(client.port)
  await first.until('220 ready')
  first.send('QUIT\r\n')
  await (await app.peer(0)).until('QUIT')
  expect(client.metric('heddle_limit_reached_total{limit="detectMs"}')).toBe(1)
  using second = await dial(client.port)
  await second.until('220 ready')
  expect(client.metric('heddle_limit_reached_total{limit="detectMs"}')).toBe(1)
})

/** How often each of the waits for first bytes was counted. */
function waitsOf({ metric }: TestProxy): readonly number[] {
  const limits = ['detectMs', 'handshakeMs', 'requestHeadMs', 'keepAliveMs']
  return limits.map((limit) => metric(`heddle_limit_reached_total{limit="${limit}"}`))
}

test('a client of HTTP that stops in the midst of its first word is counted by the time for a head', async () => {
  await using world = await World.create()
  const clock = new ManualClock()
  const app = world.keep(await startServer())
  const destinations = { [KEY]: service([app.port], { protocol: 'http1' }) }
  const proxy = await world.proxy({ clock, listeners: [outbound(KEY)], destinations })
  using web = await dial(proxy.port)
  web.send('GE')
  await waitFor('its octets', () => proxy.plane.connections(1)[0]?.readBytes === 2)

  clock.advance(12_000)

  expect(waitsOf(proxy)).toEqual([0, 0, 1, 0])
})

test('a client that has to prove itself and says nothing is counted by the time for a handshake', async () => {
  await using world = await World.create()
  const clock = new ManualClock()
  const app = world.keep(await startServer())
  const identity = await world.identity('cart')
  const proxy = await world.proxy({ clock, identity, listeners: [inbound(app.port)], plainInbound: 'refuse' })
  using web = await dial(proxy.port)
  await waitFor('the connection', () => proxy.plane.connections(1).length === 1)

  clock.advance(7_000)

  expect(waitsOf(proxy)).toEqual([0, 1, 0, 0])
  await web.untilEnd()
})

test.each([{ protocol: 'detect' as const }, { protocol: 'opaque' as const }])(
  'a handshake that comes late is still taken for one, $protocol',
  async ({ protocol }) => {
    await using world = await World.create()
    const app = world.keep(await startServer())
    const { server } = await startTwoHops(world, app.port, { protocol, limits })
    const late = await dial(server.port)
    await app.peer(0)
    const own = await world.ca.issueFor(idOf('web'))
    const secured = connectTls({
      socket: late.socket,
      servername: 'cart.shop.sa.heddle.local',
      ca: own.trustBundlePem,
      cert: own.certificateChainPem,
      key: own.privateKeyPem,
      ALPNProtocols: ['heddle-opaque/1'],
      checkServerIdentity: () => undefined,
    })
    const peer = new Peer(secured)
    peer.send('hello')
    await (await app.peer(1)).until('hello')
    expect(app.peers[0]!.received).toBe('')
    expect(server.traffic.all.map(({ key }) => key.security)).toEqual(['mtls'])
    secured.destroy()
  },
)

test('a client that speaks late to a server that waits is heard', async () => {
  await using world = await World.create()
  const app = world.keep(await startServer((peer) => peer.socket.once('data', () => peer.send('heard'))))
  const proxy = await world.proxy({ listeners: [inbound(app.port)], limits })
  using late = await dial(proxy.port)
  await app.peer(0)
  late.send('\0late')
  await late.until('heard')
  expect(app.peers.map((peer) => peer.received)).toEqual(['', '\0late'])
})

test('a client known to speak first may take its time', async () => {
  await using world = await World.create()
  const clock = new ManualClock()
  const app = world.keep(await startServer(answering(ok('hello'))))
  const proxy = await world.proxy({
    clock,
    listeners: [outbound(KEY)],
    destinations: { [KEY]: service([app.port]) },
  })
  using first = await dial(proxy.port)
  first.send('GET / HTTP/1.1\r\nhost: a\r\n\r\n')
  await first.until('hello')
  using second = await dial(proxy.port)
  await waitFor('the second to be accepted', () => proxy.plane.connections(9).length === 2)
  clock.advance(60_000)
  second.send('GET / HTTP/1.1\r\nhost: a\r\n\r\n')
  await second.until('hello')
  expect(proxy.traffic.statuses).toEqual([200, 200])
})

test('TLS of the application itself passes through both proxies unread', async () => {
  await using world = await World.create()
  const own = await world.ca.issueFor(idOf('own'))
  const options = { cert: own.certificateChainPem, key: own.privateKeyPem }
  const app = createServer(options, (socket) => socket.end(`hello ${socket.alpnProtocol}`))
  await new Promise<void>((resolve) => app.listen(0, '127.0.0.1', resolve))
  world.owns(() => app.close())
  const { client } = await startTwoHops(world, (app.address() as { port: number }).port)
  const socket = connectTls({
    port: client.port,
    host: '127.0.0.1',
    servername: 'shop.example',
    ca: own.trustBundlePem,
    checkServerIdentity: () => undefined,
  })
  const peer = new Peer(socket)
  await peer.until('hello')
  socket.destroy()
  await waitFor('the outcome', () => client.traffic.open === 0)
  expect(client.traffic.all[0]!.key.protocol).toBe('tls')
})

test('a tunnel to endpoints of which the first refuses uses the next', async () => {
  await using world = await World.create()
  const app = world.keep(await startServer())
  const proxy = await world.proxy({
    listeners: [outbound(KEY)],
    destinations: { [KEY]: service([CLOSED_PORTS[0], app.port], { protocol: 'opaque' }) },
  })
  for (let i = 0; i < 4; i++) {
    using web = await dial(proxy.port)
    web.send(`ping${i}`)
    await (await app.peer(i)).until(`ping${i}`)
  }
})

test('a tunnel that cannot be built is a reset for the client, with the reason in counters and log', async () => {
  await using world = await World.create()
  const proxy = await world.proxy({
    listeners: [outbound(KEY)],
    destinations: { [KEY]: service([], { protocol: 'opaque' }) },
  })
  using web = knock(proxy.port)
  await web.untilClosed()
  expect(proxy.traffic.errors).toEqual(['no_healthy_endpoint'])
  expect(proxy.logged.some((line) => line.includes('no_healthy_endpoint'))).toBe(true)
})

test('a tunnel is closed after its idle time, sooner when one half has ended', async () => {
  await using world = await World.create()
  const clock = new ManualClock()
  const app = world.keep(await startServer())
  const proxy = await world.proxy({
    clock,
    listeners: [outbound(KEY)],
    destinations: { [KEY]: service([app.port], { protocol: 'opaque' }) },
  })
  using idle = await dial(proxy.port)
  using half = await dial(proxy.port)
  await app.peer(1)
  for (const [peer, text] of [
    [idle, 'a'],
    [half, 'b'],
  ] as const)
    peer.send(text)
  await waitFor('both', () => app.peers.every((peer) => peer.received !== ''))
  half.socket.end()
  await waitFor('the half-close', () => app.peers.some((peer) => peer.hasEnded))
  clock.advance(303_000)
  await half.untilClosed()
  expect(idle.isClosed).toBe(false)
  clock.advance(3_300_000)
  await idle.untilClosed()
  expect(proxy.traffic.errors).toEqual(['idle_timeout', 'idle_timeout'])
})

test('a connection that was not redirected is refused by a transparent listener', async () => {
  await using world = await World.create()
  const proxy = await world.proxy({ listeners: [{ kind: 'transparent-outbound', address: '127.0.0.1', port: 0 }] })
  using web = knock(proxy.port)
  await web.untilClosed()
  const refused = ['original_destination_unknown', 'loop_detected'].map((code) =>
    proxy.metric(`heddle_errors_total{error="${code}"`),
  )
  expect(refused[0]! + refused[1]!).toBe(1)
})

test('IPv6 is served as IPv4 is', async () => {
  await using world = await World.create()
  const app = world.keep(await startServer(answering(ok('hello'))))
  const proxy = await world.proxy({
    listeners: [{ ...inbound(app.port), address: '::1' }],
  })
  using web = await dial(proxy.port, '::1')
  web.send('GET / HTTP/1.1\r\nhost: a\r\n\r\n')
  await web.until('hello')
})

test('beyond the limit of connections new ones are closed, and it recovers', async () => {
  await using world = await World.create()
  const app = world.keep(await startServer(answering(ok('hello'))))
  const proxy = await world.proxy({
    listeners: [outbound(KEY)],
    destinations: { [KEY]: service([app.port], { protocol: 'http1' }) },
    limits: { connections: 2 },
  })
  const first = await dial(proxy.port)
  using second = await dial(proxy.port)
  await waitFor('two connections', () => proxy.plane.connections(9).length === 2)
  using third = await dial(proxy.port)
  await third.untilEnd()
  expect(proxy.metric('heddle_limit_reached_total{limit="connections"}')).toBe(1)
  expect(proxy.metric('heddle_errors_total{error="connection_limit"')).toBe(1)
  first.socket.destroy()
  await waitFor('room', () => proxy.plane.connections(9).length === 1)
  using fourth = await dial(proxy.port)
  fourth.send('GET / HTTP/1.1\r\nhost: a\r\n\r\n')
  await fourth.until('hello')
  second.socket.destroy()
})

/** Lines of the access log about opaque connections. */
function connectionsLogged({ logged }: TestProxy): readonly Record<string, unknown>[] {
  const lines = logged.map((line) => JSON.parse(line) as Record<string, unknown>)
  return lines.filter(({ msg }) => msg === 'connection' || msg === 'connection failed')
}

test('the access log of all connections has a line of each one when it ends', async () => {
  await using world = await World.create()
  const app = world.keep(await startServer())
  const destinations = { [KEY]: service([app.port], { protocol: 'opaque' }) }
  const proxy = await world.proxy({ listeners: [outbound(KEY)], destinations, accessLog: 'all' })
  const web = await dial(proxy.port)
  const client = `127.0.0.1:${web.socket.localPort}`
  web.send('hello')
  const far = await app.peer(0)
  await far.until('hello')
  expect(connectionsLogged(proxy)).toEqual([])
  far.send('hi')
  await web.until('hi')
  web.socket.end()
  far.socket.end()
  await waitFor('the line', () => connectionsLogged(proxy).length === 1)
  expect(connectionsLogged(proxy)[0]).toMatchObject({
    ...{ level: 'info', msg: 'connection', direction: 'outbound', destination: KEY, client },
    ...{ endpoint: `shop/cart-0:${app.port}`, protocol: 'opaque', readBytes: 5, writtenBytes: 2 },
  })
  expect(connectionsLogged(proxy)[0]).not.toHaveProperty('error')
})

test.each([
  { accessLog: 'off', lines: [] },
  { accessLog: 'failures', lines: ['connection failed'] },
  { accessLog: 'all', lines: ['connection failed'] },
] as const)('an opaque connection that reaches nobody is in the access log of $accessLog: $lines', async (row) => {
  await using world = await World.create()
  const destinations = { [KEY]: service([1], { protocol: 'opaque' }) }
  const proxy = await world.proxy({ listeners: [outbound(KEY)], destinations, accessLog: row.accessLog })
  using web = await dial(proxy.port)
  web.send('hello')
  await waitFor('the failure', () => proxy.traffic.errors.length === 1)
  expect(connectionsLogged(proxy).map(({ msg }) => msg)).toEqual(row.lines)
})
