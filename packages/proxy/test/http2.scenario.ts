import { createServer } from 'node:tls'
import { expect, test } from 'vitest'
import { answerOf, echo, H2Client, startH2App } from './harness/http2.ts'
import { answering, dial, ok, startServer } from './harness/peer.ts'
import { waitFor } from './harness/wait-for.ts'
import { idOf, inbound, outbound, service, startTwoHops, World } from './harness/world.ts'

const KEY = 'name:cart.shop:80'
const GET = 'GET /cart HTTP/1.1\r\nhost: cart.shop\r\n\r\n'

function h2client(world: World, port: number): H2Client {
  return world.keep(new H2Client(port))
}

test('a request of HTTP/2 goes by mTLS to an application of HTTP/2, and is counted as such', async () => {
  await using world = await World.create()
  const app = world.keep(await startH2App(echo))
  const { client, server } = await startTwoHops(world, app.port)
  const web = h2client(world, client.port)

  const answer = await web.ask({ ':method': 'POST', ':path': '/cart?a=1' }, 'apples')

  expect(answer).toMatchObject({ status: 200, body: 'POST /cart?a=1 apples' })
  await waitFor('both outcomes', () => client.traffic.statuses.length + server.traffic.statuses.length === 2)
  expect(client.traffic.all[0]!.key).toMatchObject({ protocol: 'http2', security: 'mtls', peerIdentity: idOf('cart') })
  expect(server.traffic.all[0]!.key).toMatchObject({ protocol: 'http2', security: 'mtls', peerIdentity: idOf('web') })
  expect([client.traffic.statuses, server.traffic.statuses]).toEqual([[200], [200]])
})

test('many requests of many clients of both versions share one connection between the proxies', async () => {
  await using world = await World.create()
  const waiting: Array<() => void> = []
  const app = world.keep(
    await startServer((peer) => {
      peer.socket.on('data', () => {
        if (peer.received.endsWith('\r\n\r\n')) waiting.push(() => peer.send(ok('hello')))
      })
    }),
  )
  const { client, server } = await startTwoHops(world, app.port)
  const peers = await Promise.all(Array.from({ length: 20 }, () => dial(client.port)))
  for (const peer of peers) {
    world.owns(() => peer.socket.destroy())
    peer.send(GET)
  }
  await waitFor('all requests at the application', () => waiting.length === 20)
  for (const answer of waiting) answer()
  for (const peer of peers) await peer.until('hello')

  expect(server.traffic.opened).toBe(1)
  expect(client.traffic.statuses).toEqual(new Array(20).fill(200))
  expect(client.traffic.all.map(({ key }) => key.protocol)).toEqual(['http1'])
  expect(server.traffic.all.map(({ key }) => key.protocol)).toEqual(['http1'])
  expect(app.peers.every((peer) => !peer.received.includes('heddle-'))).toBe(true)
})

test('the application gets the version that the client spoke, from the same port', async () => {
  await using world = await World.create()
  const seen: string[] = []
  const app = world.keep(
    await startServer((peer) => {
      peer.socket.once('data', () => seen.push(peer.received.slice(0, 3)))
    }),
  )
  const { client } = await startTwoHops(world, app.port)
  const web = h2client(world, client.port)
  web.open({ ':path': '/' }, { endStream: true }).on('error', () => undefined)
  await waitFor('HTTP/2', () => seen.length === 1)
  using other = await dial(client.port)
  other.send(GET)
  await waitFor('HTTP/1', () => seen.length === 2)
  expect(seen).toEqual(['PRI', 'GET'])
})

test('a client of HTTP/2 reaches an application that is declared to speak HTTP/1', async () => {
  await using world = await World.create()
  const app = world.keep(await startServer())
  const { client } = await startTwoHops(world, app.port, { protocol: 'http1' })
  const web = h2client(world, client.port)
  const stream = web.open({ ':method': 'POST', ':path': '/cart', te: 'trailers', cookie: ['a=1', 'b=2'] })
  const answer = answerOf(stream)
  stream.write('hello')
  const cart = await app.peer(0)
  await cart.until('5\r\nhello\r\n')
  stream.end()
  await cart.until('0\r\n\r\n')
  cart.send(
    'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\ntrailer: x-cost\r\nkeep-alive: timeout=9\r\n\r\n' +
      '3\r\nyes\r\n0\r\nx-cost: 7\r\n\r\n',
  )

  expect(await answer).toMatchObject({ status: 200, body: 'yes', trailers: { 'x-cost': '7' } })
  expect((await answer).headers['keep-alive']).toBe(undefined)
  const head = cart.received.toLowerCase()
  expect(head).toMatch(/^post \/cart http\/1.1\r\nhost: cart.shop\r\n/)
  expect(head).toContain('cookie: a=1; b=2\r\n')
  expect(head).toContain('te: trailers\r\n')
  expect(head).toContain('transfer-encoding: chunked\r\n')
})

