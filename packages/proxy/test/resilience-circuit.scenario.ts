import { ManualClock } from '@heddle/testkit/manual-clock'
import { expect, test } from 'vitest'
import { FAILS, OK, startResilient } from './harness/resilient.ts'
import { ask } from './harness/routed.ts'
import { waitFor } from './harness/wait-for.ts'
import { World } from './harness/world.ts'

const VERSIONS = [{ version: 'http1' }, { version: 'http2' }] as const
const SERVICE = 'namespace="shop",service="cart",port="80"'

test.each(VERSIONS)(
  'a circuit opens after failures in a row, and closes after its time over $version',
  async ({ version }) => {
    await using world = await World.create()
    const clock = new ManualClock()
    const rule = { circuitBreaker: { consecutiveFailures: 3, openMs: 5_000, policy: 'shop/spare' } }
    const { proxy, apps, counts } = await startResilient(world, { version, apps: 1, rule, proxy: { clock } })
    apps[0]!.behave = FAILS
    for (let i = 0; i < 3; i++) expect((await ask(version, proxy.port)).headers['heddle-error']).toBeUndefined()

    const refused = await ask(version, proxy.port)
    expect(refused.status).toBe(503)
    expect(refused.headers).toMatchObject({ 'heddle-error': 'circuit_open', 'retry-after': '5' })
    expect(counts()).toEqual([3])
    expect(proxy.metric(`heddle_circuit_refused_total{${SERVICE},error="circuit_open"}`)).toBe(1)
    expect(proxy.metric(`heddle_circuit_opened_total{${SERVICE}}`)).toBe(1)
    expect(proxy.metric('heddle_circuits_open')).toBe(1)
    expect(proxy.logged.some((line) => line.includes('shop/spare'))).toBe(true)

    clock.advance(5_001)
    expect((await ask(version, proxy.port)).headers['heddle-error']).toBeUndefined()
    expect((await ask(version, proxy.port)).headers['heddle-error']).toBe('circuit_open')
    expect(counts()).toEqual([4])

    apps[0]!.behave = OK
    clock.advance(5_001)
    for (let i = 0; i < 3; i++) expect((await ask(version, proxy.port)).status).toBe(200)
    expect(proxy.metric('heddle_circuits_open')).toBe(0)
  },
)

test('a circuit is counted no more once its rule is gone', async () => {
  await using world = await World.create()
  const rule = { circuitBreaker: { consecutiveFailures: 1, openMs: 60_000 } }
  const { proxy, apps, destination } = await startResilient(world, { version: 'http1', apps: 1, rule })
  apps[0]!.behave = FAILS
  await ask('http1', proxy.port)
  expect(proxy.metric('heddle_circuits_open')).toBe(1)
  Object.assign(destination, { routing: undefined, version: 'without a route' })
  expect((await ask('http1', proxy.port)).headers['heddle-error']).toBeUndefined()
  expect(proxy.metric('heddle_circuits_open')).toBe(0)
})

test('a circuit of the Service holds for requests without a route', async () => {
  await using world = await World.create()
  const circuitBreaker = { consecutiveFailures: 1, openMs: 60_000 }
  const { proxy, apps } = await startResilient(world, { version: 'http1', apps: 1, circuitBreaker })
  apps[0]!.behave = FAILS
  await ask('http1', proxy.port)
  expect((await ask('http1', proxy.port)).headers['heddle-error']).toBe('circuit_open')
})

test.each(VERSIONS)(
  'requests beyond those that may be under way wait, and then are refused over $version',
  async ({ version }) => {
    await using world = await World.create()
    const clock = new ManualClock()
    const rule = { circuitBreaker: { maxRequests: 1, maxPendingRequests: 1, pendingTimeoutMs: 2_000 } }
    const { proxy, apps, counts } = await startResilient(world, { version, apps: 1, rule, proxy: { clock } })
    apps[0]!.behave = 'silent'
    const first = ask(version, proxy.port).catch(() => undefined)
    await waitFor('the first', () => counts()[0] === 1)
    const timers = clock.waiting
    const second = ask(version, proxy.port)
    await waitFor('the second to wait', () => clock.waiting > timers)

    const third = await ask(version, proxy.port)
    expect(third.headers['heddle-error']).toBe('circuit_overflow')
    clock.advance(2_001)
    expect((await second).headers['heddle-error']).toBe('circuit_overflow')
    expect(counts()).toEqual([1])
    expect(proxy.metric(`heddle_circuit_refused_total{${SERVICE},error="circuit_overflow"}`)).toBe(2)
    for (const app of apps) app.close()
    await first
  },
)

test('who waits goes on as soon as another request ends', async () => {
  await using world = await World.create()
  const clock = new ManualClock()
  const rule = {
    circuitBreaker: { maxRequests: 1, maxPendingRequests: 9, pendingTimeoutMs: 900 },
    backendRequestTimeoutMs: 100,
  }
  const { proxy, apps, counts } = await startResilient(world, { version: 'http1', apps: 1, rule, proxy: { clock } })
  apps[0]!.behave = 'silent'
  const first = ask('http1', proxy.port)
  await waitFor('the first', () => counts()[0] === 1)
  apps[0]!.behave = OK
  const timers = clock.waiting
  const others = [1, 2, 3].map(() => ask('http1', proxy.port))
  await waitFor('the others to wait', () => clock.waiting === timers + 3)
  clock.advance(100)
  expect((await first).status).toBe(504)
  expect((await Promise.all(others)).map(({ status }) => status)).toEqual([200, 200, 200])
})
