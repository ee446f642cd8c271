import type { ServerHttp2Stream } from 'node:http2'
import { ManualClock } from '@heddle/testkit/manual-clock'
import { expect, test } from 'vitest'
import { H2Client, startH2App } from './harness/http2.ts'
import { dial, startServer } from './harness/peer.ts'
import { waitFor } from './harness/wait-for.ts'
import { outbound, service, startTwoHops, World } from './harness/world.ts'

const KEY = 'name:cart.shop:80'
// RFC 6455 §1.3
const CLIENT_KEY = 'dGhlIHNhbXBsZSBub25jZQ=='
const ACCEPT = 's3pPLMBiTxaQ9kYGzzhZRbK+xOo='
const UPGRADE =
  'GET /chat HTTP/1.1\r\nhost: cart.shop\r\nconnection: Upgrade\r\nupgrade: websocket\r\n' +
  `sec-websocket-version: 13\r\nsec-websocket-key: ${CLIENT_KEY}\r\n\r\n`

function switching(accept: string): string {
  return `HTTP/1.1 101 Switching Protocols\r\nconnection: Upgrade\r\nupgrade: websocket\r\nsec-websocket-accept: ${accept}\r\n\r\n`
}

function keyIn(head: string): string {
  return /^sec-websocket-key: (.*)\r$/im.exec(head)?.[1] ?? ''
}

test('a WebSocket of HTTP/1 shares the connection between proxies, with key and proof from end to end', async () => {
  await using world = await World.create()
  const app = world.keep(await startServer())
  const { client, server } = await startTwoHops(world, app.port)
  using web = await dial(client.port)
  web.send(UPGRADE)
  const cart = await app.peer(0)
  await cart.until('\r\n\r\n')
  expect(cart.received).toMatch(/^GET \/chat HTTP\/1.1\r\n/)
  expect(keyIn(cart.received)).toBe(CLIENT_KEY)
  expect(cart.received).not.toContain('heddle-')
  cart.send(`${switching(ACCEPT)}welcome`)
  await web.until('\r\n\r\nwelcome')
  expect(web.received).toContain('HTTP/1.1 101 ')
  expect(web.received.toLowerCase()).toContain(`sec-websocket-accept: ${ACCEPT.toLowerCase()}`)
  web.send('\0ping\xff')
  await cart.until('\0ping\xff')
  // Not before: while it is silent it may be taken for one that waits for the server, over a connection of its own.
  using other = await dial(client.port)
  other.send('GET / HTTP/1.1\r\nhost: cart.shop\r\n\r\n')
  await (await app.peer(1)).until('\r\n\r\n')
  expect(server.traffic.opened).toBe(1)
  for (const proxy of [client, server]) expect(proxy.metric('heddle_upgrades_open_count')).toBe(1)
  web.socket.end()
  cart.socket.end()
  await waitFor('the ends', () => client.traffic.statuses.length === 1 && server.traffic.statuses.length === 1)
  expect([client.traffic.statuses, server.traffic.statuses]).toEqual([[101], [101]])
  for (const proxy of [client, server]) expect(proxy.metric('heddle_upgrades_open_count')).toBe(0)
})

test('a WebSocket of HTTP/2 reaches an application of HTTP/1, whose proof is looked at', async () => {
  await using world = await World.create()
  const app = world.keep(await startServer())
  const { client } = await startTwoHops(world, app.port)
  const web = world.keep(new H2Client(client.port))
  await waitFor('SETTINGS', () => web.session.remoteSettings.enableConnectProtocol === true)
  const stream = web.open({ ':method': 'CONNECT', ':protocol': 'websocket', ':path': '/chat', ':scheme': 'http' })
  stream.on('error', () => undefined)
  let status = 0
  let received = ''
  stream.on('response', (headers) => {
    status = Number(headers[':status'])
  })
  stream.on('data', (bytes: Buffer) => {
    received += bytes.toString('latin1')
  })
  const cart = await app.peer(0)
  await cart.until('\r\n\r\n')
  expect(cart.received).toMatch(/^GET \/chat HTTP\/1.1\r\n/)
  const key = keyIn(cart.received)
  const { createHash } = await import('node:crypto')
  const accept = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64')
  cart.send(`${switching(accept)}welcome`)
  await waitFor('the first octets', () => received === 'welcome')
  expect(status).toBe(200)
  stream.write('ping')
  await cart.until('ping')
  stream.end()
  await waitFor('the half-close', () => cart.hasEnded)
  cart.send('bye')
  await waitFor('the last octets', () => received === 'welcomebye')
  cart.socket.end()
})

