import type { RouteRuleJson, SessionPersistenceJson } from '@heddle/api/discovery/route'
import { hashName } from '@heddle/engine/route/name-hash'
import { ManualClock } from '@heddle/testkit/manual-clock'
import { describe, expect, test } from 'vitest'
import type { HttpVersion } from '../src/exchange/http-version.ts'
import { startMoodyApp } from './harness/resilient.ts'
import {
  type Answer,
  type AppAnswer,
  ask,
  attach,
  CART,
  httpRoute,
  type NamedApp,
  named,
  startApp,
  V1,
  V2,
} from './harness/routed.ts'
import { waitFor } from './harness/wait-for.ts'
import { idOf, inbound, outbound, service, type TestProxy, World } from './harness/world.ts'

const VERSIONS: readonly { version: HttpVersion; hops: 1 | 2 }[] = [
  { version: 'http1', hops: 1 },
  { version: 'http2', hops: 1 },
  { version: 'http1', hops: 2 },
  { version: 'http2', hops: 2 },
]

interface Pair {
  readonly proxy: TestProxy
  readonly apps: readonly NamedApp[]
}

/** A Service whose route keeps sessions at one of two endpoints. */
async function startPair(
  world: World,
  session: SessionPersistenceJson,
  about: (typeof VERSIONS)[number] & { readonly answer?: AppAnswer },
): Promise<Pair> {
  const { version, hops, answer } = about
  const start = async (name: string) => world.keep(await startApp(version, name, answer))
  const apps = [await start('first'), await start('second')]
  const ports: number[] = []
  for (const app of apps) {
    if (hops === 1) ports.push(app.port)
    else
      ports.push(
        (
          await world.proxy({
            identity: await world.identity('cart'),
            listeners: [inbound(app.port)],
            protocolOf: () => version,
          })
        ).port,
      )
  }
  const backend = service(ports, hops === 1 ? {} : { identity: idOf('cart'), protocol: version })
  const rule: RouteRuleJson = { backends: [{ key: V1, weight: 1 }], sessionPersistence: session }
  const destinations = { [CART]: attach(service([1]), { routes: [httpRoute(rule)] }), [V1]: named(backend, 'cart-v1') }
  const identity = hops === 1 ? {} : { identity: await world.identity('web') }
  return { apps, proxy: await world.proxy({ listeners: [outbound(CART)], destinations, ...identity }) }
}

function cookieOf({ headers }: Answer): string {
  return String(headers['set-cookie']?.[0]).split(';')[0]!
}

describe.each(VERSIONS)('$version over $hops hops', (about) => {
  test('a cookie keeps a client at the endpoint that it came to first', async () => {
    await using world = await World.create()
    const { proxy } = await startPair(world, { sessionName: 'stick', type: 'SESSION_TYPE_COOKIE' }, about)
    const first = await ask(about.version, proxy.port)
    const cookie = cookieOf(first)
    expect(cookie).toMatch(/^stick=/)
    for (let i = 0; i < 20; i++) {
      const next = await ask(about.version, proxy.port, { headers: { cookie: `other=1; ${cookie}` } })
      expect(next.body).toBe(first.body)
      expect(next.headers['set-cookie']).toBeUndefined()
    }
  })

  test('a header does the same', async () => {
    await using world = await World.create()
    const { proxy } = await startPair(world, { sessionName: 'X-Session', type: 'SESSION_TYPE_HEADER' }, about)
    const first = await ask(about.version, proxy.port)
    const session = String(first.headers['x-session'])
    for (let i = 0; i < 20; i++) {
      expect((await ask(about.version, proxy.port, { headers: { 'x-session': session } })).body).toBe(first.body)
    }
  })
})

test('a made-up session reaches nothing that the route does not allow', async () => {
  await using world = await World.create()
  const { proxy, apps } = await startPair(world, { sessionName: 'stick' }, { version: 'http1', hops: 1 })
  const secret = world.keep(await startApp('http1', 'secret'))
  const first = await ask('http1', proxy.port)
  const [backend, endpoint, started, used] = cookieOf(first).slice('stick='.length).split('.')
  const ids = [...apps, secret].flatMap(({ port }) => [
    `127.0.0.1:${port}`,
    `shop/cart-0:${port}`,
    `shop/secret:${port}`,
  ])
  const scopes = ['', 'shop/cart:80', 'shop/cart-v1:443']
  const made = ids.flatMap((id) => scopes.map((scope) => hashName(scope, id)))
  for (const name of [...made, '0', 'constructor', backend]) {
    const cookie = `stick=${[backend, name, started, used].join('.')}`
    const next = await ask('http1', proxy.port, { headers: { cookie } })
    expect([next.status, next.body === 'secret']).toEqual([200, false])
  }
  expect(secret.received).toEqual([])
  expect(endpoint).toMatch(/^[0-9a-z]{14}$/)
})

