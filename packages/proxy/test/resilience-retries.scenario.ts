import { ManualClock } from '@heddle/testkit/manual-clock'
import { expect, test } from 'vitest'
import { TRAFFIC_MANAGEMENT } from '../src/routing/traffic-management.ts'
import type { ServiceDestination } from '../src/workload.ts'
import { answerOnly, GrpcClient, startGrpcApp } from './harness/grpc-peer.ts'
import { answering, dial, ok, startServer } from './harness/peer.ts'
import { askPast, FAILS, OK, startMoodyApp, startResilient } from './harness/resilient.ts'
import { ask, attach, CART, httpRoute } from './harness/routed.ts'
import { waitFor } from './harness/wait-for.ts'
import { idOf, inbound, outbound, service, World } from './harness/world.ts'

const VERSIONS = [{ version: 'http1' }, { version: 'http2' }] as const
const ON_503 = { attempts: 2, codes: [503], backoffMs: 1 }
const SERVICE = 'namespace="shop",service="cart",port="80"'

test.each(VERSIONS)(
  'a request that is answered 503 is tried at another endpoint over $version',
  async ({ version }) => {
    await using world = await World.create()
    const { proxy, apps, counts } = await startResilient(world, { version, rule: { retry: ON_503 } })
    apps[0]!.behave = FAILS

    for (let i = 0; i < 4; i++) expect(await ask(version, proxy.port)).toMatchObject({ status: 200, body: 'app-1' })

    expect(counts()[1]).toBe(4)
    expect(proxy.traffic.statuses).toEqual([200, 200, 200, 200])
    expect(proxy.metric(`heddle_tries_total{${SERVICE},kind="first"}`)).toBe(4)
    expect(proxy.metric(`heddle_tries_total{${SERVICE},kind="retry"}`)).toBe(counts()[0])
  },
)

test.each(VERSIONS)('a body is sent again with each try over $version', async ({ version }) => {
  await using world = await World.create()
  const rule = { retry: { ...ON_503, methods: ['POST'] } }
  const { proxy, apps } = await startResilient(world, { version, rule })
  apps[0]!.behave = FAILS
  const body = 'x'.repeat(20_000)

  for (let i = 0; i < 4; i++) {
    const answer = await ask(version, proxy.port, { method: 'POST', body })
    expect(answer.status).toBe(200)
  }

  expect(apps[1]!.received).toEqual([body, body, body, body])
  expect(apps[0]!.received.every((got) => got === body)).toBe(true)
})

test.each([
  { what: 'is too large to be kept', method: 'PUT', bytes: 100_000, cause: 'body_not_kept' },
  { what: 'may not be sent twice', method: 'POST', bytes: 10, cause: 'not_idempotent' },
])('a request whose body $what gets the first answer', async ({ method, bytes, cause }) => {
  await using world = await World.create()
  const { proxy, apps, counts } = await startResilient(world, { version: 'http1', rule: { retry: ON_503 } })
  for (const app of apps) app.behave = FAILS
  const answer = await ask('http1', proxy.port, { method, body: 'x'.repeat(bytes) })
  expect(answer.status).toBe(503)
  expect(answer.headers['heddle-error']).toBeUndefined()
  expect(counts().reduce((sum, count) => sum + count)).toBe(1)
  expect(proxy.metric(`heddle_retries_refused_total{${SERVICE},cause="${cause}"}`)).toBe(1)
})

test.each(VERSIONS)('what breaks off before its answer is tried elsewhere over $version', async ({ version }) => {
  await using world = await World.create()
  const rule = { retry: { attempts: 1, conditions: ['reset-before-answer'], backoffMs: 1 } }
  const { proxy, apps } = await startResilient(world, { version, rule })
  apps[0]!.behave = 'reset'
  for (let i = 0; i < 4; i++) expect((await ask(version, proxy.port)).body).toBe('app-1')
})