test('a client of HTTP/1 reaches an application that is declared to speak HTTP/2', async () => {
  await using world = await World.create()
  const heads: unknown[] = []
  const app = world.keep(
    await startH2App((stream, headers) => {
      heads.push({ ...headers })
      stream.on('trailers', (trailers) => heads.push({ ...trailers }))
      stream.on('data', () => undefined)
      stream.on('end', () => {
        stream.respond({ ':status': 200 }, { waitForTrailers: true })
        stream.on('wantTrailers', () => stream.sendTrailers({ 'x-cost': '7' }))
        stream.end('yes')
      })
    }),
  )
  const { client } = await startTwoHops(world, app.port, { protocol: 'http2' })
  using web = await dial(client.port)
  web.send(
    'POST /cart HTTP/1.1\r\nhost: cart.shop\r\nconnection: keep-alive, x-hop\r\nx-hop: 1\r\nte: trailers\r\n' +
      'transfer-encoding: chunked\r\ntrailer: x-sum\r\n\r\n5\r\nhello\r\n0\r\nx-sum: 1\r\n\r\n',
  )
  await web.until('0\r\nx-cost: 7\r\n\r\n')
  expect(web.received).toContain('3\r\nyes\r\n')
  expect(heads[0]).toMatchObject({ ':method': 'POST', ':path': '/cart', ':authority': 'cart.shop', te: 'trailers' })
  expect(heads[0]).not.toHaveProperty('x-hop')
  expect(heads[0]).not.toHaveProperty('connection')
  expect(heads[0]).not.toHaveProperty('transfer-encoding')
  expect(heads[0]).not.toHaveProperty('heddle-http-version')
  expect(heads[1]).toMatchObject({ 'x-sum': '1' })
})

test('content-length, HEAD and answers without body keep their meaning from HTTP/2 to HTTP/1 and back', async () => {
  await using world = await World.create()
  const app = world.keep(
    await startServer((peer) => {
      peer.socket.on('data', () => {
        if (!peer.received.endsWith('\r\n\r\n')) return
        const [method] = peer.received.split(' ', 1)
        peer.received = ''
        if (method === 'HEAD') peer.send('HTTP/1.1 200 OK\r\ncontent-length: 5000\r\n\r\n')
        else if (method === 'DELETE') peer.send('HTTP/1.1 204 No Content\r\n\r\n')
        else peer.send(ok('12345'))
      })
    }),
  )
  const { client } = await startTwoHops(world, app.port, { protocol: 'http1' })
  const web = h2client(world, client.port)
  expect((await web.ask({ ':path': '/' })).headers['content-length']).toBe('5')
  expect(await web.ask({ ':method': 'HEAD', ':path': '/' })).toMatchObject({
    status: 200,
    body: '',
    headers: { 'content-length': '5000' },
  })
  expect(await web.ask({ ':method': 'DELETE', ':path': '/' })).toMatchObject({ status: 204, body: '' })
})

test('interim answers and expect: 100-continue pass from HTTP/1 to HTTP/2 and back', async () => {
  await using world = await World.create()
  const app = world.keep(
    await startH2App((stream, headers) => {
      expect(headers.expect).toBe('100-continue')
      stream.additionalHeaders({ ':status': 103, link: '</style.css>' })
      stream.additionalHeaders({ ':status': 100 })
      stream.on('data', () => undefined)
      stream.on('end', () => {
        stream.respond({ ':status': 200, 'content-length': 2 })
        stream.end('ok')
      })
    }),
  )
  const { client } = await startTwoHops(world, app.port, { protocol: 'http2' })
  using web = await dial(client.port)
  web.send('POST / HTTP/1.1\r\nhost: cart.shop\r\nexpect: 100-continue\r\ncontent-length: 3\r\n\r\n')
  await web.until('HTTP/1.1 103 Early Hints\r\n')
  await web.until('HTTP/1.1 100 Continue\r\n\r\n')
  web.send('abc')
  await web.until('\r\n\r\nok')
  expect(web.received).toContain('link: </style.css>\r\n')
})

