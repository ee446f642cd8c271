import { ManualClock } from '@heddle/testkit/manual-clock'
import { describe, expect, test } from 'vitest'
import { GrpcClient, startGrpcApp } from './harness/grpc-peer.ts'
import { dial, startServer } from './harness/peer.ts'
import { attach, BACKENDS, CART, httpRoute, startRoutedMesh, V1 } from './harness/routed.ts'
import { waitFor } from './harness/wait-for.ts'
import { outbound, service, World } from './harness/world.ts'

const UPGRADE =
  'GET /chat HTTP/1.1\r\nhost: cart.shop\r\nconnection: Upgrade\r\nupgrade: websocket\r\n' +
  'sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n'
const SWITCHING =
  'HTTP/1.1 101 Switching Protocols\r\nconnection: Upgrade\r\nupgrade: websocket\r\n' +
  'sec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n'

test('a WebSocket goes by a route, outlives its timeout, and is not mirrored', async () => {
  await using world = await World.create()
  const app = world.keep(await startServer())
  const filters = [
    { responseHeaders: { set: [{ name: 'x-route', value: 'yes' }] } },
    { mirror: { backend: { key: 'name:shadow.shop:80', weight: 1 } } },
  ]
  const routes = [httpRoute({ filters, backends: [...BACKENDS.v1], requestTimeoutMs: 100 })]
  const destinations = { [CART]: attach(service([1]), { routes }), [V1]: service([app.port]) }
  const clock = new ManualClock()
  const proxy = await world.proxy({ listeners: [outbound(CART)], destinations, clock })
  using web = await dial(proxy.port)
  web.send(UPGRADE)
  const cart = await app.peer(0)
  await cart.until('\r\n\r\n')
  cart.send(SWITCHING)
  await web.until('x-route: yes\r\n')
  clock.advance(1_000)
  web.send('\0ping')
  await cart.until('\0ping')
  expect(proxy.metric('heddle_upgrades_open_count')).toBe(1)
  expect(proxy.metric('heddle_mirrored_requests_total')).toBe(0)
})

describe.each([
  { version: 'http1' as const, hops: 1 as const },
  { version: 'http2' as const, hops: 1 as const },
  { version: 'http1' as const, hops: 2 as const },
  { version: 'http2' as const, hops: 2 as const },
])('$version over $hops hops', ({ version, hops }) => {
  test('no filter of headers can touch how messages are framed', async () => {
    await using world = await World.create()
    const set = ['content-length', 'transfer-encoding', 'connection', 'host'].map((name) => ({ name, value: '7' }))
    const filters = [{ requestHeaders: { set } }, { responseHeaders: { set } }]
    const mesh = await startRoutedMesh(world, {
      version,
      hops,
      routes: [httpRoute({ filters, backends: [...BACKENDS.v1] })],
    })
    const { status, body } = await mesh.ask({ method: 'POST', body: 'whole' })
    expect([status, body]).toEqual([200, 'v1'])
    expect(mesh.v1.received[0]).toMatchObject({ body: 'whole', headers: { host: '7' } })
    expect((await mesh.ask()).body).toBe('v1')
  })

  test('a failure of the backend tells browsers that they may read it', async () => {
    await using world = await World.create()
    const cors = { allowOrigins: ['*'] }
    const routes = [httpRoute({ filters: [{ cors }], backends: [...BACKENDS.v1] })]
    const mesh = await startRoutedMesh(world, { version, hops, routes, destinations: { [V1]: service([]) } })
    const { status, headers } = await mesh.ask({ headers: { origin: 'https://shop.example' } })
    expect([status, headers['heddle-error']]).toEqual([503, 'no_healthy_endpoint'])
    expect(headers['access-control-allow-origin']).toBe('*')
  })

  test('the answer to HEAD has no body, whatever is to go wrong with one', async () => {
    await using world = await World.create()
    const fault = { policy: 'shop/cut', perMillion: 1_000_000, untilMs: '9999999999999', truncateBodyBytes: 0 }
    const routes = [httpRoute({ faults: [fault], backends: [...BACKENDS.v1] })]
    const mesh = await startRoutedMesh(world, { version, hops, routes })
    expect(await mesh.ask({ method: 'HEAD' })).toMatchObject({ status: 200, body: '' })
    await expect(mesh.ask()).rejects.toThrow()
  })
})

describe.each([{ version: 'http1' as const }, { version: 'http2' as const }])('$version', ({ version }) => {
  test.each([
    { path: '/public/../admin?x=..', seen: '/admin?x=..' },
    { path: '/public/%2e%2e/admin', seen: '/admin' },
    { path: '/./%61dmin', seen: '/admin' },
    { path: '/public\\..\\admin', seen: '/admin' },
  ])('$path is matched as what it is, and the backend gets that', async ({ path, seen }) => {
    await using world = await World.create()
    const admin = { matches: [{ path: { value: '/admin' } }], backends: [...BACKENDS.v2] }
    const all = { matches: [{ path: { value: '/' } }], backends: [...BACKENDS.v1] }
    const mesh = await startRoutedMesh(world, { version, routes: [httpRoute(admin, all)] })
    expect((await mesh.ask({ path })).body).toBe('v2')
    expect(mesh.v2.received.map((one) => one.path)).toEqual([seen])
  })

  test('a path too long for the expressions of all rules is refused, and counted', async () => {
    await using world = await World.create()
    const value = '/v[0-9]+/[a-z]+'
    const match = { path: { type: 'MATCH_TYPE_REGULAR_EXPRESSION' as const, value } }
    const rules = Array.from({ length: 64 }, () => ({ matches: [match], backends: [...BACKENDS.v1] }))
    const proxy = { limits: { matchSteps: 10_000 } }
    const mesh = await startRoutedMesh(world, { version, routes: [httpRoute(...rules)], proxy })
    const { status, headers } = await mesh.ask({ path: `/v1/${'a'.repeat(5_000)}` })
    expect([status, headers['heddle-error']]).toEqual([414, 'path_too_long_to_match'])
    expect(mesh.proxy.metric('heddle_limit_reached_total{limit="matchSteps"}')).toBe(1)
    expect((await mesh.ask({ path: '/v1/short' })).status).toBe(200)
  })
})

test('messages of a mirrored call go to both, as they come', async () => {
  await using world = await World.create()
  const [app, shadow] = [world.keep(await startGrpcApp()), world.keep(await startGrpcApp())]
  const mirror = { backend: { key: 'name:shadow.shop:80', weight: 1 } }
  const rules = [{ filters: [{ mirror }], backends: [...BACKENDS.v1] }]
  const routes = [{ kind: 'ROUTE_KIND_GRPC' as const, namespace: 'shop', name: 'cart', rules }]
  const destinations = {
    [CART]: attach(service([1]), { routes }),
    [V1]: service([app.port]),
    'name:shadow.shop:80': service([shadow.port]),
  }
  const proxy = await world.proxy({ listeners: [outbound(CART)], destinations })
  const call = world.keep(new GrpcClient(proxy.port)).start()
  call.stream.write('first')
  const [real, copy] = [await app.call(0), await shadow.call(0)]
  await waitFor('the first message', () => real.received === 'first' && copy.received === 'first')
  call.stream.end('second')
  await waitFor('the second message', () => real.received === 'firstsecond' && copy.received === 'firstsecond')
  await waitFor('the ends', () => real.hasEnded && copy.hasEnded)
  expect(copy.headers['heddle-mirrored']).toBe('1')
})
