import type { ServerHttp2Stream } from 'node:http2'
import type { ConnectionLimitsJson } from '@heddle/api/discovery/policy'
import { expect, test } from 'vitest'
import type { HttpVersion } from '../src/exchange/http-version.ts'
import { H2Client, startH2App } from './harness/http2.ts'
import { answering, ok, startServer } from './harness/peer.ts'
import { OK, startResilient } from './harness/resilient.ts'
import { ask, attach, CART } from './harness/routed.ts'
import { waitFor } from './harness/wait-for.ts'
import { outbound, service, type TestProxy, World } from './harness/world.ts'

const VERSIONS = [{ version: 'http1' }, { version: 'http2' }] as const

test.each(VERSIONS)('no more requests are under way at an endpoint than may be over $version', async ({ version }) => {
  await using world = await World.create()
  const policy = { connections: { maxRequestsPerEndpoint: 2 } }
  const { proxy, apps, counts } = await startResilient(world, { version, apps: 1, policy })
  apps[0]!.behave = 'silent'
  const waiting = [1, 2, 3, 4, 5].map(() => ask(version, proxy.port).catch(() => undefined))
  await waitFor('two requests', () => counts()[0] === 2)
  const tried = () => proxy.metric('heddle_tries_total')
  await waitFor('all to be sent', () => tried() === 5)
  expect(counts()).toEqual([2])
  for (const app of apps) app.close()
  await Promise.all(waiting)
})

test.each(VERSIONS)('those who wait go on as others end over $version', async ({ version }) => {
  await using world = await World.create()
  const policy = { connections: { maxRequestsPerEndpoint: 1 } }
  const { proxy, counts } = await startResilient(world, { version, apps: 1, policy })
  const answers = await Promise.all(Array.from({ length: 12 }, () => ask(version, proxy.port)))
  expect(answers.every(({ status }) => status === 200)).toBe(true)
  expect(counts()).toEqual([12])
})

test('no more requests wait than may', async () => {
  await using world = await World.create()
  const policy = { connections: { maxConnectionsPerEndpoint: 1, maxPendingRequests: 1 } }
  const { proxy, apps, counts } = await startResilient(world, { version: 'http1', apps: 1, policy })
  apps[0]!.behave = 'silent'
  const first = ask('http1', proxy.port).catch(() => undefined)
  await waitFor('the first', () => counts()[0] === 1)
  const second = ask('http1', proxy.port).catch(() => undefined)
  await waitFor('the second to wait', () => proxy.metric('heddle_tries_total') === 2)
  const third = await ask('http1', proxy.port)
  expect(third.status).toBe(503)
  expect(third.headers['heddle-error']).toBe('endpoint_overloaded')
  apps[0]!.behave = OK
  for (const app of apps) app.close()
  await Promise.all([first, second])
})

test.each(VERSIONS)('a connection ends after as many requests as it may carry over $version', async ({ version }) => {
  await using world = await World.create()
  const policy = { connections: { maxRequestsPerConnection: 2 } }
  const { proxy } = await startResilient(world, { version, apps: 1, policy })
  for (let i = 0; i < 6; i++) expect((await ask(version, proxy.port)).status).toBe(200)
  await waitFor('the connections', () => proxy.traffic.opened === 3)
  await waitFor('their end', () => proxy.traffic.open === 0)
})

/** The proxy of a client of one application. */
async function startProxy(
  world: World,
  { port, version, connections }: { port: number; version: HttpVersion; connections: ConnectionLimitsJson },
): Promise<TestProxy> {
  const destination = { ...attach(service([port], { protocol: version }), {}), policy: { connections } }
  return await world.proxy({ listeners: [outbound(CART)], destinations: { [CART]: destination } })
}

test('those who wait go on as others end, also on a connection that takes no more but has a request', async () => {
  await using world = await World.create()
  const streams = new Map<string, ServerHttp2Stream>()
  const app = world.keep(await startH2App((stream, asked) => void streams.set(String(asked[':path']), stream)))
  const connections = { maxRequestsPerEndpoint: 2, maxRequestsPerConnection: 2 }
  const proxy = await startProxy(world, { port: app.port, version: 'http2', connections })
  const client = world.keep(new H2Client(proxy.port))
  for (const path of ['/long', '/short', '/third']) client.ask({ ':path': path }).catch(() => undefined)
  await waitFor('all to be asked for', () => proxy.metric('heddle_tries_total') === 3)
  await waitFor('those that may be under way', () => streams.size === 2)
  streams.get('/short')!.respond({ ':status': 200 }, { endStream: true })
  await waitFor('the third', () => streams.has('/third'))
  expect(app.sessions.length).toBe(2)
})

test('those who wait go on as others end, however long the server takes to close the connection', async () => {
  await using world = await World.create()
  const app = world.keep(await startServer(answering(ok('one'))))
  const connections = { maxRequestsPerEndpoint: 1, maxRequestsPerConnection: 1 }
  const proxy = await startProxy(world, { port: app.port, version: 'http1', connections })
  const answers = await Promise.all([1, 2, 3].map(() => ask('http1', proxy.port)))
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 200])
  expect(app.peers.filter(({ hasEnded, isClosed }) => hasEnded && !isClosed).length).toBeGreaterThan(0)
})