test('CONNECT over HTTP/2 is refused', async () => {
  await using world = await World.create()
  const app = world.keep(await startH2App(echo))
  const { client } = await startTwoHops(world, app.port)
  const web = h2client(world, client.port)
  const stream = web.session.request({ ':method': 'CONNECT', ':authority': 'elsewhere:443' })
  const answer = await answerOf(stream)
  expect(answer).toMatchObject({ status: 501, headers: { 'heddle-error': 'connect_method_refused' } })
})

test('each request of one connection is balanced by itself', async () => {
  await using world = await World.create()
  const apps = await Promise.all([1, 2, 3].map((name) => startServer(answering(ok(`app${name}`)))))
  const identity = await world.identity('cart')
  const servers = await Promise.all(
    apps.map((app) => world.proxy({ identity, listeners: [inbound(world.keep(app).port)], protocolOf: () => 'http1' })),
  )
  const ports = servers.map(({ port }) => port)
  const client = await world.proxy({
    identity: await world.identity('web'),
    listeners: [outbound(KEY)],
    destinations: { [KEY]: service(ports, { identity: idOf('cart'), protocol: 'http1' }) },
  })
  const web = h2client(world, client.port)
  const answers = await Promise.all(Array.from({ length: 60 }, () => web.ask({ ':path': '/' })))
  const counts = new Map<string, number>()
  for (const { body } of answers) counts.set(body, (counts.get(body) ?? 0) + 1)
  expect([...counts.keys()].sort()).toEqual(['app1', 'app2', 'app3'])
  expect(Math.min(...counts.values())).toBeGreaterThan(5)
  for (const server of servers) expect(server.traffic.opened).toBe(1)
})

test('a proxy that takes only HTTP/1 gets that, over as many connections as are needed', async () => {
  await using world = await World.create()
  const own = await world.ca.issueFor(idOf('cart'))
  const heads: string[] = []
  const options = { cert: own.certificateChainPem, key: own.privateKeyPem, ALPNProtocols: ['http/1.1'] }
  const yesterday = createServer(options, (socket) => {
    socket.on('error', () => undefined)
    socket.on('data', (bytes: Buffer) => {
      heads.push(bytes.toString('latin1'))
      socket.write(ok('hello'))
    })
  })
  let opened = 0
  yesterday.on('secureConnection', () => {
    opened += 1
  })
  await new Promise<void>((resolve) => yesterday.listen(0, '127.0.0.1', resolve))
  world.owns(() => yesterday.close())
  const { port } = yesterday.address() as { port: number }
  const client = await world.proxy({
    identity: await world.identity('web'),
    listeners: [outbound(KEY)],
    destinations: { [KEY]: service([port], { identity: idOf('cart') }) },
  })
  const web = h2client(world, client.port)
  const answers = await Promise.all(Array.from({ length: 5 }, () => web.ask({ ':path': '/' })))
  expect(answers.map(({ body }) => body)).toEqual(new Array(5).fill('hello'))
  expect(opened).toBeGreaterThan(1)
  expect(opened).toBeLessThanOrEqual(5)
  expect(heads.every((head) => head.startsWith('GET / HTTP/1.1\r\n') && !head.includes('heddle-'))).toBe(true)
})

test('proxies speak HTTP/1 when one is told to', async () => {
  await using world = await World.create()
  const app = world.keep(await startServer(answering(ok('hello'))))
  const server = await world.proxy({ identity: await world.identity('cart'), listeners: [inbound(app.port)] })
  const client = await world.proxy({
    identity: await world.identity('web'),
    listeners: [outbound(KEY)],
    meshVersion: 'http1',
    destinations: { [KEY]: service([server.port], { identity: idOf('cart'), protocol: 'http1' }) },
  })
  using web = await dial(client.port)
  web.send(GET)
  await web.until('hello')
  expect(server.plane.connections(10).map(({ protocol }) => protocol)).toEqual(['http1'])
})

test('what a client says of its version is believed of no client but a proxy, and reaches no application', async () => {
  await using world = await World.create()
  const app = world.keep(
    await startH2App((stream, headers) => {
      stream.respond({ ':status': 200, 'x-seen': String(headers['heddle-http-version']) })
      stream.end()
    }),
  )
  const { client, server } = await startTwoHops(world, app.port)
  for (const { port } of [client, server]) {
    const web = h2client(world, port)
    const answer = await web.ask({ ':path': '/', 'heddle-http-version': '1' })
    expect(answer.headers['x-seen']).toBe('undefined')
  }
  expect(server.traffic.all.every(({ key }) => key.protocol === 'http2')).toBe(true)
})