test.each(VERSIONS)('an answer that has begun is not tried again over $version', async ({ version }) => {
  await using world = await World.create()
  const clock = new ManualClock()
  const rule = { retry: { attempts: 3, conditions: ['5xx', 'reset-before-answer'] }, backendRequestTimeoutMs: 300 }
  const { proxy, apps, counts } = await startResilient(world, { version, apps: 1, rule, proxy: { clock } })
  apps[0]!.behave = { status: 200, isOpen: true }
  let hasBegun = false
  const asking = ask(version, proxy.port, { onHead: () => (hasBegun = true) })
  await waitFor('the head', () => hasBegun)
  clock.advance(300)
  await expect(asking).rejects.toThrow()
  expect(counts()).toEqual([1])
  await waitFor('the outcome', () => proxy.traffic.errors.length === 1)
  expect(proxy.traffic.errors).toEqual(['backend_timeout'])
})

test('a Service that fails completely gets less than 1.2 times its load', async () => {
  await using world = await World.create()
  // Turned only where retries wait: with little traffic, as on a machine that is too busy for more, retries have a minimum.
  const clock = new ManualClock()
  const rule = { retry: { attempts: 3, conditions: ['5xx'], backoffMs: 1 } }
  const { proxy, apps, counts } = await startResilient(world, { version: 'http1', apps: 3, rule, proxy: { clock } })
  for (const app of apps) app.behave = { status: 500 }

  const requests = 400
  let answered = 0
  for (let asked = 20; asked <= requests; asked += 20) {
    for (let i = 0; i < 20; i++) void ask('http1', proxy.port).then(() => answered++)
    await waitFor('the answers', () => {
      clock.advance(1)
      return answered === asked
    })
  }

  const load = counts().reduce((sum, count) => sum + count)
  expect(load).toBeGreaterThan(requests)
  expect(load).toBeLessThan(1.2 * requests)
  expect(proxy.traffic.statuses).toEqual(new Array(requests).fill(500))
  const refused = proxy.metric(`heddle_retries_refused_total{${SERVICE},cause="budget_used_up"}`)
  expect(refused).toBeGreaterThan(0)
  expect(proxy.metric(`heddle_tries_total{${SERVICE},kind="retry"}`)).toBe(load - requests)
})

test.each(VERSIONS)('a try that takes too long goes elsewhere over $version', async ({ version }) => {
  await using world = await World.create()
  const clock = new ManualClock()
  const rule = { retry: { attempts: 1, conditions: ['gateway-error'], backoffMs: 1 }, backendRequestTimeoutMs: 100 }
  const policy = { balancer: { type: 'BALANCER_TYPE_ROUND_ROBIN' } } as const
  const { proxy, apps, counts } = await startResilient(world, { version, rule, policy, proxy: { clock } })
  apps[0]!.behave = 'silent'
  for (let silent = 0; silent < 3; silent = counts()[0]!) {
    const asked = { asking: ask(version, proxy.port), isDue: () => counts()[0]! > silent }
    expect((await askPast(clock, 110, asked)).body).toBe('app-1')
  }
})

test('a try that takes too long without another one is answered 504', async () => {
  await using world = await World.create()
  const { proxy, apps } = await startResilient(world, {
    version: 'http1',
    apps: 1,
    rule: { backendRequestTimeoutMs: 50 },
  })
  apps[0]!.behave = 'silent'
  const answer = await ask('http1', proxy.port)
  expect(answer.status).toBe(504)
  expect(answer.headers['heddle-error']).toBe('backend_timeout')
})

test('an answer says itself when to come back, and nobody waits long for that', async () => {
  await using world = await World.create()
  const { proxy, apps, counts } = await startResilient(world, { version: 'http1', rule: { retry: ON_503 } })
  for (const app of apps) app.behave = { status: 503, headers: { 'retry-after': '60' } }
  const answer = await ask('http1', proxy.port)
  expect(answer.status).toBe(503)
  expect(counts().reduce((sum, count) => sum + count)).toBe(1)
  expect(proxy.metric(`heddle_retries_refused_total{${SERVICE},cause="retry_after_too_long"}`)).toBe(1)
})

test('a call of gRPC is tried again by its status', async () => {
  await using world = await World.create()
  const bad = world.keep(await startGrpcApp((call) => answerOnly(call, 14)))
  const good = world.keep(await startGrpcApp((call) => answerOnly(call, 0)))
  const retry = { attempts: 2, conditions: ['unavailable'], backoffMs: 1 }
  const routes = [httpRoute({ backends: [{ key: CART, weight: 1 }], retry })]
  const destination = attach(service([bad.port, good.port], { protocol: 'http2' }), { routes })
  const proxy = await world.proxy({ listeners: [outbound(CART)], destinations: { [CART]: destination } })
  const client = world.keep(new GrpcClient(proxy.port))

  for (let i = 0; i < 4; i++) expect(await client.call().status()).toBe('0')

  expect(good.calls.length).toBe(4)
  expect(proxy.traffic.grpcStatuses).toEqual([0, 0, 0, 0])
})

