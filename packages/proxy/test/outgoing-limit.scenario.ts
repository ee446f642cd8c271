import { expect, test } from 'vitest'
import { answering, dial, ok, startServer } from './harness/peer.ts'
import { waitFor } from './harness/wait-for.ts'
import { outbound, service, World } from './harness/world.ts'

const GET = 'GET / HTTP/1.1\r\nhost: cart.shop\r\n\r\n'

test('requests beyond the limit of outgoing connections are told so, and it frees itself', async () => {
  await using world = await World.create()
  let served = 0
  const app = world.keep(
    await startServer((peer) => {
      if (served++ > 0) answering(ok('again'))(peer)
    }),
  )
  const proxy = await world.proxy({
    listeners: [outbound('name:cart.shop:80')],
    destinations: { 'name:cart.shop:80': service([app.port]) },
    limits: { outgoingConnections: 1 },
  })
  using first = await dial(proxy.port)
  first.send(GET)
  const cart = await app.peer(0)
  await cart.until('\r\n\r\n')

  using second = await dial(proxy.port)
  second.send(GET)
  await second.until('heddle-error: connection_limit\r\n')
  expect(second.received).toMatch(/^HTTP\/1.1 503 /)
  expect(proxy.metric('heddle_limit_reached_total{limit="outgoingConnections"')).toBe(1)

  cart.send('HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok')
  cart.socket.end()
  await first.until('ok')
  await waitFor('the close', () => cart.socket.destroyed)

  using third = await dial(proxy.port)
  third.send(GET)
  await third.until('again')
})
