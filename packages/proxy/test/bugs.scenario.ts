import type { ServerHttp2Stream } from 'node:http2'
import { type Clock, systemClock } from '@heddle/base/clock'
import { ManualClock } from '@heddle/testkit/manual-clock'
import { expect, test } from 'vitest'
import type { Exchange } from '../src/exchange/exchange.ts'
import type { Filter } from '../src/filters/filter.ts'
import { H2Client, startH2App } from './harness/http2.ts'
import { answering, dial, ok, startServer } from './harness/peer.ts'
import { startResilient } from './harness/resilient.ts'
import { ask, attach } from './harness/routed.ts'
import { waitFor } from './harness/wait-for.ts'
import { outbound, service, type TestProxy, World } from './harness/world.ts'

const KEY = 'name:cart.shop:80'
const GET = 'GET / HTTP/1.1\r\nhost: cart.shop\r\n\r\n'
const BAD = 'GET /bad HTTP/1.1\r\nhost: cart.shop\r\n\r\n'

type Hook = 'onRequest' | 'onResponse' | 'onEnd'
type Act = (exchange: Exchange) => unknown

function throwBug(): never {
  throw new Error('a filter with a bug')
}

function cartAt(port: number) {
  return { [KEY]: service([port], { protocol: 'http1' }) }
}

/** Lets `act` be what a filter does to requests for `/bad`. */
function breakFilter({ records }: TestProxy, hook: Hook, act: Act): void {
  const usual = (records as Filter)[hook]?.bind(records) as ((...args: unknown[]) => unknown) | undefined
  Object.assign(records, {
    [hook]: (exchange: Exchange, ...rest: unknown[]) =>
      exchange.head.path === '/bad' ? act(exchange) : usual?.(exchange, ...rest),
  })
}

interface BugOptions {
  readonly act?: Act
  readonly clock?: Clock
}

/** A proxy of whose filters one has a bug. */
async function startWithBug(world: World, hook: Hook, { act = throwBug, clock = systemClock }: BugOptions = {}) {
  const app = world.keep(await startServer(answering(ok('hello'))))
  const proxy = await world.proxy({ listeners: [outbound(KEY)], destinations: cartAt(app.port), clock })
  breakFilter(proxy, hook, act)
  return { proxy }
}

function bugsLogged({ logged }: TestProxy): readonly string[] {
  return logged.filter((line) => line.includes('unexpected failure'))
}

test.each(['onRequest', 'onResponse'] as const)(
  'a bug met in %s fails its request, and the next one on the connection is served',
  async (hook) => {
    await using world = await World.create()
    const { proxy } = await startWithBug(world, hook)
    using web = await dial(proxy.port)

    web.send(BAD)
    await web.until('internal_error')
    expect(web.received).toMatch(/^HTTP\/1\.1 500 /)
    web.send(GET)
    await web.until('hello')

    expect(proxy.traffic.statuses).toEqual([500, 200])
    expect(proxy.traffic.errors).toEqual(['internal_error'])
    expect(bugsLogged(proxy)).toHaveLength(1)
    expect(bugsLogged(proxy)[0]).toContain('a filter with a bug')
  },
)

test('a bug met in a filter that takes its time fails the request likewise', async () => {
  await using world = await World.create()
  const { proxy } = await startWithBug(world, 'onRequest', { act: async () => throwBug() })
  using web = await dial(proxy.port)

  web.send(BAD)
  await web.until('internal_error')

  await waitFor('the bug in the log', () => bugsLogged(proxy).length === 1)
})

test('a bug met at the end of a request is in the log, and leaves nothing behind', async () => {
  await using world = await World.create()
  const clock = new ManualClock()
  const { proxy } = await startWithBug(world, 'onEnd', { clock })
  using web = await dial(proxy.port)

  web.send(BAD)
  await web.until('hello')
  web.send(GET)
  await waitFor('the next answer', () => web.received.split('hello').length === 3)

  for (let i = 0; i < 5; i++) clock.advance(100_000)
  expect(proxy.metric('heddle_limit_reached_total')).toBe(0)
  expect(bugsLogged(proxy)).toHaveLength(1)
})

test.each(['the client leaves', 'a deadline passes'])(
  'a bug met at the end that comes as %s is in the log',
  async (how) => {
    await using world = await World.create()
    const clock = new ManualClock()
    const silent = world.keep(await startServer())
    const proxy = await world.proxy({ clock, listeners: [outbound(KEY)], destinations: cartAt(silent.port) })
    Object.assign(proxy.records, { onEnd: throwBug })
    using web = await dial(proxy.port)

    web.send(BAD)
    await waitFor('the request', () => silent.peers[0]?.received.includes('/bad') === true)
    if (how === 'the client leaves') web.socket.resetAndDestroy()
    else clock.advance(400_000)

    await waitFor('the bug in the log', () => bugsLogged(proxy).length === 1)
  },
)

/** What no codec can write, as a filter with a bug may make it. */
function spoilPath({ head }: Exchange): undefined {
  head.path = '/a b'
}

test('a head that cannot be written over a new connection fails its request', async () => {
  await using world = await World.create()
  const { proxy } = await startWithBug(world, 'onRequest', { act: spoilPath })
  using web = await dial(proxy.port)

  web.send(BAD)
  await web.until('internal_error')

  web.send(GET)
  await web.until('hello')
})

