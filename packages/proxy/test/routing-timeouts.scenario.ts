import { ManualClock } from '@heddle/testkit/manual-clock'
import { describe, expect, test } from 'vitest'
import type { HttpVersion } from '../src/exchange/http-version.ts'
import { GrpcClient } from './harness/grpc-peer.ts'
import { CLOSED_PORTS, dial, startServer } from './harness/peer.ts'
import { ask, attach, BACKENDS, CART, httpRoute, startApp, startRoutedMesh, V1 } from './harness/routed.ts'
import { outbound, service, World } from './harness/world.ts'

const VERSIONS: readonly { version: HttpVersion; hops: 1 | 2 }[] = [
  { version: 'http1', hops: 1 },
  { version: 'http2', hops: 1 },
  { version: 'http1', hops: 2 },
  { version: 'http2', hops: 2 },
]
/** What a busy machine may add; nothing but the route's own time ends a request as soon. */
const LATE_MS = 30_000

describe.each(VERSIONS)('$version over $hops hops', ({ version, hops }) => {
  test('a request that takes longer than its route allows is answered 504 in time', async () => {
    await using world = await World.create()
    const routes = [httpRoute({ backends: [...BACKENDS.v1], requestTimeoutMs: 200 })]
    const mesh = await startRoutedMesh(world, { version, hops, routes, answer: { isSilent: true } })
    const startMs = performance.now()
    const { status, headers } = await mesh.ask({ method: 'POST', body: 'hello' })
    const tookMs = performance.now() - startMs
    expect([status, headers['heddle-error']]).toEqual([504, 'route_timeout'])
    expect(tookMs).toBeGreaterThanOrEqual(190)
    expect(tookMs).toBeLessThan(LATE_MS)
    expect(mesh.proxy.metric('heddle_errors_total{error="route_timeout",source="upstream"}')).toBe(1)
  })

  test('one that is answered in time is not touched', async () => {
    await using world = await World.create()
    const routes = [httpRoute({ backends: [...BACKENDS.v1], requestTimeoutMs: 60_000 })]
    const mesh = await startRoutedMesh(world, { version, hops, routes })
    expect((await mesh.ask()).body).toBe('v1')
  })
})

test('a call of gRPC that takes longer than its route allows ends with DEADLINE_EXCEEDED', async () => {
  await using world = await World.create()
  const routes = [
    { ...httpRoute({ backends: [...BACKENDS.v1], requestTimeoutMs: 200 }), kind: 'ROUTE_KIND_GRPC' as const },
  ]
  const mesh = await startRoutedMesh(world, { version: 'http2', routes, answer: { isSilent: true } })
  const call = world.keep(new GrpcClient(mesh.proxy.port)).call()
  expect(await call.status()).toBe('4')
  expect(call.head?.['heddle-error']).toBe('route_timeout')
})

test('the time counts over all tries: endpoints that refuse and one that is silent', async () => {
  await using world = await World.create()
  const silent = world.keep(await startApp('http1', 'silent', { isSilent: true }))
  const cart = attach(service([1]), { routes: [httpRoute({ backends: [...BACKENDS.v1], requestTimeoutMs: 300 })] })
  const destinations = { [CART]: cart, [V1]: service([CLOSED_PORTS[0], silent.port]) }
  const proxy = await world.proxy({ listeners: [outbound(CART)], destinations })
  const startMs = performance.now()
  expect((await ask('http1', proxy.port)).status).toBe(504)
  expect(performance.now() - startMs).toBeLessThan(LATE_MS)
})

test('an answer that has begun is broken off', async () => {
  await using world = await World.create()
  const app = world.keep(
    await startServer((peer) =>
      peer.socket.on('data', () => peer.send('HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf')),
    ),
  )
  const cart = attach(service([1]), { routes: [httpRoute({ backends: [...BACKENDS.v1], requestTimeoutMs: 200 })] })
  const clock = new ManualClock()
  const destinations = { [CART]: cart, [V1]: service([app.port]) }
  const proxy = await world.proxy({ listeners: [outbound(CART)], destinations, clock })
  using web = await dial(proxy.port)
  web.send('GET / HTTP/1.1\r\nhost: cart.shop\r\n\r\n')
  await web.until('half')
  clock.advance(200)
  await web.untilClosed()
  expect(proxy.traffic.errors).toEqual(['route_timeout'])
})
