import type { MirrorJson } from '@heddle/api/discovery/route'
import { describe, expect, test } from 'vitest'
import type { HttpVersion } from '../src/exchange/http-version.ts'
import { ask, attach, BACKENDS, CART, httpRoute, startApp, startRoutedMesh, V1, V2 } from './harness/routed.ts'
import { waitFor } from './harness/wait-for.ts'
import { outbound, service, World } from './harness/world.ts'

const VERSIONS: readonly { version: HttpVersion; hops: 1 | 2 }[] = [
  { version: 'http1', hops: 1 },
  { version: 'http2', hops: 1 },
  { version: 'http1', hops: 2 },
  { version: 'http2', hops: 2 },
]
const TO_V2: MirrorJson = { backend: { key: V2, weight: 1 } }

function mirrored(...mirrors: MirrorJson[]) {
  return [httpRoute({ filters: mirrors.map((mirror) => ({ mirror })), backends: [...BACKENDS.v1] })]
}

describe.each(VERSIONS)('$version over $hops hops', ({ version, hops }) => {
  test('a mirror gets the same request, marked, and nobody gets its answer', async () => {
    await using world = await World.create()
    const mesh = await startRoutedMesh(world, { version, hops, routes: mirrored(TO_V2) })
    const body = 'x'.repeat(40_000)
    const answer = await mesh.ask({ method: 'POST', path: '/add?a=1', headers: { 'x-user': 'alice' }, body })
    expect(answer.body).toBe('v1')
    await waitFor('the copy', () => mesh.v2.received.length === 1)
    expect(mesh.v2.received[0]).toMatchObject({ method: 'POST', path: '/add?a=1', body })
    expect(mesh.v2.received[0]!.headers).toMatchObject({ 'x-user': 'alice', 'heddle-mirrored': '1' })
    expect(mesh.v1.received[0]!.headers['heddle-mirrored']).toBeUndefined()
    await waitFor('the answer', () => mesh.proxy.metric('heddle_mirrored_requests_total{outcome="answered"}') === 1)
    expect(mesh.proxy.metric('heddle_mirrors_open_count')).toBe(0)
  })

  test('a mirror gets its copy of a request that fails at once, too', async () => {
    await using world = await World.create()
    const destinations = { [V1]: service([]) }
    const mesh = await startRoutedMesh(world, { version, hops, routes: mirrored(TO_V2), destinations })
    expect((await mesh.ask()).status).toBe(503)
    await waitFor('the answer', () => mesh.proxy.metric('heddle_mirrored_requests_total{outcome="answered"}') === 1)
    expect(mesh.v2.received.length).toBe(1)
  })
})

test('several mirrors get a copy each, and a share of 0 none', async () => {
  await using world = await World.create()
  const none = { ...TO_V2, numerator: 0, denominator: 100 }
  const toCart = { backend: { key: 'name:cart-shadow.shop:80', weight: 1 }, numerator: 100, denominator: 100 }
  const shadow = world.keep(await startApp('http1', 'shadow'))
  const destinations = { 'name:cart-shadow.shop:80': service([shadow.port]) }
  const mesh = await startRoutedMesh(world, { version: 'http1', routes: mirrored(TO_V2, toCart, none), destinations })
  expect((await mesh.ask()).body).toBe('v1')
  await waitFor('the copies', () => mesh.v2.received.length === 1 && shadow.received.length === 1)
})

test('a mirror that fails, is silent or is not there changes nothing for the client', async () => {
  await using world = await World.create()
  const app = world.keep(await startApp('http1', 'v1'))
  const silent = world.keep(await startApp('http1', 'silent', { isSilent: true }))
  const key = (name: string): MirrorJson => ({ backend: { key: `name:${name}.shop:80`, weight: 1 } })
  const cart = attach(service([1]), { routes: mirrored(key('silent'), key('refusing'), key('gone'), key('unknown')) })
  const known = {
    [CART]: cart,
    [V1]: service([app.port]),
    'name:silent.shop:80': service([silent.port]),
    'name:refusing.shop:80': service([1]),
    'name:gone.shop:80': { kind: 'missing', reason: 'gone', version: '1' },
  } as const
  const destinations = {
    resolve: (key: string) => known[key as keyof typeof known] ?? Promise.reject(new Error('not known')),
  }
  const proxy = await world.proxy({ listeners: [outbound(CART)], destinations })
  expect((await ask('http1', proxy.port, { method: 'POST', body: 'hello' })).body).toBe('v1')
  await waitFor('the failures', () => proxy.metric('heddle_mirrored_requests_total{outcome="failed"}') === 3)
  await waitFor('the silent one', () => silent.received.length === 1)
  expect(proxy.metric('heddle_mirrors_open_count')).toBe(1)
})

test('a copy whose body waits is given up, and the request goes on', async () => {
  await using world = await World.create()
  const app = world.keep(await startApp('http1', 'v1'))
  const cart = attach(service([1]), { routes: mirrored(TO_V2) })
  const known: Readonly<Record<string, ReturnType<typeof service>>> = { [CART]: cart, [V1]: service([app.port]) }
  const destinations = { resolve: (key: string) => known[key] ?? new Promise<never>(() => undefined) }
  const limits = { mirrorBytes: 10_000 }
  const proxy = await world.proxy({ listeners: [outbound(CART)], destinations, limits })
  const body = 'x'.repeat(500_000)
  expect((await ask('http1', proxy.port, { method: 'POST', body })).body).toBe('v1')
  expect(app.received[0]!.body.length).toBe(body.length)
  expect(proxy.metric('heddle_mirrored_requests_total{outcome="given_up"}')).toBe(1)
  expect(proxy.metric('heddle_limit_reached_total{limit="mirrorBytes"}')).toBe(1)
})

test('no more copies are made than may be under way', async () => {
  await using world = await World.create()
  const limits = { mirrorRequests: 1 }
  const app = world.keep(await startApp('http1', 'v1'))
  const silent = world.keep(await startApp('http1', 'silent', { isSilent: true }))
  const cart = attach(service([1]), { routes: mirrored(TO_V2) })
  const destinations = { [CART]: cart, [V1]: service([app.port]), [V2]: service([silent.port]) }
  const proxy = await world.proxy({ listeners: [outbound(CART)], destinations, limits })
  for (let i = 0; i < 3; i++) expect((await ask('http1', proxy.port)).body).toBe('v1')
  expect(proxy.metric('heddle_mirrored_requests_total{outcome="given_up"}')).toBe(2)
  await waitFor('the copy', () => silent.received.length === 1)
})
