import { connect as connectTls } from 'node:tls'
import { createTestCa } from '@heddle/testkit/test-ca'
import { expect, test } from 'vitest'
import { answering, dial, ok, startServer } from './harness/peer.ts'
import { waitFor } from './harness/wait-for.ts'
import { idOf, inbound, outbound, service, startTwoHops, type TestProxy, World } from './harness/world.ts'

const GET = 'GET /cart?a=1 HTTP/1.1\r\nhost: cart.shop\r\n\r\n'

async function ask(proxy: TestProxy, request = GET): Promise<string> {
  using client = await dial(proxy.port)
  client.send(request.replace('\r\n\r\n', '\r\nconnection: close\r\n\r\n'))
  await client.untilEnd()
  return client.received
}

test('a request goes by mTLS from proxy to proxy, and both count who spoke with whom', async () => {
  await using world = await World.create()
  const app = world.keep(await startServer(answering(ok('hello'))))
  const { client, server } = await startTwoHops(world, app.port)

  expect(await ask(client)).toMatch(/^HTTP\/1.1 200 OK\r\n[\s\S]*hello$/)

  expect(app.peers[0]!.received).toMatch(/^GET \/cart\?a=1 HTTP\/1.1\r\nhost: cart.shop\r\n/i)
  await waitFor('both outcomes', () => client.traffic.statuses.length === 1 && server.traffic.statuses.length === 1)
  expect(client.traffic.all[0]!.key).toEqual({
    direction: 'outbound',
    serviceNamespace: 'shop',
    service: 'cart',
    port: 80,
    peerNamespace: 'shop',
    peerWorkload: 'cart',
    peerInstance: 'cart-0',
    peerIdentity: idOf('cart'),
    security: 'mtls',
    protocol: 'http1',
  })
  expect(server.traffic.all[0]!.key).toMatchObject({
    direction: 'inbound',
    port: 8080,
    peerNamespace: 'shop',
    peerWorkload: 'web',
    peerIdentity: idOf('web'),
    security: 'mtls',
    protocol: 'http1',
  })
  expect([client.traffic.statuses, server.traffic.statuses]).toEqual([[200], [200]])
  expect(client.traffic.all[0]!.readBytes).toBe(server.traffic.all[0]!.writtenBytes)
})

test('requests of many clients share the connections between the proxies', async () => {
  await using world = await World.create()
  const app = world.keep(await startServer(answering(ok('hello'))))
  const { client, server } = await startTwoHops(world, app.port)

  for (let i = 0; i < 5; i++) expect(await ask(client)).toContain('hello')

  expect(server.traffic.opened).toBe(1)
  expect(app.peers.length).toBe(1)
})

test('a chunked body with trailers, and an interim answer, arrive as they were sent', async () => {
  await using world = await World.create()
  const app = world.keep(await startServer())
  const { client } = await startTwoHops(world, app.port)
  using web = await dial(client.port)

  web.send(
    'POST / HTTP/1.1\r\nhost: cart.shop\r\nexpect: 100-continue\r\ntransfer-encoding: chunked\r\ntrailer: x-sum\r\n\r\n',
  )
  const cart = await app.peer(0)
  await cart.until('\r\n\r\n')
  cart.send('HTTP/1.1 100 Continue\r\n\r\n')
  await web.until('HTTP/1.1 100 Continue\r\n\r\n')
  web.send('5\r\nhello\r\n0\r\nx-sum: 1\r\n\r\n')
  await cart.until('0\r\nx-sum: 1\r\n\r\n')
  cart.send(
    'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\ntrailer: x-cost\r\n\r\n3\r\nyes\r\n0\r\nx-cost: 7\r\n\r\n',
  )

  await web.until('0\r\nx-cost: 7\r\n\r\n')
  expect(cart.received).toContain('5\r\nhello\r\n')
  expect(web.received).toContain('3\r\nyes\r\n')
})

test('heads of more octets than a frame between the proxies may have arrive as they were sent, both ways', async () => {
  await using world = await World.create()
  const valueWith = (step: number) =>
    Array.from({ length: 10_000 }, (_, at) => '<>{}|~^`'[(at * step + (at >> 4)) & 7]).join('')
  const lines = [1, 3, 5, 7].map((step) => `x-${step}: ${valueWith(step)}\r\n`).join('')
  const app = world.keep(await startServer(answering(`HTTP/1.1 200 OK\r\n${lines}content-length: 5\r\n\r\nhello`)))
  const { client } = await startTwoHops(world, app.port)

  const answer = await ask(client, GET.replace('\r\n\r\n', `\r\n${lines}\r\n`))

  expect(answer).toContain(lines)
  expect(answer).toMatch(/^HTTP\/1.1 200 OK\r\n[\s\S]*hello$/)
  expect(app.peers[0]!.received).toContain(lines)
})

