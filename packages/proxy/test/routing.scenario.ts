import { describe, expect, test } from 'vitest'
import { ProxyError } from '../src/errors/proxy-error.ts'
import type { HttpVersion } from '../src/exchange/http-version.ts'
import type { DestinationSource } from '../src/workload.ts'
import { GrpcClient } from './harness/grpc-peer.ts'
import { ask, attach, BACKENDS, CART, httpRoute, startApp, startRoutedMesh, V1, V2 } from './harness/routed.ts'
import { waitFor } from './harness/wait-for.ts'
import { outbound, service, World } from './harness/world.ts'

const VERSIONS: readonly { version: HttpVersion; hops: 1 | 2 }[] = [
  { version: 'http1', hops: 1 },
  { version: 'http2', hops: 1 },
  { version: 'http1', hops: 2 },
  { version: 'http2', hops: 2 },
]

describe.each(VERSIONS)('$version over $hops hops', ({ version, hops }) => {
  test('requests go where the best match says', async () => {
    await using world = await World.create()
    const header = { type: 'MATCH_TYPE_EXACT', name: 'x-version', value: 'two' } as const
    const routes = [
      httpRoute(
        { matches: [{ path: { type: 'MATCH_TYPE_PREFIX', value: '/v1' } }], backends: [...BACKENDS.v1] },
        { matches: [{ headers: [header] }], backends: [...BACKENDS.v2] },
        {
          matches: [{ path: { type: 'MATCH_TYPE_REGULAR_EXPRESSION', value: '/[a-z]+/[0-9]+' } }],
          backends: [...BACKENDS.v2],
        },
      ),
    ]
    const mesh = await startRoutedMesh(world, { version, hops, routes })
    expect((await mesh.ask({ path: '/v1/items?a=1' })).body).toBe('v1')
    expect((await mesh.ask({ path: '/else', headers: { 'x-version': 'two' } })).body).toBe('v2')
    expect((await mesh.ask({ path: '/items/77' })).body).toBe('v2')
    expect((await mesh.ask({ path: '/v1/items', method: 'POST', body: 'hello' })).body).toBe('v1')
    expect(mesh.v1.received.at(-1)).toMatchObject({ method: 'POST', path: '/v1/items', body: 'hello' })
    const services = mesh.proxy.traffic.all.map(({ key, statuses }) => [key.service, statuses])
    expect(services).toContainEqual(['cart-v1', [200, 200]])
    expect(services).toContainEqual(['cart-v2', [200, 200]])
  })

  test('a request that fits no rule gets 404, and one without a usable backend 500, each with the reason', async () => {
    await using world = await World.create()
    const at = (value: string) => [{ path: { type: 'MATCH_TYPE_EXACT' as const, value } }]
    const unresolved = [{ weight: 1, unresolved: 'there is no Service gone in shop' }]
    const routes = [
      httpRoute(
        { matches: at('/weightless'), backends: [{ key: V1, weight: 0 }] },
        { matches: at('/unresolved'), backends: unresolved },
        { matches: at('/missing'), backends: [{ key: 'name:late.shop:80', weight: 1 }] },
      ),
    ]
    const mesh = await startRoutedMesh(world, { version, hops, routes })
    const failed = async (path: string) => {
      const { status, headers } = await mesh.ask({ path })
      return [status, headers['heddle-error']]
    }
    expect(await failed('/')).toEqual([404, 'no_route_matched'])
    expect(await failed('/weightless')).toEqual([500, 'route_without_backend'])
    expect(await failed('/unresolved')).toEqual([500, 'backend_unresolved'])
    expect(await failed('/missing')).toEqual([500, 'backend_unresolved'])
    expect(mesh.proxy.logged.join('')).toContain('there is no Service gone in shop')
    expect(mesh.proxy.metric('heddle_errors_total{error="no_route_matched",source="client"}')).toBe(1)
  })

  test('headers of request and answer are changed, by the rule and by the backend', async () => {
    await using world = await World.create()
    const line = (name: string, value: string) => ({ name, value })
    const filters = [
      { requestHeaders: { set: [line('x-set', 'rule')], add: [line('x-add', 'rule')], remove: ['x-secret'] } },
      { responseHeaders: { set: [line('x-from', 'rule')], remove: ['x-internal'] } },
    ]
    const ofBackend = [
      { requestHeaders: { add: [line('x-add', 'backend')] } },
      { responseHeaders: { add: [line('x-more', 'backend')] } },
    ]
    const routes = [httpRoute({ filters, backends: [{ key: V1, weight: 1, filters: ofBackend }] })]
    const answer = { headers: { 'x-internal': 'yes', 'x-from': 'app' } }
    const mesh = await startRoutedMesh(world, { version, hops, routes, answer })
    const { headers } = await mesh.ask({ headers: { 'x-secret': 'hidden', 'x-set': 'client' } })
    expect(headers).toMatchObject({ 'x-from': 'rule', 'x-more': 'backend' })
    expect(headers['x-internal']).toBeUndefined()
    expect(mesh.v1.received[0]!.headers).toMatchObject({ 'x-set': 'rule', 'x-add': 'rule, backend' })
    expect(mesh.v1.received[0]!.headers['x-secret']).toBeUndefined()
  })

  test('host and path are rewritten', async () => {
    await using world = await World.create()
    const rewrite = { hostname: 'api.shop', path: { replacePrefixMatch: '/new' } }
    const matches = [{ path: { type: 'MATCH_TYPE_PREFIX' as const, value: '/old' } }]
    const routes = [httpRoute({ matches, filters: [{ rewrite }], backends: [...BACKENDS.v1] })]
    const mesh = await startRoutedMesh(world, { version, hops, routes })
    await mesh.ask({ path: '/old/things?a=b' })
    expect(mesh.v1.received[0]).toMatchObject({ path: '/new/things?a=b' })
    expect(mesh.v1.received[0]!.headers.host).toBe('api.shop')
  })
})

