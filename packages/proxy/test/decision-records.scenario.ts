import { connect } from 'node:net'
import type { DecisionRecordJson } from '@heddle/api/discovery/decision'
import { ManualClock } from '@heddle/testkit/manual-clock'
import { expect, test } from 'vitest'
import type { HttpVersion } from '../src/exchange/http-version.ts'
import { FAILS, startMoodyApp, startResilient } from './harness/resilient.ts'
import { ask, attach, BACKENDS, CART, httpRoute, startRoutedMesh, V1 } from './harness/routed.ts'
import { waitFor } from './harness/wait-for.ts'
import { idOf, inbound, outbound, service, startTwoHops, type TestProxy, World } from './harness/world.ts'

const VERSIONS: readonly { version: HttpVersion }[] = [{ version: 'http1' }, { version: 'http2' }]
/** Nothing listens there. */
const NOWHERE = 1

/** The one record that fits. */
function only({ records }: TestProxy, query = {}): DecisionRecordJson {
  const found = records.find(query)
  expect(found).toHaveLength(1)
  return found[0]!
}

test.each(VERSIONS)('a failure of the proxy over $version is kept, and its client gets the id', async ({ version }) => {
  await using world = await World.create()
  const proxy = await world.proxy({
    listeners: [outbound(CART)],
    destinations: { [CART]: service([NOWHERE], { protocol: version }) },
  })
  const answer = await ask(version, proxy.port, {
    path: '/cart?token=s3cret&page=2',
    headers: { authorization: 'Basic s3cret', cookie: 'session=s3cret', 'x-api-key': 's3cret', 'x-user': 'ann' },
  })

  expect(answer.headers['heddle-error']).toBe('connect_refused')
  const record = only(proxy, { failuresOnly: true })
  expect(record).toMatchObject({
    requestId: answer.headers['x-request-id'],
    namespace: 'shop',
    workload: 'test',
    instance: 'test-0',
    direction: 'outbound',
    key: CART,
    request: { method: 'GET', path: '/cart?token=(hidden)&page=2', protocol: version },
    status: answer.status,
    error: 'connect_refused',
    keptAs: 'failure',
    attempts: [{ endpoint: `shop/cart-0:${NOWHERE}`, address: `127.0.0.1:${NOWHERE}`, error: 'connect_refused' }],
  })
  expect(record.request!.headers).toEqual(
    expect.arrayContaining([
      { name: 'authorization', value: '(hidden)' },
      { name: 'cookie', value: '(hidden)' },
      { name: 'x-api-key', value: '(hidden)' },
      { name: 'x-user', value: 'ann' },
    ]),
  )
  expect(JSON.stringify(record)).not.toContain('s3cret')
})

test.each(VERSIONS)('both proxies keep a failed request of $version under the id that its client gave', async (row) => {
  await using world = await World.create()
  const app = world.keep(await startMoodyApp(row.version, 'cart', FAILS))
  const { client, server } = await startTwoHops(world, app.port, { protocol: row.version })
  const answer = await ask(row.version, client.port, { headers: { 'x-request-id': 'from-the-client' } })

  expect([answer.status, answer.headers['x-request-id']]).toEqual([503, 'from-the-client'])
  expect(only(client, { requestId: 'from-the-client' })).toMatchObject({
    direction: 'outbound',
    error: '',
    status: 503,
  })
  expect(only(server, { requestId: 'from-the-client' })).toMatchObject({
    direction: 'inbound',
    key: `127.0.0.1:${app.port}`,
    peerIdentity: idOf('web'),
    keptAs: 'failure',
    request: { protocol: row.version },
    attempts: [{ address: `127.0.0.1:${app.port}`, status: 503 }],
  })
})

test.each([
  { what: 'the application answers 503', isThere: true, error: '' },
  { what: 'the application is gone', isThere: false, error: 'connect_refused' },
])('without one they share an id, which the client gets, when $what', async ({ isThere, error }) => {
  await using world = await World.create()
  const port = isThere ? world.keep(await startMoodyApp('http1', 'cart', FAILS)).port : NOWHERE
  const { client, server } = await startTwoHops(world, port, { protocol: 'http1' })
  const answer = await ask('http1', client.port, { method: 'POST', body: 'x' })

  const requestId = String(answer.headers['x-request-id'])
  expect(requestId).toMatch(/^[a-z0-9]+-[a-z0-9]+$/)
  expect(only(client, { requestId }).status).toBe(answer.status)
  expect(only(server, { requestId })).toMatchObject({ error, keptAs: 'failure' })
})

test('an id that is none is not taken, and one that the application gives is', async () => {
  await using world = await World.create()
  const app = world.keep(
    await startMoodyApp('http1', 'cart', { status: 500, headers: { 'x-request-id': 'of-the-app' } }),
  )
  const proxy = await world.proxy({ listeners: [outbound(CART)], destinations: { [CART]: service([app.port]) } })
  const answer = await ask('http1', proxy.port, { headers: { 'x-request-id': 'two words' } })
  expect(answer.headers['x-request-id']).toBe('of-the-app')
  expect(only(proxy).requestId).toBe('of-the-app')
})

