import type { BackendPolicyJson } from '@heddle/api/discovery/policy'
import { ManualClock } from '@heddle/testkit/manual-clock'
import { expect, test } from 'vitest'
import { askPast, FAILS, OK, startResilient } from './harness/resilient.ts'
import { ask } from './harness/routed.ts'
import { waitFor } from './harness/wait-for.ts'
import { World } from './harness/world.ts'

const VERSIONS = [{ version: 'http1' }, { version: 'http2' }] as const
const SERVICE = 'namespace="shop",service="cart",port="80"'

test.each(VERSIONS)('a header sticks to an endpoint by ring hash over $version', async ({ version }) => {
  await using world = await World.create()
  const policy: BackendPolicyJson = { balancer: { type: 'BALANCER_TYPE_RING_HASH', hashOn: [{ header: 'x-user' }] } }
  const { proxy } = await startResilient(world, { version, apps: 4, policy })
  const endpointOf = async (user: string) => (await ask(version, proxy.port, { headers: { 'x-user': user } })).body

  const users = Array.from({ length: 24 }, (_one, index) => `user-${index}`)
  const first = await Promise.all(users.map(endpointOf))
  const second = await Promise.all(users.map(endpointOf))

  expect(second).toEqual(first)
  expect(new Set(first).size).toBeGreaterThan(1)
})

test.each([
  { source: { cookie: 'cart' }, headers: { cookie: 'a=b; cart=17' } },
  { source: { queryParam: 'user' }, path: '/?user=alice' },
  { source: { sourceAddress: true } },
])('maglev keeps requests together by $source', async ({ source, headers = {}, path = '/' }) => {
  await using world = await World.create()
  const policy: BackendPolicyJson = { balancer: { type: 'BALANCER_TYPE_MAGLEV', hashOn: [source] } }
  const { proxy, counts } = await startResilient(world, { version: 'http1', apps: 4, policy })
  const asked = { path, headers: Object.fromEntries(Object.entries(headers)) }
  for (let i = 0; i < 12; i++) await ask('http1', proxy.port, asked)
  expect(counts().filter((count) => count > 0)).toEqual([12])
})

test('round robin takes turns', async () => {
  await using world = await World.create()
  const policy = { balancer: { type: 'BALANCER_TYPE_ROUND_ROBIN' } } as const
  const { proxy, counts } = await startResilient(world, { version: 'http1', apps: 3, policy })
  for (let i = 0; i < 12; i++) await ask('http1', proxy.port)
  expect(counts()).toEqual([4, 4, 4])
})

test.each([
  { type: 'BALANCER_TYPE_LEAST_REQUEST' },
  { type: 'BALANCER_TYPE_RANDOM' },
  { type: 'BALANCER_TYPE_PEAK_EWMA' },
] as const)('$type uses all endpoints', async ({ type }) => {
  await using world = await World.create()
  const options = { version: 'http1', apps: 2, policy: { balancer: { type } } } as const
  const { proxy, apps, counts } = await startResilient(world, options)
  // Unanswered: of two that cost alike, requests one by one may all go to the one that was made a moment earlier.
  for (const app of apps) app.behave = 'silent'
  for (let i = 0; i < 40; i++) ask('http1', proxy.port).catch(() => undefined)
  await waitFor('requests at both', () => counts().every((count) => count > 0))
})

test.each(VERSIONS)(
  'an endpoint that fails faster than others answer gets few requests, over $version',
  async ({ version }) => {
    await using world = await World.create()
    // By the system's, an answer that a busy machine held up for a second would count as much as a failure.
    const clock = new ManualClock()
    const { proxy, apps, counts } = await startResilient(world, { version, apps: 2, proxy: { clock } })
    apps[0]!.behave = FAILS
    for (let i = 0; i < 60; i++) {
      await ask(version, proxy.port)
      clock.advance(5)
    }
    // The first, and what the two draws of the balancer cannot avoid.
    expect(counts()[0]).toBeLessThan(10)
  },
)