describe.each([{ version: 'http1' as const }, { version: 'http2' as const }])('$version', ({ version }) => {
  test.each([301, 302, 303, 307, 308])('a redirect answers %i, and nobody else is asked', async (status) => {
    await using world = await World.create()
    const redirect = { hostname: 'www.shop', scheme: 'https', path: { replaceFullPath: '/moved' }, status }
    const mesh = await startRoutedMesh(world, { version, routes: [httpRoute({ filters: [{ redirect }] })] })
    const answer = await mesh.ask({ path: '/here?a=1' })
    expect([answer.status, answer.headers.location]).toEqual([status, 'https://www.shop/moved?a=1'])
    expect(mesh.proxy.traffic.statuses).toEqual([status])
  })

  test('a preflight is answered here, and the answer to the request says who may read it', async () => {
    await using world = await World.create()
    const cors = { allowOrigins: ['https://shop.example'], allowMethods: ['PUT'], allowHeaders: ['x-user'], maxAge: 60 }
    const mesh = await startRoutedMesh(world, {
      version,
      routes: [httpRoute({ filters: [{ cors }], backends: [...BACKENDS.v1] })],
    })
    const origin = 'https://shop.example'
    const preflight = await mesh.ask({ method: 'OPTIONS', headers: { origin, 'access-control-request-method': 'PUT' } })
    expect(preflight.status).toBe(200)
    expect(preflight.headers).toMatchObject({
      'access-control-allow-origin': origin,
      'access-control-allow-methods': 'PUT',
      'access-control-max-age': '60',
    })
    expect(mesh.v1.received).toEqual([])
    const strange = { origin: 'https://evil.example', 'access-control-request-method': 'PUT' }
    expect((await mesh.ask({ method: 'OPTIONS', headers: strange })).status).toBe(403)
    const answer = await mesh.ask({ method: 'PUT', headers: { origin } })
    expect([answer.body, answer.headers['access-control-allow-origin']]).toEqual(['v1', origin])
  })

  test('weights share requests out', async () => {
    await using world = await World.create()
    const routes = [
      httpRoute({
        backends: [
          { key: V1, weight: 3 },
          { key: V2, weight: 1 },
        ],
      }),
    ]
    const mesh = await startRoutedMesh(world, { version, routes })
    const bodies: string[] = []
    // Of so many three quarters miss these bounds by chance once in 10^12 runs.
    for (let i = 0; i < 200; i++) bodies.push((await mesh.ask()).body)
    const share = bodies.filter((body) => body === 'v1').length / bodies.length
    expect(share).toBeGreaterThan(0.5)
    expect(share).toBeLessThan(0.95)
  })

  test('a backend that is not known yet is asked for once, and the request waits for it with its body', async () => {
    await using world = await World.create()
    const app = world.keep(await startApp(version, 'late'))
    const asked: string[] = []
    const cart = attach(service([1]), { routes: [httpRoute({ backends: [...BACKENDS.v1] })] })
    const arriving = Promise.withResolvers<ReturnType<typeof service>>()
    const source: DestinationSource = {
      resolve(key) {
        asked.push(key)
        return key === CART ? cart : arriving.promise
      },
    }
    const proxy = await world.proxy({ listeners: [outbound(CART)], destinations: source })
    const asking = ask(version, proxy.port, { method: 'POST', body: 'a body of some length' })
    await waitFor('the question', () => asked.includes(V1))
    arriving.resolve(service([app.port]))
    expect((await asking).body).toBe('late')
    expect(app.received[0]!.body).toBe('a body of some length')
  })

  test('a backend of which the control plane does not tell in time fails the request as any destination does', async () => {
    await using world = await World.create()
    const cart = attach(service([1]), { routes: [httpRoute({ backends: [...BACKENDS.v1] })] })
    const error = new ProxyError('discovery_unavailable', 'no answer')
    const source: DestinationSource = { resolve: (key) => (key === CART ? cart : Promise.reject(error)) }
    const proxy = await world.proxy({ listeners: [outbound(CART)], destinations: source })
    expect((await ask(version, proxy.port)).headers['heddle-error']).toBe('discovery_unavailable')
  })
})