test('what goes well is answered as it came, and sampled', async () => {
  await using world = await World.create()
  // By the system's, one that a busy machine held up would be kept for being slow.
  const clock = new ManualClock()
  const mesh = await startRoutedMesh(world, { version: 'http1', proxy: { clock } })
  for (let at = 0; at < 10; at++) {
    const answer = await mesh.ask({ path: `/${at}` })
    expect(answer.headers['x-request-id']).toBeUndefined()
  }
  expect(mesh.cart.received.some(({ headers }) => 'x-request-id' in headers)).toBe(false)
  const kept = mesh.proxy.records.find({})
  expect(kept.length).toBeLessThan(10)
  expect(kept.at(-1)).toMatchObject({
    keptAs: 'sample',
    request: { path: '/0' },
    status: 200,
    attempts: [{ address: `127.0.0.1:${mesh.cart.port}`, status: 200, error: '' }],
  })
  expect(mesh.proxy.metric('heddle_decision_records_total{kept_as="sample"}')).toBe(kept.length)
})

test('tries that failed are told one by one, with why another followed; all proxies keep them under one id', async () => {
  await using world = await World.create()
  const apps = [await startMoodyApp('http1', 'a', FAILS), await startMoodyApp('http1', 'b')].map((app) =>
    world.keep(app),
  )
  const identity = await world.identity('cart')
  const servers: TestProxy[] = []
  for (const { port } of apps) servers.push(await world.proxy({ identity, listeners: [inbound(port)] }))
  const ports = servers.map(({ port }) => port)
  const retry = { attempts: 2, codes: [503], backoffMs: 1 }
  const routes = [httpRoute({ retry, backends: [{ key: CART, weight: 1 }] })]
  const client = await world.proxy({
    identity: await world.identity('web'),
    listeners: [outbound(CART)],
    destinations: { [CART]: attach(service(ports, { identity: idOf('cart') }), { routes }) },
  })
  for (let at = 0; at < 20 && apps[0]!.received.length === 0; at++) await ask('http1', client.port)

  const record = client.records.find({}).find(({ keptAs }) => keptAs === 'retried')!
  expect(record).toMatchObject({
    status: 200,
    error: '',
    route: 'shop/cart',
    backend: CART,
    attempts: [
      { endpoint: `shop/cart-0:${ports[0]}`, status: 503 },
      { endpoint: `shop/cart-1:${ports[1]}`, status: 200, error: '' },
    ],
  })
  const [first, second] = record.attempts!
  expect(first!.next).not.toBe('')
  expect(Number(second!.startedUs)).toBeGreaterThanOrEqual(Number(first!.startedUs) + Number(first!.durationUs))
  expect(only(servers[0]!, { requestId: record.requestId! })).toMatchObject({ status: 503, keptAs: 'failure' })
})

test('a record names route, rule, backend and faults, and has the request as its client sent it', async () => {
  await using world = await World.create()
  const filters = [
    { rewrite: { hostname: 'other.shop', path: { replacePrefixMatch: '/new' } } },
    { requestHeaders: { set: [{ name: 'x-version', value: '2' }], remove: ['x-gone'] } },
  ]
  const never = { matches: [{ path: { type: 'MATCH_TYPE_EXACT' as const, value: '/x' } }], backends: [...BACKENDS.v2] }
  const matches = [{ path: { type: 'MATCH_TYPE_PREFIX' as const, value: '/old' } }]
  const mesh = await startRoutedMesh(world, {
    version: 'http1',
    routes: [httpRoute(never, { name: 'move', matches, filters, backends: [...BACKENDS.v1] })],
    faults: [{ policy: 'shop/slow', perMillion: 1_000_000, untilMs: '9999999999999', delayMs: 1 }],
  })
  await mesh.ask({ path: '/old/a', headers: { 'x-version': '1', 'x-gone': 'here' } })
  const [received] = mesh.v1.received
  expect([received!.path, received!.headers['x-version']]).toEqual(['/new/a', '2'])
  const record = only(mesh.proxy)
  expect(record).toMatchObject({
    route: 'shop/cart',
    rule: 1,
    ruleName: 'move',
    backend: V1,
    faults: ['shop/slow'],
    request: { path: '/old/a', authority: 'cart.shop' },
  })
  expect(record.request!.headers).toEqual(
    expect.arrayContaining([
      { name: 'x-version', value: '1' },
      { name: 'x-gone', value: 'here' },
    ]),
  )
})

