import { expect, test } from 'vitest'
import { answering, dial, ok, startServer } from './harness/peer.ts'
import { waitFor } from './harness/wait-for.ts'
import { inbound, World } from './harness/world.ts'

test('probes of a kubelet are counted apart', async () => {
  await using world = await World.create()
  const app = world.keep(await startServer(answering(ok('well'))))
  const proxy = await world.proxy({ identity: await world.identity('cart'), listeners: [inbound(app.port)] })
  using kubelet = await dial(proxy.port)
  kubelet.send('GET /healthz HTTP/1.1\r\nhost: cart\r\nuser-agent: kube-probe/1.33\r\n\r\n')
  await kubelet.until('well')
  using web = await dial(proxy.port)
  web.send('GET / HTTP/1.1\r\nhost: cart\r\n\r\n')
  await web.until('well')
  await waitFor('both are counted', () => proxy.traffic.statuses.length === 2)
  const counted = proxy.traffic.all.filter(({ statuses }) => statuses.length > 0)
  expect(counted.map(({ key }) => key.security).sort()).toEqual(['peer_not_meshed', 'probe'])
})
