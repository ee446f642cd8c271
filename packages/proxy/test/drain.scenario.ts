import { ManualClock } from '@heddle/testkit/manual-clock'
import { expect, test } from 'vitest'
import { answering, dial, ok, startServer } from './harness/peer.ts'
import { waitFor } from './harness/wait-for.ts'
import { outbound, service, startTwoHops, type TestProxyOptions, World } from './harness/world.ts'

const KEY = 'name:cart.shop:80'
const GET = 'GET / HTTP/1.1\r\nhost: cart.shop\r\n\r\n'

/** A plain proxy in front of an endpoint on this port. */
function startOneHop(world: World, port: number, more: Partial<TestProxyOptions> = {}) {
  const destinations = { [KEY]: service([port], { protocol: 'http1' }) }
  return world.proxy({ listeners: [outbound(KEY)], destinations, ...more })
}

test('a draining proxy finishes what it has begun and takes nothing new', async () => {
  await using world = await World.create()
  const app = world.keep(await startServer())
  const { client, server } = await startTwoHops(world, app.port)
  using web = await dial(client.port)
  using idle = await dial(client.port)
  web.send(GET)
  const cart = await app.peer(0)
  await cart.until('\r\n\r\n')
  const drained = Promise.all([client.plane.drain(10_000), server.plane.drain(10_000)])
  expect(client.plane.state).toBe('draining')
  await expect(dial(client.port)).rejects.toThrow()
  cart.send(ok('hello'))
  await web.until('hello')
  expect(web.received.toLowerCase()).toContain('connection: close')
  web.socket.end()
  idle.socket.end()
  await drained
  expect(client.plane.state).toBe('stopped')
  expect(client.traffic.statuses).toEqual([200])
})

test('a drain does not wait for connections on which nothing was said', async () => {
  await using world = await World.create()
  const clock = new ManualClock()
  const app = world.keep(await startServer(answering(ok('hello'))))
  const proxy = await startOneHop(world, app.port, { clock, destinations: { [KEY]: service([app.port]) } })
  using web = await dial(proxy.port)
  web.send(GET)
  await web.until('hello')
  using early = await dial(proxy.port)
  await waitFor('both connections', () => proxy.plane.connections(9).length === 2)
  const drained = proxy.plane.drain(60_000)
  await early.untilEnd()
  web.socket.end()
  await drained
})

test('a drain that takes too long is cut short', async () => {
  await using world = await World.create()
  const app = world.keep(await startServer())
  const proxy = await startOneHop(world, app.port)
  using web = await dial(proxy.port)
  web.send(GET)
  await (await app.peer(0)).until('\r\n\r\n')
  await proxy.plane.drain(50)
  await web.untilClosed()
  expect(proxy.plane.connections(9)).toEqual([])
})

test('a proxy that has drained ends its idle connections to the application in order', async () => {
  await using world = await World.create()
  const app = world.keep(await startServer(answering(ok('hello'))))
  const proxy = await startOneHop(world, app.port)
  using web = await dial(proxy.port)
  web.send(GET)
  await web.until('hello')
  web.socket.end()
  await web.untilEnd()

  await proxy.plane.drain(10_000)

  const kept = await app.peer(0)
  await kept.untilEnd()
  expect({ hasEnded: kept.hasEnded, error: kept.error }).toEqual({ hasEnded: true, error: undefined })
})