test('a WebSocket whose server proves nothing is refused', async () => {
  await using world = await World.create()
  const app = world.keep(await startServer())
  const { client } = await startTwoHops(world, app.port)
  const web = world.keep(new H2Client(client.port))
  await waitFor('SETTINGS', () => web.session.remoteSettings.enableConnectProtocol === true)
  const stream = web.open({ ':method': 'CONNECT', ':protocol': 'websocket', ':path': '/chat', ':scheme': 'http' })
  stream.on('error', () => undefined)
  let status = 0
  stream.on('response', (headers) => {
    status = Number(headers[':status'])
  })
  const cart = await app.peer(0)
  await cart.until('\r\n\r\n')
  cart.send(switching('nothing'))
  await waitFor('the answer', () => status === 502)
})

test('a client of HTTP/1 gets its proof when the application speaks HTTP/2', async () => {
  await using world = await World.create()
  let opened: ServerHttp2Stream | undefined
  const app = world.keep(
    await startH2App(
      (stream, headers) => {
        expect(headers).toMatchObject({ ':method': 'CONNECT', ':protocol': 'websocket', ':path': '/chat' })
        stream.respond({ ':status': 200 })
        stream.write('welcome')
        opened = stream
      },
      { settings: { enableConnectProtocol: true } },
    ),
  )
  const { client } = await startTwoHops(world, app.port, { protocol: 'http2' })
  using web = await dial(client.port)
  web.send(UPGRADE)
  await web.until('\r\n\r\nwelcome')
  expect(web.received).toMatch(/^HTTP\/1.1 101 /)
  expect(web.received.toLowerCase()).toContain(`sec-websocket-accept: ${ACCEPT.toLowerCase()}`)
  opened!.end()
})

test('an upgrade to another protocol keeps its method and its choice', async () => {
  await using world = await World.create()
  const app = world.keep(await startServer())
  const { client } = await startTwoHops(world, app.port)
  using web = await dial(client.port)
  web.send('OPTIONS /x HTTP/1.1\r\nhost: cart.shop\r\nconnection: upgrade\r\nupgrade: foo/2, bar\r\n\r\n')
  const cart = await app.peer(0)
  await cart.until('\r\n\r\n')
  expect(cart.received).toMatch(/^OPTIONS \/x HTTP\/1.1\r\n/)
  expect(cart.received.toLowerCase()).toContain('upgrade: foo/2, bar\r\n')
  cart.send('HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: bar\r\n\r\nhi')
  await web.until('\r\n\r\nhi')
  expect(web.received.toLowerCase()).toContain('upgrade: bar\r\n')
})

test('the latency of a WebSocket is the time until it was open, and its life is told apart', async () => {
  await using world = await World.create()
  const clock = new ManualClock()
  const app = world.keep(await startServer())
  const proxy = await world.proxy({
    listeners: [outbound(KEY)],
    destinations: { [KEY]: service([app.port]) },
    accessLog: 'all',
    clock,
  })
  using web = await dial(proxy.port)
  web.send(UPGRADE)
  const cart = await app.peer(0)
  await cart.until('\r\n\r\n')
  clock.advance(200)
  cart.send(switching(ACCEPT))
  await web.until('101')
  clock.advance(60_000)
  web.socket.end()
  cart.socket.end()
  await waitFor('the end', () => proxy.traffic.statuses.length === 1)
  expect(proxy.traffic.all.flatMap(({ latenciesUs }) => latenciesUs)).toEqual([200_000])
  expect(proxy.metric('heddle_upgrade_life_seconds_sum')).toBe(60)
  expect(proxy.metric('heddle_upgrade_life_seconds_count')).toBe(1)
  expect(JSON.parse(proxy.logged.at(-1)!)).toMatchObject({ status: 101, latencyUs: 200_000, upgradeUs: 60_000_000 })
})

test('a silent WebSocket is closed after the time that was set', async () => {
  await using world = await World.create()
  const clock = new ManualClock()
  const app = world.keep(await startServer())
  const proxy = await world.proxy({
    listeners: [outbound(KEY)],
    destinations: { [KEY]: service([app.port]) },
    limits: { websocketIdleMs: 30_000 },
    clock,
  })
  using web = await dial(proxy.port)
  web.send(UPGRADE)
  const cart = await app.peer(0)
  await cart.until('\r\n\r\n')
  cart.send(switching(ACCEPT))
  await web.until('101')
  for (let i = 0; i < 3; i++) {
    clock.advance(25_000)
    web.clear()
    cart.send('x')
    await web.until('x')
  }
  clock.advance(33_000)
  await web.untilClosed()
  expect(proxy.metric('heddle_limit_reached_total{limit="websocketIdleMs"}')).toBe(1)
})