test('a head that cannot be written fails its request when another one ends, for whose connection it waited', async () => {
  await using world = await World.create()
  const app = world.keep(await startServer())
  const policy = { connections: { maxConnectionsPerEndpoint: 1 } }
  const destination = { ...attach(service([app.port], { protocol: 'http1' }), {}), policy }
  const proxy = await world.proxy({ listeners: [outbound(KEY)], destinations: { [KEY]: destination } })
  let isWaiting = false
  breakFilter(proxy, 'onRequest', (exchange) => {
    isWaiting = true
    return spoilPath(exchange)
  })
  using first = await dial(proxy.port)
  first.send(GET)
  await waitFor('the first request', () => app.peers[0]?.received.includes('GET') === true)
  using second = await dial(proxy.port)
  second.send(BAD)
  await waitFor('the second request', () => isWaiting)

  app.peers[0]!.send(ok('hello'))

  await first.until('hello')
  await second.until('internal_error')
})

test.each(['onResponse', 'onEnd'] as const)(
  'a bug met in %s over a connection that others share is not theirs',
  async (hook) => {
    await using world = await World.create()
    const streams = new Map<string, ServerHttp2Stream>()
    const app = world.keep(await startH2App((stream, asked) => void streams.set(String(asked[':path']), stream)))
    const destination = attach(service([app.port], { protocol: 'http2' }), {})
    const proxy = await world.proxy({ listeners: [outbound(KEY)], destinations: { [KEY]: destination } })
    breakFilter(proxy, hook, throwBug)
    const good = world.keep(new H2Client(proxy.port)).ask({ ':path': '/good' })
    await waitFor('the first request', () => streams.has('/good'))
    const bad = world.keep(new H2Client(proxy.port)).ask({ ':path': '/bad' })
    await waitFor('both requests', () => streams.has('/bad'))

    streams.get('/bad')!.respond({ ':status': 200 }, { endStream: true })
    await waitFor('the bug in the log', () => bugsLogged(proxy).length === 1)
    streams.get('/good')!.respond({ ':status': 200 }, { endStream: true })

    expect((await good).headers[':status']).toBe(200)
    expect((await bad).headers[':status']).toBe(hook === 'onEnd' ? 200 : 500)
    expect(app.sessions).toHaveLength(1)
  },
)

test('no endpoint is blamed for a bug of the proxy', async () => {
  await using world = await World.create()
  const { proxy } = await startResilient(world, {
    version: 'http1',
    policy: { outlierDetection: { consecutiveFailures: 1 } },
  })
  Object.assign(proxy.records, { onResponse: throwBug })

  await ask('http1', proxy.port)

  expect(proxy.metric('heddle_outlier_ejected_endpoints')).toBe(0)
})

test('many requests that meet a bug are a line in the log and a count, not a line each', async () => {
  await using world = await World.create()
  const { proxy } = await startWithBug(world, 'onRequest', { clock: new ManualClock() })
  using web = await dial(proxy.port)

  web.send(BAD.repeat(50))

  await waitFor('fifty failures', () => proxy.traffic.errors.length === 50)
  expect(bugsLogged(proxy)).toHaveLength(1)
})

const COUNTED = 'heddle_unexpected_failures_total'

test('a bug met in the counters at the end of a request leaves nothing behind', async () => {
  await using world = await World.create()
  const clock = new ManualClock()
  const app = world.keep(await startServer(answering(ok('hello'))))
  const proxy = await world.proxy({ clock, listeners: [outbound(KEY)], destinations: cartAt(app.port) })
  using web = await dial(proxy.port)
  web.send(GET)
  await web.until('hello')
  const series = proxy.traffic.all[0]!
  Object.assign(series, { requestEnded: throwBug })
  web.send(GET)
  await waitFor('the second answer', () => web.received.split('hello').length === 3)
  Reflect.deleteProperty(series, 'requestEnded')
  web.send(GET)
  await waitFor('the third answer', () => web.received.split('hello').length === 4)

  for (let i = 0; i < 5; i++) clock.advance(100_000)
  expect(proxy.metric('heddle_limit_reached_total')).toBe(0)
  expect(proxy.metric(`${COUNTED}{work="request"}`)).toBe(1)
})

const BROKEN_SERIES = ['connectionOpened', 'addReadBytes', 'connectionClosed'] as const

test.each(BROKEN_SERIES)('a bug met in %s of a connection that is copied ends it, and no other', async (broken) => {
  await using world = await World.create()
  const app = world.keep(await startServer())
  const destinations = { [KEY]: service([app.port], { protocol: 'opaque' }) }
  const proxy = await world.proxy({ listeners: [outbound(KEY)], destinations })
  using other = await dial(proxy.port)
  other.send('first')
  const far = await app.peer(0)
  await far.until('first')
  const series = proxy.traffic.all[0]!
  Object.assign(series, { [broken]: throwBug })

  using web = await dial(proxy.port)
  web.send('second')
  if (broken === 'connectionClosed') {
    await (await app.peer(1)).until('second')
    web.socket.resetAndDestroy()
  } else if (broken === 'addReadBytes') {
    ;(await app.peer(1)).send('an answer')
  }
  await waitFor('the bug in the count', () => proxy.metric(`${COUNTED}{work="connection"}`) > 0)
  await waitFor('the end', () => web.socket.destroyed && proxy.metric('heddle_connections_open_count') === 1)
  expect(bugsLogged(proxy)[0]).toContain('a filter with a bug')

  Reflect.deleteProperty(series, broken)
  far.send('still here')
  await other.until('still here')
})
