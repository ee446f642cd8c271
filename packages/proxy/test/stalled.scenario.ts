import { connect } from 'node:net'
import { expect, test } from 'vitest'
import { answering, dial, ok, Peer, startServer } from './harness/peer.ts'
import { waitFor } from './harness/wait-for.ts'
import { outbound, service, World } from './harness/world.ts'

const KEY = 'name:cart.shop:80'
const GET = 'GET / HTTP/1.1\r\nhost: cart.shop\r\n\r\n'
const LIMIT_MS = 100

/** As a process that is stopped, or gets no processor time: nothing of it runs. */
function standStill(): void {
  const endMs = performance.now() + 3 * LIMIT_MS
  while (performance.now() < endMs);
}

test('no endpoint is blamed for a connect during which the proxy stood still', async () => {
  await using world = await World.create()
  const app = world.keep(await startServer(answering(ok('hello'))))
  const proxy = await world.proxy({
    listeners: [outbound(KEY)],
    destinations: {
      resolve() {
        // What is to be connected to next is known now, and a connect that begins in this turn is not over before.
        process.nextTick(standStill)
        return service([app.port], { protocol: 'http1' })
      },
    },
    limits: { connectMs: LIMIT_MS },
  })
  using web = await dial(proxy.port)
  web.send(GET)
  await waitFor('an answer', () => web.received !== '')
  expect(web.received).toContain('hello')
  expect(proxy.metric('heddle_limit_reached_total{limit="connectMs"}')).toBe(0)
})

test('no client is taken for silent that spoke while the proxy stood still', async () => {
  await using world = await World.create()
  const app = world.keep(await startServer(answering(ok('hello'))))
  const proxy = await world.proxy({
    listeners: [outbound(KEY)],
    destinations: { [KEY]: service([app.port]) },
    limits: { detectMs: LIMIT_MS },
  })
  const web = new Peer(connect({ port: proxy.port, host: '127.0.0.1', allowHalfOpen: true }))
  world.owns(() => web.socket.destroy())
  await waitFor('the proxy to have accepted', () => proxy.plane.connections(1).length === 1)
  setImmediate(() => {
    web.send(GET)
    standStill()
  })
  await web.until('hello')
  expect(proxy.traffic.all.map(({ key }) => key.protocol)).toEqual(['http1'])
  expect(proxy.metric('heddle_limit_reached_total{limit="detectMs"}')).toBe(0)
})
