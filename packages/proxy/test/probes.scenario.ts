import { type ClientHttp2Session, connect } from 'node:http2'
import { CidrSet } from '@heddle/base/cidr'
import { expect, test } from 'vitest'
import { answerHead, endCall, startGrpcApp, TestCall } from './harness/grpc-peer.ts'
import { answering, CLOSED_PORTS, dial, ok, startServer } from './harness/peer.ts'
import { waitFor } from './harness/wait-for.ts'
import { inbound, type TestProxy, World } from './harness/world.ts'

/** Tests come from the loopback. */
const KUBELETS = new CidrSet(['127.0.0.1/32'])
const ELSEWHERE = new CidrSet(['192.0.2.1/32'])

async function startProxy(world: World, appPort: number, kubelets = KUBELETS): Promise<TestProxy> {
  return world.proxy({ identity: await world.identity('cart'), listeners: [inbound(appPort)], kubelets })
}

function counted(proxy: TestProxy): readonly string[] {
  const some = proxy.traffic.all.filter(({ statuses }) => statuses.length > 0)
  return some.map(({ key }) => key.security).sort()
}

test.each([{ agent: 'kube-probe/1.33' }, { agent: 'kube-lifecycle/1.33' }])(
  'what a kubelet asks is counted apart: $agent',
  async ({ agent }) => {
    await using world = await World.create()
    const app = world.keep(await startServer(answering(ok('well'))))
    const proxy = await startProxy(world, app.port)
    using kubelet = await dial(proxy.port)
    kubelet.send(`GET /healthz HTTP/1.1\r\nhost: cart\r\nuser-agent: ${agent}\r\n\r\n`)
    await kubelet.until('well')
    using web = await dial(proxy.port)
    web.send('GET / HTTP/1.1\r\nhost: cart\r\n\r\n')
    await web.until('well')
    await waitFor('both are counted', () => proxy.traffic.statuses.length === 2)
    expect(counted(proxy)).toEqual(['peer_not_meshed', 'probe'])
  },
)

test('who says that it is a kubelet and comes from elsewhere is counted as any other client', async () => {
  await using world = await World.create()
  const app = world.keep(await startServer(answering(ok('well'))))
  const proxy = await startProxy(world, app.port, ELSEWHERE)
  using client = await dial(proxy.port)
  client.send('GET / HTTP/1.1\r\nhost: cart\r\nuser-agent: kube-probe/1.33\r\n\r\n')
  await client.until('well')
  await waitFor('it is counted', () => proxy.traffic.statuses.length === 1)
  expect(counted(proxy)).toEqual(['peer_not_meshed'])
})

/** A kubelet's client of gRPC: it calls only once the server has sent its settings. */
async function dialGrpc(world: World, proxy: TestProxy): Promise<ClientHttp2Session> {
  const session = connect(`http://127.0.0.1:${proxy.port}`)
  session.on('error', () => undefined)
  world.owns(() => session.destroy())
  await new Promise((resolve) => session.once('remoteSettings', resolve))
  return session
}

/** `Check` of grpc.health.v1.Health, for the service with the empty name. */
function check(session: ClientHttp2Session, timeout = '60S'): TestCall {
  const request = session.request({
    ':method': 'POST',
    ':path': '/grpc.health.v1.Health/Check',
    ':authority': '10.0.0.1:8080',
    'content-type': 'application/grpc',
    'user-agent': 'kube-probe/1.33 grpc-go/1.72.1',
    te: 'trailers',
    'grpc-timeout': timeout,
  })
  const call = new TestCall(request)
  request.end(Buffer.from([0, 0, 0, 0, 0]))
  return call
}

test.each([
  { name: 'SERVING', answer: [0, 0, 0, 0, 2, 8, 1] },
  { name: 'NOT_SERVING', answer: [0, 0, 0, 0, 2, 8, 2] },
])('a gRPC probe is told $name as the application tells it', async ({ answer }) => {
  await using world = await World.create()
  const app = world.keep(
    await startGrpcApp((call) => {
      answerHead(call)
      call.stream.write(Buffer.from(answer))
      endCall(call, 0)
    }),
  )
  const proxy = await startProxy(world, app.port)
  const call = check(await dialGrpc(world, proxy))
  expect(await call.status()).toBe('0')
  expect([...Buffer.from(call.received, 'latin1')]).toEqual(answer)
  await waitFor('it is counted', () => proxy.traffic.statuses.length === 1)
  expect(counted(proxy)).toEqual(['probe'])
})

test('a gRPC probe fails where the application does not listen', async () => {
  await using world = await World.create()
  const proxy = await startProxy(world, CLOSED_PORTS[0])
  const call = check(await dialGrpc(world, proxy))
  expect(await call.status()).toBe('14')
  expect(call.received).toBe('')
})

test('a gRPC probe fails where the application hangs, when the kubelet no longer waits', async () => {
  await using world = await World.create()
  const app = world.keep(await startGrpcApp())
  const proxy = await startProxy(world, app.port)
  expect(await check(await dialGrpc(world, proxy), '100m').status()).toBe('4')
})