test('without routes a destination with faults only keeps its own endpoints', async () => {
  await using world = await World.create()
  const faults = [{ policy: 'shop/none', perMillion: 0, untilMs: '9999999999999', delayMs: 1 }]
  const mesh = await startRoutedMesh(world, { version: 'http1', faults })
  expect((await mesh.ask()).body).toBe('cart')
})

test.each([
  { path: '/shop.Cart/Add', status: '12', code: undefined },
  { path: '/shop.Cart/None', status: '12', code: 'no_route_matched' },
  { path: '/shop.Cart/Gone', status: '14', code: 'backend_unresolved' },
])('a call of $path ends with status $status', async ({ path, status, code }) => {
  await using world = await World.create()
  const calls = (method: string) => [{ grpc: { type: 'MATCH_TYPE_EXACT' as const, service: 'shop.Cart', method } }]
  const rules = [
    { matches: calls('Add'), backends: [...BACKENDS.v2] },
    { matches: calls('Gone'), backends: [{ weight: 1, unresolved: 'no grant' }] },
  ]
  const routes = [{ kind: 'ROUTE_KIND_GRPC' as const, namespace: 'shop', name: 'cart', rules }]
  // An application that does not speak gRPC, but answers 404, which stands for UNIMPLEMENTED.
  const mesh = await startRoutedMesh(world, { version: 'http2', routes, answer: { status: 404 } })
  const client = world.keep(new GrpcClient(mesh.proxy.port))
  const call = client.call({ ':path': path })
  if (code !== undefined) expect(await call.status()).toBe(status)
  await waitFor('the end of the call', () => call.isClosed)
  expect(call.head?.['heddle-error']).toBe(code)
  expect(mesh.proxy.traffic.grpcStatuses).toEqual([Number(status)])
  expect(mesh.v2.received.length).toBe(code === undefined ? 1 : 0)
})

test('the access log names the rule, the backend and the faults of a request', async () => {
  await using world = await World.create()
  const fault = { policy: 'shop/slow', perMillion: 1_000_000, untilMs: '9999999999999', delayMs: 1 }
  const routes = [httpRoute({ backends: [...BACKENDS.v1], faults: [fault] })]
  const mesh = await startRoutedMesh(world, { version: 'http1', routes, proxy: { accessLog: 'all' } })
  await mesh.ask()
  await waitFor('the line', () => mesh.proxy.logged.some((line) => line.includes('"msg":"request"')))
  const line = JSON.parse(mesh.proxy.logged.find((text) => text.includes('"msg":"request"'))!)
  expect(line).toMatchObject({ destination: CART, route: 'shop/cart#0', backend: V1 })
  expect(line.faults).toEqual([expect.stringContaining('held for 1 ms: FaultPolicy shop/slow')])
})

test('the log of a failed request has the id that its answer has', async () => {
  await using world = await World.create()
  const routes = [httpRoute({ matches: [{ method: 'POST' }], backends: [...BACKENDS.v1] })]
  const mesh = await startRoutedMesh(world, { version: 'http1', routes })
  const { headers } = await mesh.ask()
  await waitFor('the line', () => mesh.proxy.logged.some((line) => line.includes('"msg":"request failed"')))
  const line = JSON.parse(mesh.proxy.logged.find((text) => text.includes('"msg":"request failed"'))!)
  expect(line).toMatchObject({ error: 'no_route_matched', requestId: headers['x-request-id'] })
  expect(line.requestId).toMatch(/^\w+-\w+$/)
})