test('an id comes with every failed call of gRPC that its server answers by a head alone', async () => {
  await using world = await World.create()
  const headers = { 'content-type': 'application/grpc', 'grpc-status': '14' }
  const app = world.keep(await startMoodyApp('http2', 'cart', { status: 200, headers, body: '' }))
  const proxy = await world.proxy({
    listeners: [outbound(CART)],
    destinations: { [CART]: service([app.port], { protocol: 'http2' }) },
  })
  const call = {
    method: 'POST',
    path: '/shop.Cart/Get',
    headers: { 'content-type': 'application/grpc', te: 'trailers' },
  }
  const answer = await ask('http2', proxy.port, { ...call, body: 'x' })
  expect(only(proxy, { requestId: String(answer.headers['x-request-id']) })).toMatchObject({
    grpcStatus: 14,
    keptAs: 'failure',
    request: { protocol: 'grpc' },
  })
})

test('an inbound proxy tells who came without mTLS', async () => {
  await using world = await World.create()
  const app = world.keep(await startMoodyApp('http1', 'cart', FAILS))
  const proxy = await world.proxy({ identity: await world.identity('cart'), listeners: [inbound(app.port)] })
  await ask('http1', proxy.port)
  expect(only(proxy)).toMatchObject({ direction: 'inbound', peerIdentity: '', attempts: [{ status: 503 }] })
})

test('twenty thousand requests take no more room than the limit says, and the newest are there', async () => {
  await using world = await World.create()
  const proxy = await world.proxy({ listeners: [outbound(CART)], limits: { decisionFailures: 1_000_000 } })
  const socket = connect(proxy.port, '127.0.0.1')
  world.owns(() => socket.destroy())
  let [answered, rest] = [0, '']
  socket.on('data', (bytes: Buffer) => {
    const parts = (rest + bytes.toString('latin1')).split('heddle-error: destination_not_found')
    answered += parts.length - 1
    rest = parts.at(-1)!.slice(-50)
  })
  const batch = Array.from({ length: 1_000 }, (_, at) => `GET /${at} HTTP/1.1\r\nhost: cart.shop\r\n\r\n`).join('')
  for (let sent = 1_000; sent <= 20_000; sent += 1_000) {
    socket.write(batch)
    await waitFor(`${sent} answers`, () => answered === sent)
    expect(proxy.records.bytes).toBeLessThanOrEqual(1_048_576)
  }
  const newest = proxy.records.find({ limit: 400 }).map(({ request }) => Number(request!.path!.slice(1)))
  expect(newest.toSorted((a, b) => b - a)).toEqual(Array.from({ length: 400 }, (_, at) => 999 - at))
  expect(proxy.metric('heddle_decision_records_total{kept_as="failure"}')).toBe(20_000)
})

test.each([
  { balancer: 'BALANCER_TYPE_PEAK_EWMA', told: /^of two drawn it costs \d+\.\d ms, and shop\/cart-\d:\d+ \d+\.\d ms$/ },
  {
    balancer: 'BALANCER_TYPE_LEAST_REQUEST',
    told: /^of two drawn it would have 1 request, and shop\/cart-\d:\d+ 1 request$/,
  },
  { balancer: 'BALANCER_TYPE_ROUND_ROBIN', told: /^it is its turn$/ },
  { balancer: undefined, told: /^of two drawn it costs \d+\.\d ms, and shop\/cart-\d:\d+ \d+\.\d ms$/ },
] as const)('a record says what was drawn beside the endpoint that got the request, by $balancer', async (row) => {
  await using world = await World.create()
  const policy = row.balancer === undefined ? {} : { policy: { balancer: { type: row.balancer } } }
  const { proxy } = await startResilient(world, { version: 'http1', ...policy })

  await ask('http1', proxy.port)

  const [attempt] = only(proxy).attempts!
  expect(attempt!.chosen).toMatch(row.told)
  // It is another one that is named, and not the one that was chosen.
  expect(attempt!.chosen).not.toContain(attempt!.endpoint)
})

test('of an endpoint that had no other beside it nothing is said', async () => {
  await using world = await World.create()
  const { proxy } = await startResilient(world, { version: 'http1', apps: 1 })

  await ask('http1', proxy.port)

  expect(only(proxy).attempts).toMatchObject([{ status: 200 }])
  expect(only(proxy).attempts![0]).not.toHaveProperty('chosen')
})

test('each try of a request has a pick of its own', async () => {
  await using world = await World.create()
  const destinations = { [CART]: service([NOWHERE, NOWHERE + 1]) }
  const proxy = await world.proxy({ listeners: [outbound(CART)], destinations })

  await ask('http1', proxy.port)

  const chosen = only(proxy).attempts!.map((attempt) => attempt.chosen)
  expect(chosen).toEqual([
    expect.stringMatching(/^of two drawn it costs/),
    expect.stringMatching(/^it was drawn, and shop\/cart-\d:\d, which is passed over$/),
  ])
})