test('requests stay in their zone, and leave it when its endpoints are put out', async () => {
  await using world = await World.create()
  const policy = {
    locality: { mode: 'LOCALITY_MODE_PREFER_CLOSE' },
    outlierDetection: { consecutiveFailures: 2, baseEjectionMs: 60_000, maxEjectionPercent: 100 },
  } as const
  const zones = ['north-1', 'north-1', 'north-2', 'south-1']
  const { proxy, apps, counts } = await startResilient(world, {
    version: 'http1',
    apps: 4,
    policy,
    zones,
    here: 'north-1',
  })

  for (let i = 0; i < 20; i++) await ask('http1', proxy.port)
  const [a, b, ...others] = counts()
  expect(a! + b!).toBe(20)
  expect(others).toEqual([0, 0])

  for (const app of apps.slice(0, 2)) app.behave = FAILS
  for (let asked = 0; proxy.metric('heddle_outlier_ejected_endpoints') < 2; asked++) {
    expect(asked).toBeLessThan(100)
    await ask('http1', proxy.port)
  }
  // How the zones stand is looked at ten times a second.
  for (let asked = 0, inARow = 0; inARow < 10; asked++) {
    expect(asked).toBeLessThan(1_000)
    inARow = (await ask('http1', proxy.port)).body === 'app-2' ? inARow + 1 : 0
  }
  expect(counts()[3]).toBe(0)
})

test('an endpoint that fails is put out, said so, and comes back after its time', async () => {
  await using world = await World.create()
  const clock = new ManualClock()
  const policy = {
    balancer: { type: 'BALANCER_TYPE_ROUND_ROBIN' },
    outlierDetection: { consecutiveFailures: 3, baseEjectionMs: 30_000 },
  } as const
  const { proxy, apps, counts } = await startResilient(world, { version: 'http1', policy, proxy: { clock } })
  apps[0]!.behave = FAILS
  for (let i = 0; i < 6; i++) await ask('http1', proxy.port)
  expect(counts()).toEqual([3, 3])

  for (let i = 0; i < 6; i++) expect((await ask('http1', proxy.port)).body).toBe('app-1')

  expect(counts()).toEqual([3, 9])
  expect(proxy.metric('heddle_outlier_ejected_endpoints')).toBe(1)
  expect(proxy.metric(`heddle_outlier_ejections_total{${SERVICE},cause="consecutive_failures"}`)).toBe(1)
  const line = proxy.logged.map((text) => JSON.parse(text)).find(({ msg }) => msg === 'endpoint put out')
  expect(line).toMatchObject({ service: 'cart.shop:80', reason: '3 failures in a row', forMs: 30_000 })

  apps[0]!.behave = OK
  clock.advance(30_001)
  for (let i = 0; i < 6; i++) expect((await ask('http1', proxy.port)).status).toBe(200)
  expect(counts()[0]).toBeGreaterThan(4)
  expect(proxy.metric('heddle_outlier_ejected_endpoints')).toBe(0)
})

test('an endpoint that was put out is back, and counted so, once the policy is gone', async () => {
  await using world = await World.create()
  const policy = { outlierDetection: { consecutiveFailures: 1 } }
  const { proxy, apps, destination } = await startResilient(world, { version: 'http1', policy })
  apps[0]!.behave = FAILS
  const isOut = () => proxy.metric('heddle_outlier_ejected_endpoints') === 1
  for (let i = 0; i < 20 && !isOut(); i++) await ask('http1', proxy.port)
  expect(isOut()).toBe(true)
  Object.assign(destination, { policy: undefined, version: 'without a policy' })
  await ask('http1', proxy.port)
  expect(isOut()).toBe(false)
})

test('the last endpoint that can be used is never put out', async () => {
  await using world = await World.create()
  const policy = { outlierDetection: { consecutiveFailures: 1, maxEjectionPercent: 100 } }
  const { proxy, apps, counts } = await startResilient(world, { version: 'http1', policy })
  for (const app of apps) app.behave = FAILS
  for (let i = 0; i < 10; i++) expect((await ask('http1', proxy.port)).status).toBe(503)
  expect(counts().reduce((sum, count) => sum + count)).toBe(10)
  expect(proxy.metric('heddle_outlier_ejected_endpoints')).toBe(1)
  expect(proxy.metric(`heddle_outlier_kept_total{${SERVICE},cause="consecutive_failures"}`)).toBeGreaterThan(0)
})

