import { connect as connectTls, createServer as createTlsServer } from 'node:tls'
import type { RouteBackendJson, RouteJson } from '@heddle/api/discovery/route'
import type { TestCa } from '@heddle/testkit/test-ca'
import { describe, expect, test } from 'vitest'
import type { AppProtocol } from '../src/workload.ts'
import { dial, knock, type Peer, startServer } from './harness/peer.ts'
import { attach, CART, named, V1, V2 } from './harness/routed.ts'
import { waitFor } from './harness/wait-for.ts'
import { idOf, inbound, outbound, service, World } from './harness/world.ts'

/** Greets whoever has spoken. */
function greeting(name: string) {
  return (peer: Peer) => void peer.socket.once('data', () => peer.send(name))
}

function tcpRoute(...backends: RouteBackendJson[]): RouteJson[] {
  return [{ kind: 'ROUTE_KIND_TCP', namespace: 'shop', name: 'cart', rules: [{ backends }] }]
}

function tlsRoute(serverNames: string[], key: string): RouteJson {
  const rules = [{ matches: [{ serverNames }], backends: [{ key, weight: 1 }] }]
  return { kind: 'ROUTE_KIND_TLS', namespace: 'shop', name: serverNames[0]!, rules }
}

async function startOpaque(world: World, routes: RouteJson[], { hops = 1 }: { hops?: 1 | 2 } = {}) {
  const destinations: Record<string, ReturnType<typeof service>> = {
    [CART]: attach(service([1], { protocol: 'opaque' }), { routes }),
  }
  for (const [key, name] of [
    [V1, 'v1'],
    [V2, 'v2'],
  ] as const) {
    const app = world.keep(await startServer(greeting(name)))
    if (hops === 1) destinations[key] = named(service([app.port]), `cart-${name}`)
    else {
      const options = {
        identity: await world.identity('cart'),
        listeners: [inbound(app.port)],
        protocolOf: () => 'opaque' as const,
      }
      destinations[key] = named(
        service([(await world.proxy(options)).port], { identity: idOf('cart') }),
        `cart-${name}`,
      )
    }
  }
  const identity = hops === 1 ? {} : { identity: await world.identity('web') }
  return world.proxy({ listeners: [outbound(CART)], destinations, ...identity })
}

async function helloFrom(port: number): Promise<string> {
  using web = await dial(port)
  web.send('\0hello')
  await waitFor('a greeting', () => web.received !== '')
  return web.received
}

describe.each([{ hops: 1 as const }, { hops: 2 as const }])('a TCPRoute over $hops hops', ({ hops }) => {
  test('shares connections out by weight', async () => {
    await using world = await World.create()
    const proxy = await startOpaque(world, tcpRoute({ key: V1, weight: 1 }, { key: V2, weight: 1 }), { hops })
    const greetings: string[] = []
    for (let i = 0; i < 50; i++) greetings.push(await helloFrom(proxy.port))
    expect(new Set(greetings)).toEqual(new Set(['v1', 'v2']))
    const services = proxy.traffic.all.map(({ key }) => key.service).sort()
    expect(services).toEqual(['cart-v1', 'cart-v2'])
  })
})

test.each([
  { name: 'none', backends: [], code: 'route_without_backend' },
  { name: 'one that is not there', backends: [{ key: 'name:gone.shop:80', weight: 1 }], code: 'backend_unresolved' },
  { name: 'one that is unresolved', backends: [{ weight: 1, unresolved: 'no grant' }], code: 'backend_unresolved' },
])('a connection whose route has $name for a backend is closed with $code', async ({ backends, code }) => {
  await using world = await World.create()
  const proxy = await startOpaque(world, tcpRoute(...backends))
  using web = knock(proxy.port)
  await web.untilClosed()
  expect(proxy.metric(`heddle_errors_total{error="${code}"`)).toBe(1)
  expect(proxy.traffic.all.map(({ key }) => key.service)).toEqual(['cart'])
})

test('requests of HTTP go by a TCPRoute as well', async () => {
  await using world = await World.create()
  const answer = (name: string) => `HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n${name}`
  const app = world.keep(await startServer(greeting(answer('v2'))))
  const cart = attach(service([1]), { routes: tcpRoute({ key: V2, weight: 1 }) })
  const proxy = await world.proxy({
    listeners: [outbound(CART)],
    destinations: { [CART]: cart, [V2]: service([app.port]) },
  })
  using web = await dial(proxy.port)
  web.send('GET / HTTP/1.1\r\nhost: cart.shop\r\n\r\n')
  await web.until('v2')
})

/** A server of TLS that says who it is. */
async function startTlsApp(ca: TestCa, name: string): Promise<{ readonly port: number; close(): void }> {
  const { certificateChainPem: cert, privateKeyPem: key } = await ca.issueFor(idOf(name))
  const server = createTlsServer({ cert, key }, (socket) => {
    socket.on('error', () => undefined)
    socket.end(name)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return { port: (server.address() as { port: number }).port, close: () => server.close() }
}

/** Who answers for that server name; rejects when the connection is closed. */
function askTls(port: number, servername: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connectTls({ port, host: '127.0.0.1', servername, rejectUnauthorized: false })
    let received = ''
    socket.on('data', (bytes: Buffer) => {
      received += bytes.toString()
    })
    socket.on('error', reject)
    socket.on('end', () => resolve(received))
  })
}

test.each<{ protocol: AppProtocol }>([{ protocol: 'detect' }, { protocol: 'tls' }, { protocol: 'opaque' }])(
  'a TLSRoute sends connections by their server name, where $protocol is declared',
  async ({ protocol }) => {
    await using world = await World.create()
    const apps = [world.keep(await startTlsApp(world.ca, 'v1')), world.keep(await startTlsApp(world.ca, 'v2'))]
    const routes = [tlsRoute(['one.example'], V1), tlsRoute(['*.example'], V2)]
    const destinations = {
      [CART]: attach(service([1], { protocol }), { routes }),
      [V1]: service([apps[0]!.port]),
      [V2]: service([apps[1]!.port]),
    }
    const proxy = await world.proxy({ listeners: [outbound(CART)], destinations })
    expect(await askTls(proxy.port, 'one.example')).toBe('v1')
    expect(await askTls(proxy.port, 'two.example')).toBe('v2')
    await expect(askTls(proxy.port, 'elsewhere.test')).rejects.toThrow()
    expect(proxy.metric('heddle_errors_total{error="no_route_matched"')).toBe(1)
    expect(proxy.logged.join('')).toContain(
      'no rule of TLSRoute shop/one.example is for the server name elsewhere.test',
    )
  },
)