test('an endpoint behind two Services has another name in each, so that sessions of one say nothing of the other', async () => {
  await using world = await World.create()
  const app = world.keep(await startApp('http1', 'both'))
  const sessionPersistence = { sessionName: 'stick' }
  const [one, two] = [V1, V2].map((key) => ({ backends: [{ key, weight: 1 }], sessionPersistence }))
  const paths = [one!, two!].map((rule, at) => ({ ...rule, matches: [{ path: { value: `/${at}` } }] }))
  const destinations = {
    [CART]: attach(service([1]), { routes: [httpRoute(...paths)] }),
    [V1]: named(service([app.port]), 'cart-v1'),
    [V2]: named(service([app.port]), 'cart-v2'),
  }
  const proxy = await world.proxy({ listeners: [outbound(CART)], destinations })
  const cookies = [await ask('http1', proxy.port, { path: '/0' }), await ask('http1', proxy.port, { path: '/1' })]
  const [first, second] = cookies.map((answer) => cookieOf(answer).slice('stick='.length).split('.'))
  expect(first![0]).not.toBe(second![0])
  expect(first![1]).not.toBe(second![1])
})

test('without the cookie clients come to both endpoints', async () => {
  await using world = await World.create()
  // Unanswered: of two that cost alike, requests one by one may all go to the one that was made a moment earlier.
  const about = { version: 'http1', hops: 1, answer: { isSilent: true } } as const
  const { proxy, apps } = await startPair(world, { sessionName: 'stick' }, about)
  for (let i = 0; i < 40; i++) ask('http1', proxy.port).catch(() => undefined)
  await waitFor('requests at both', () => apps.every(({ received }) => received.length > 0))
})

test('a session whose endpoint went away begins anew at another one', async () => {
  await using world = await World.create()
  const { proxy, apps } = await startPair(world, { sessionName: 'stick' }, { version: 'http1', hops: 1 })
  const first = await ask('http1', proxy.port)
  apps.find(({ name }) => name === first.body)!.close()
  const next = await ask('http1', proxy.port, { headers: { cookie: cookieOf(first) } })
  expect([next.status, next.body === first.body]).toEqual([200, false])
  expect(cookieOf(next)).not.toBe(cookieOf(first))
  expect((await ask('http1', proxy.port, { headers: { cookie: cookieOf(next) } })).body).toBe(next.body)
})

test('an endpoint that asked to be left alone is spared by sessions as well, and by all whose rule has no circuit', async () => {
  await using world = await World.create()
  const apps = [world.keep(await startMoodyApp('http1', 'app-0')), world.keep(await startMoodyApp('http1', 'app-1'))]
  const backends = [{ key: V1, weight: 1 }]
  const circuitBreaker = { consecutiveFailures: 100, honourRetryAfter: true }
  const routes = [
    httpRoute(
      { backends, circuitBreaker, matches: [{ path: { value: '/careful' } }] },
      { backends, sessionPersistence: { sessionName: 'stick' } },
    ),
  ]
  const destinations = {
    [CART]: attach(service([1]), { routes }),
    [V1]: named(attach(service(apps.map(({ port }) => port)), {}), 'cart-v1'),
  }
  // Time stands still, so that no endpoint looks faster than the other.
  const proxy = await world.proxy({ clock: new ManualClock(), listeners: [outbound(CART)], destinations })
  const first = await ask('http1', proxy.port)
  const own = apps[Number(first.body.slice('app-'.length))]!
  own.behave = { status: 429, headers: { 'retry-after': '600' } }

  let told = await ask('http1', proxy.port, { path: '/careful' })
  while (told.status !== 429) told = await ask('http1', proxy.port, { path: '/careful' })
  const before = own.received.length

  expect((await ask('http1', proxy.port, { headers: { cookie: cookieOf(first) } })).status).toBe(200)
  for (let i = 0; i < 20; i++) expect((await ask('http1', proxy.port)).status).toBe(200)
  expect(own.received).toHaveLength(before)
})

test('a session stays at its backend, whatever the weights say', async () => {
  await using world = await World.create()
  const [v1, v2] = [world.keep(await startApp('http1', 'v1')), world.keep(await startApp('http1', 'v2'))]
  const backends = [
    { key: V1, weight: 1 },
    { key: V2, weight: 1 },
  ]
  const routes = [httpRoute({ backends, sessionPersistence: { sessionName: 'stick' } })]
  const destinations = {
    [CART]: attach(service([1]), { routes }),
    [V1]: named(service([v1.port]), 'cart-v1'),
    [V2]: named(service([v2.port]), 'cart-v2'),
  }
  const proxy = await world.proxy({ listeners: [outbound(CART)], destinations })
  const first = await ask('http1', proxy.port)
  for (let i = 0; i < 20; i++) {
    expect((await ask('http1', proxy.port, { headers: { cookie: cookieOf(first) } })).body).toBe(first.body)
  }
})
