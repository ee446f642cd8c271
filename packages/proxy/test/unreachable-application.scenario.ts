import { describe, expect, test } from 'vitest'
import { answering, dial, ok, startServer } from './harness/peer.ts'
import { idOf, inbound, outbound, service, type TestProxy, World } from './harness/world.ts'

/** The port of the discard protocol, RFC 863, at which nothing listens. */
const DEAD_PORT = 9
const ENDPOINTS_TRIED_BY_CHANCE = 20

/** A client's proxy and two servers' proxies, the first of which has lost its application. */
async function startHalfDead(world: World, livingPort: number): Promise<TestProxy> {
  const cart = await world.identity('cart')
  const dead = await world.proxy({ identity: cart, listeners: [inbound(DEAD_PORT)] })
  const living = await world.proxy({ identity: cart, listeners: [inbound(livingPort)] })
  return world.proxy({
    identity: await world.identity('web'),
    listeners: [outbound('name:cart.shop:80')],
    destinations: { 'name:cart.shop:80': service([dead.port, living.port], { identity: idOf('cart') }) },
  })
}

async function ask(proxy: TestProxy, request: string): Promise<string> {
  using client = await dial(proxy.port)
  client.send(request)
  await client.untilEnd()
  return client.received
}

describe('an application that is gone while its proxy lives', () => {
  test.each([
    { name: 'GET', request: 'GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n' },
    {
      name: 'POST without body',
      request: 'POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 0\r\nconnection: close\r\n\r\n',
    },
  ])('costs no $name: another endpoint answers', async ({ request }) => {
    await using world = await World.create()
    const app = world.keep(await startServer(answering(ok('hello'))))
    const client = await startHalfDead(world, app.port)

    for (let i = 0; i < ENDPOINTS_TRIED_BY_CHANCE; i++) {
      const answer = await ask(client, request)
      expect(answer).toMatch(/^HTTP\/1.1 200 OK\r\n/)
      expect(answer).not.toContain('heddle-unprocessed')
    }
    expect(client.traffic.statuses.every((status) => status === 200)).toBe(true)
  })

  test('is told with its reason where there is no other endpoint', async () => {
    await using world = await World.create()
    const cart = await world.identity('cart')
    const dead = await world.proxy({ identity: cart, listeners: [inbound(DEAD_PORT)] })
    const client = await world.proxy({
      identity: await world.identity('web'),
      listeners: [outbound('name:cart.shop:80')],
      destinations: { 'name:cart.shop:80': service([dead.port], { identity: idOf('cart') }) },
    })
    const answer = await ask(client, 'GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n')
    expect(answer).toMatch(/^HTTP\/1.1 502 /)
    expect(answer).toContain('heddle-error: connect_refused\r\n')
    expect(answer).not.toContain('heddle-unprocessed')
  })

  test('is told to a client without a proxy in no words of proxies', async () => {
    await using world = await World.create()
    const dead = await world.proxy({ listeners: [inbound(DEAD_PORT)] })
    const answer = await ask(dead, 'GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n')
    expect(answer).toMatch(/^HTTP\/1.1 502 [\s\S]*heddle-error: connect_refused\r\n/)
    expect(answer).not.toContain('heddle-unprocessed')
  })

  test('is not believed from an application: what looks like it is an answer like any other', async () => {
    await using world = await World.create()
    const forged = 'HTTP/1.1 503 Busy\r\nheddle-unprocessed: 1\r\ncontent-length: 4\r\n\r\nbusy'
    const app = world.keep(await startServer(answering(forged)))
    const cart = await world.identity('cart')
    const server = await world.proxy({ identity: cart, listeners: [inbound(app.port)] })
    const client = await world.proxy({
      identity: await world.identity('web'),
      listeners: [outbound('name:cart.shop:80')],
      destinations: { 'name:cart.shop:80': service([server.port, server.port], { identity: idOf('cart') }) },
    })
    const answer = await ask(client, 'GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n')
    expect(answer).toMatch(/^HTTP\/1.1 503 [\s\S]*busy$/)
    expect(app.peers.map((peer) => peer.received.match(/GET/g)?.length)).toEqual([1])
  })
})