test.each([
  {
    name: 'of a foreign authority',
    server: async () => (await createTestCa()).issueFor(idOf('cart')),
    code: 'peer_certificate_untrusted',
  },
  {
    name: 'that expired',
    server: (world: World) => world.ca.issue({ uris: [idOf('cart')], notAfterMs: Date.now() - 120_000 }),
    code: 'peer_certificate_expired',
  },
  {
    name: 'of another identity',
    server: (world: World) => world.ca.issueFor(idOf('thief')),
    code: 'peer_identity_mismatch',
  },
  {
    name: 'of two identities',
    server: (world: World) => world.ca.issue({ uris: [idOf('cart'), idOf('thief')] }),
    code: 'peer_identity_mismatch',
  },
])('a server with a certificate $name gets no request', async ({ server: certificate, code }) => {
  await using world = await World.create()
  const app = world.keep(await startServer(answering(ok('secret'))))
  const server = await world.proxy({
    identity: await world.identity('cart', await certificate(world)),
    listeners: [inbound(app.port)],
  })
  const client = await world.proxy({
    identity: await world.identity('web'),
    listeners: [outbound('name:cart.shop:80')],
    destinations: { 'name:cart.shop:80': service([server.port], { identity: idOf('cart') }) },
  })

  const answer = await ask(client)

  expect(answer).toMatch(/^HTTP\/1.1 502 /)
  expect(answer).toContain(`heddle-error: ${code}\r\n`)
  expect(app.peers.length).toBe(0)
  expect(client.traffic.errors).toEqual([code])
})

test.each([
  { name: 'of a foreign authority', client: async () => (await createTestCa()).issueFor(idOf('web')) },
  {
    name: 'that expired',
    client: (world: World) => world.ca.issue({ uris: [idOf('web')], notAfterMs: Date.now() - 120_000 }),
  },
  {
    name: 'of another trust domain',
    client: (world: World) => world.ca.issueFor('spiffe://elsewhere.example/ns/shop/sa/web'),
  },
  { name: 'without an identity', client: (world: World) => world.ca.issue({ uris: [] }) },
  { name: 'that is none', client: async () => undefined },
])('a client with a certificate $name reaches no application', async ({ client: certificate }) => {
  await using world = await World.create()
  const app = world.keep(await startServer(answering(ok('secret'))))
  const identity = await world.identity('cart')
  const server = await world.proxy({ identity, listeners: [inbound(app.port)] })
  const own = await certificate(world)

  const socket = connectTls({
    port: server.port,
    host: '127.0.0.1',
    servername: identity.serverName,
    ca: world.ca.trustBundlePem,
    checkServerIdentity: () => undefined,
    ALPNProtocols: ['http/1.1'],
    ...(own === undefined ? {} : { cert: own.certificateChainPem, key: own.privateKeyPem }),
  })
  let received = ''
  let isClosed = false
  socket.on('data', (bytes: Buffer) => {
    received += bytes.toString('latin1')
  })
  socket.on('error', () => undefined)
  socket.on('close', () => {
    isClosed = true
  })
  socket.on('secureConnect', () => socket.write(GET))
  await waitFor('the close', () => isClosed)

  expect(received).toBe('')
  expect(app.peers.length).toBe(0)
  await waitFor('the refusal', () => server.metric('heddle_errors_total{error="client_identity_refused"') === 1)
})

test('a proxy whose certificate is refused by the other says so', async () => {
  await using world = await World.create()
  const app = world.keep(await startServer(answering(ok('secret'))))
  const server = await world.proxy({ identity: await world.identity('cart'), listeners: [inbound(app.port)] })
  // Trusts the server, but was issued by somebody else.
  const foreign = await (await createTestCa()).issueFor(idOf('web'))
  const material = { ...foreign, trustBundlePem: world.ca.trustBundlePem }
  const client = await world.proxy({
    identity: await world.identity('web', material),
    listeners: [outbound('name:cart.shop:80')],
    destinations: { 'name:cart.shop:80': service([server.port], { identity: idOf('cart') }) },
  })

  expect(await ask(client)).toContain('heddle-error: refused_by_peer\r\n')
  expect(app.peers.length).toBe(0)
  await waitFor('the refusal', () => server.metric('heddle_errors_total{error="client_identity_refused"') === 1)
})

test('a proxy without a certificate says so, and asks nobody', async () => {
  await using world = await World.create()
  const client = await world.proxy({
    listeners: [outbound('name:cart.shop:80')],
    destinations: { 'name:cart.shop:80': service([9], { identity: idOf('cart') }) },
  })
  // Port 9 refuses: to reach the handshake there must be a listener.
  const app = world.keep(await startServer())
  const other = await world.proxy({
    listeners: [outbound('name:cart.shop:80')],
    destinations: { 'name:cart.shop:80': service([app.port], { identity: idOf('cart') }) },
  })
  expect(await ask(client)).toContain('heddle-error: connect_refused\r\n')
  expect(await ask(other)).toContain('heddle-error: own_certificate_missing\r\n')
  expect(app.peers.every((peer) => peer.received === '')).toBe(true)
})

test('a rotated certificate is used by new connections, and live ones go on', async () => {
  await using world = await World.create()
  const app = world.keep(await startServer(answering(ok('hello'))))
  const { client, server, clientIdentity, serverIdentity } = await startTwoHops(world, app.port)
  using before = await dial(client.port)
  before.send(GET)
  await before.until('hello')

  // Another authority altogether: what was made with the old one would be refused.
  const next = await createTestCa()
  serverIdentity.rotate(await next.issueFor(idOf('cart')))
  const stranger = await ask(client, GET.replace('GET', 'OPTIONS'))
  before.clear()
  before.send(GET)
  await before.until('hello')
  clientIdentity.rotate(await next.issueFor(idOf('web')))

  expect(stranger).toContain('hello')
  expect(server.traffic.opened).toBe(1)
  const crowd = await Promise.all([ask(client), ask(client), ask(client)])
  for (const answer of crowd) expect(answer).toContain('hello')
  expect(server.traffic.opened).toBeGreaterThan(1)
})