test('without a policy nothing is tried again', async () => {
  await using world = await World.create()
  const { proxy, apps, counts } = await startResilient(world, { version: 'http1', apps: 1 })
  apps[0]!.behave = FAILS
  expect((await ask('http1', proxy.port)).status).toBe(503)
  expect(counts()).toEqual([1])
  apps[0]!.behave = OK
})

test.each(VERSIONS)(
  'an application behind its own proxy is left for another one over $version',
  async ({ version }) => {
    await using world = await World.create()
    const apps = [
      world.keep(await startMoodyApp(version, 'app-0', FAILS)),
      world.keep(await startMoodyApp(version, 'app-1')),
    ]
    const cart = await world.identity('cart')
    const ports: number[] = []
    for (const { port } of apps) {
      const proxy = await world.proxy({ identity: cart, listeners: [inbound(port)], protocolOf: () => version })
      ports.push(proxy.port)
    }
    const routes = [httpRoute({ backends: [{ key: CART, weight: 1 }], retry: { ...ON_503, methods: ['POST'] } })]
    const destination = attach(service(ports, { identity: idOf('cart'), protocol: version }), { routes })
    const web = await world.proxy({
      identity: await world.identity('web'),
      listeners: [outbound(CART)],
      destinations: { [CART]: destination },
    })
    for (let i = 0; i < 4; i++) {
      const answer = await ask(version, web.port, { method: 'POST', body: 'a vote' })
      expect(answer).toMatchObject({ status: 200, body: 'app-1' })
    }
    expect(apps[1]!.received).toEqual(['a vote', 'a vote', 'a vote', 'a vote'])
  },
)

test('a try that leaves the mesh says nothing of how the proxies of the one before it speak', async () => {
  await using world = await World.create()
  const meshed = world.keep(await startMoodyApp('http1', 'meshed', FAILS))
  const plain = world.keep(await startServer(answering(ok('plain'))))
  const cart = await world.proxy({ identity: await world.identity('cart'), listeners: [inbound(meshed.port)] })
  const within = service([cart.port], { identity: idOf('cart') }) as ServiceDestination
  const beyond = service([plain.port]) as ServiceDestination
  const endpoints = [...within.endpoints, ...beyond.endpoints]
  const routes = [httpRoute({ backends: [{ key: CART, weight: 1 }], retry: ON_503 })]
  const policy = { balancer: { type: 'BALANCER_TYPE_ROUND_ROBIN' as const } }
  const destination: ServiceDestination = { ...attach({ ...within, endpoints }, { routes }), policy }
  const web = await world.proxy({
    identity: await world.identity('web'),
    listeners: [outbound(CART)],
    destinations: { [CART]: destination },
  })
  for (let i = 0; i < 2; i++) expect(await ask('http1', web.port)).toMatchObject({ status: 200, body: 'plain' })
  expect(meshed.received.length).toBeGreaterThan(0)
  for (const { received } of plain.peers) expect(received).not.toContain('heddle-')
})

test('connections are drawn as the policy says', async () => {
  await using world = await World.create()
  const echoes = await Promise.all([0, 1, 2].map(() => startServer((peer) => peer.send('hello'))))
  for (const echo of echoes) world.keep(echo)
  const destination = {
    ...service(
      echoes.map(({ port }) => port),
      { protocol: 'opaque' },
    ),
    policy: { balancer: { type: 'BALANCER_TYPE_ROUND_ROBIN' } },
    management: TRAFFIC_MANAGEMENT,
  } as ServiceDestination
  const proxy = await world.proxy({ listeners: [outbound(CART)], destinations: { [CART]: destination } })
  for (let i = 0; i < 6; i++) {
    using peer = await dial(proxy.port)
    await peer.until('hello')
  }
  expect(echoes.map(({ peers }) => peers.length)).toEqual([2, 2, 2])
})