test('an endpoint that asks for it is left alone until then', async () => {
  await using world = await World.create()
  const clock = new ManualClock()
  const policy = { balancer: { type: 'BALANCER_TYPE_ROUND_ROBIN' } } as const
  const circuitBreaker = { honourRetryAfter: true }
  const options = { version: 'http1', policy, circuitBreaker, proxy: { clock } } as const
  const { proxy, apps, counts } = await startResilient(world, options)
  apps[0]!.behave = { status: 429, headers: { 'retry-after': '10' } }
  for (let i = 0; i < 8; i++) await ask('http1', proxy.port)
  expect(counts()).toEqual([1, 7])
  expect(proxy.metric(`heddle_endpoint_pauses_total{${SERVICE}}`)).toBe(1)
  clock.advance(10_001)
  for (let i = 0; i < 2; i++) await ask('http1', proxy.port)
  expect(counts()[0]).toBe(2)
})

test('a new endpoint starts slowly', async () => {
  await using world = await World.create()
  const clock = new ManualClock()
  const policy = { balancer: { type: 'BALANCER_TYPE_RANDOM' }, slowStartMs: 60_000 } as const
  const { proxy, destination, counts } = await startResilient(world, { version: 'http1', policy, proxy: { clock } })
  const all = destination.endpoints
  Object.assign(destination, { endpoints: all.slice(0, 1), version: '1' })
  await ask('http1', proxy.port)
  Object.assign(destination, { endpoints: all, version: '2' })

  // Of so many 18 are expected at first, and 100 later: neither bound is passed by chance once in 10^12 runs.
  for (let i = 0; i < 200; i++) await ask('http1', proxy.port)
  const early = counts()[1]!
  clock.advance(60_001)
  for (let i = 0; i < 200; i++) await ask('http1', proxy.port)

  expect(early).toBeLessThan(60)
  expect(counts()[1]! - early).toBeGreaterThan(early)
})

test.each(VERSIONS)(
  'a slow request is asked elsewhere as well, and the first answer counts over $version',
  async ({ version }) => {
    await using world = await World.create()
    const policy = { balancer: { type: 'BALANCER_TYPE_ROUND_ROBIN' }, hedging: { afterMs: 50 } } as const
    const clock = new ManualClock()
    const { proxy, apps, counts } = await startResilient(world, { version, policy, proxy: { clock } })
    apps[0]!.behave = 'silent'

    for (let i = 0; i < 4; i++) {
      const silent = counts()[0]!
      const asked = { asking: ask(version, proxy.port), isDue: () => counts()[0]! > silent }
      expect((await askPast(clock, 50, asked)).body).toBe('app-1')
    }

    const [slow, fast] = counts()
    expect(slow).toBeGreaterThan(0)
    expect(fast).toBe(4)
    expect(proxy.metric(`heddle_tries_total{${SERVICE},kind="hedge"}`)).toBe(slow)
    expect(proxy.traffic.statuses).toEqual([200, 200, 200, 200])
  },
)

test('what may not be sent twice is asked once, however slow', async () => {
  await using world = await World.create()
  const policy = { balancer: { type: 'BALANCER_TYPE_ROUND_ROBIN' }, hedging: { afterMs: 20 } } as const
  const rule = { backendRequestTimeoutMs: 150 }
  const clock = new ManualClock()
  const { proxy, apps, counts } = await startResilient(world, { version: 'http1', policy, rule, proxy: { clock } })
  for (const app of apps) app.behave = 'silent'
  const sum = () => counts().reduce((all, count) => all + count)
  const asked = { asking: ask('http1', proxy.port, { method: 'POST', body: 'x' }), isDue: () => sum() === 1 }
  expect((await askPast(clock, 150, asked)).status).toBe(504)
  expect(sum()).toBe(1)
})

test('a failure says so when all endpoints are out', async () => {
  await using world = await World.create()
  const policy = { outlierDetection: { consecutiveFailures: 1, maxEjectionPercent: 100 } }
  const { proxy, apps } = await startResilient(world, { version: 'http1', policy })
  apps[0]!.behave = FAILS
  apps[1]!.close()
  await ask('http1', proxy.port)
  apps[0]!.close()
  for (let i = 0; i < 3; i++) expect((await ask('http1', proxy.port)).headers['heddle-error']).toBe('connect_refused')
  const details = proxy.logged.map((line) => String(JSON.parse(line).detail))
  expect(details.at(-1)).toMatch(/; 2 of 2 endpoints are out: shop\/cart-/)
})
