import type { IncomingHttpHeaders } from 'node:http2'
import { ManualClock } from '@heddle/testkit/manual-clock'
import { expect, test } from 'vitest'
import { answerHead, answerOnly, endCall, GrpcClient, startGrpcApp } from './harness/grpc-peer.ts'
import { answering, CLOSED_PORTS, dial, startServer } from './harness/peer.ts'
import { waitFor } from './harness/wait-for.ts'
import { idOf, inbound, outbound, service, startTwoHops, type TestProxy, World } from './harness/world.ts'

const KEY = 'name:cart.shop:80'

function startClient(world: World, proxy: TestProxy): GrpcClient {
  return world.keep(new GrpcClient(proxy.port))
}

/** A clock by which a millisecond passes each time that somebody looks at it. */
class RestlessClock extends ManualClock {
  #looks = 0

  override monotonicUs(): number {
    this.#looks += 1
    return super.monotonicUs() + this.#looks * 1000
  }
}

/** What a call has left of its time. */
function leftMs(headers: IncomingHttpHeaders): number {
  const [, count, unit] = /^(\d+)([um])$/.exec(String(headers['grpc-timeout']))!
  return Math.floor(Number(count) / (unit === 'u' ? 1000 : 1))
}

test('a call goes through both proxies, and its status is counted by both', async () => {
  await using world = await World.create()
  const app = world.keep(
    await startGrpcApp((call) => {
      answerHead(call)
      call.stream.write('answer')
      endCall(call, 13, 'no%20such%20emoji')
    }),
  )
  const { client, server } = await startTwoHops(world, app.port)

  const call = startClient(world, client).call()

  expect(await call.status()).toBe('13')
  expect(call.received).toBe('answer')
  expect(call.trailers?.['grpc-message']).toBe('no%20such%20emoji')
  await waitFor('both outcomes', () => client.traffic.statuses.length + server.traffic.statuses.length === 2)
  expect([client.traffic.statuses, client.traffic.grpcStatuses, client.traffic.errors]).toEqual([[200], [13], []])
  expect([server.traffic.statuses, server.traffic.grpcStatuses, server.traffic.errors]).toEqual([[200], [13], []])
})

test('a status in the head of an answer without body counts', async () => {
  await using world = await World.create()
  const app = world.keep(await startGrpcApp((call) => answerOnly(call, 5)))
  const { client } = await startTwoHops(world, app.port)
  expect(await startClient(world, client).call().status()).toBe('5')
  expect(client.traffic.grpcStatuses).toEqual([5])
})

test('messages of a stream go both ways as they come', async () => {
  await using world = await World.create()
  const app = world.keep(await startGrpcApp(answerHead))
  const { client } = await startTwoHops(world, app.port)
  const call = startClient(world, client).start()
  const served = await app.call(0)

  for (let i = 0; i < 5; i++) {
    call.stream.write(`ping ${i}`)
    await waitFor(`ping ${i}`, () => served.received.endsWith(`ping ${i}`))
    served.stream.write(`pong ${i}`)
    await call.until(`pong ${i}`)
  }
  call.stream.end()
  await waitFor('the end of the request', () => served.hasEnded)
  served.stream.write('bye')
  endCall(served, 0)

  expect(await call.status()).toBe('0')
  expect(call.received).toContain('bye')
})

test('a deadline is passed on less the time spent, ends the call in time, and takes it back from the server', async () => {
  await using world = await World.create()
  const app = world.keep(await startGrpcApp())
  const [clientClock, serverClock] = [new RestlessClock(Date.now()), new ManualClock(Date.now())]
  const { client, server } = await startTwoHops(world, app.port, { clientClock, serverClock })

  const call = startClient(world, client).call({ ':path': '/shop.Cart/Get?token=s3cret', 'grpc-timeout': '300m' })

  const served = await app.call(0)
  expect(served.headers['grpc-timeout']).toMatch(/^2\d{5}u$|^2\d\dm$/)
  // The server's time is nearly up as well when the client's is.
  serverClock.advance(leftMs(served.headers) - 10)
  expect([call.isClosed, served.isClosed]).toEqual([false, false])
  clientClock.advance(300)
  expect(await call.status()).toBe('4')
  expect(call.head).toMatchObject({
    ':status': 200,
    'content-type': 'application/grpc',
    'heddle-error': 'deadline_exceeded',
  })
  expect(call.head?.['grpc-message']).toContain('deadline')
  await waitFor('the end at the server', () => served.isClosed)
  expect(served.stream.rstCode).toBe(8)
  await waitFor('both outcomes', () => client.traffic.statuses.length + server.traffic.statuses.length === 2)
  expect([client.traffic.grpcStatuses, client.traffic.errors]).toEqual([[4], ['deadline_exceeded']])
  expect(server.traffic.grpcStatuses).toEqual([4])
  expect(client.logged.join()).toContain('not done after the 300 ms that the client gave')
  expect(client.logged.join()).not.toContain('s3cret')
})

test('a deadline in the middle of an answer ends it with trailers', async () => {
  await using world = await World.create()
  const app = world.keep(
    await startGrpcApp((call) => {
      answerHead(call)
      call.stream.write('first')
    }),
  )
  const clientClock = new ManualClock(Date.now())
  const { client } = await startTwoHops(world, app.port, { clientClock })

  const call = startClient(world, client).start({ 'grpc-timeout': '200m' })
  await call.until('first')
  clientClock.advance(200)

  expect(await call.status()).toBe('4')
  expect(call.received).toBe('first')
  expect(call.trailers).toMatchObject({
    'heddle-error': 'deadline_exceeded',
    'x-request-id': expect.stringMatching(/./),
  })
  const served = await app.call(0)
  await waitFor('the end at the server', () => served.isClosed)
  expect(served.stream.rstCode).toBe(8)
})

test.each([{ timeout: 'soon' }, { timeout: '100000000S' }])(
  'a timeout $timeout sets no deadline and arrives as it is',
  async ({ timeout }) => {
    await using world = await World.create()
    const app = world.keep(await startGrpcApp((call) => answerOnly(call, 3)))
    const { client } = await startTwoHops(world, app.port)
    expect(await startClient(world, client).call({ 'grpc-timeout': timeout }).status()).toBe('3')
    expect(app.calls[0]!.headers['grpc-timeout']).toBe(timeout)
  },
)

test('a call that its client takes back is taken back from the server, and is no failure', async () => {
  await using world = await World.create()
  const app = world.keep(await startGrpcApp(answerHead))
  const { client, server } = await startTwoHops(world, app.port)
  const call = startClient(world, client).start()
  await waitFor('the head', () => call.head !== undefined)

  call.stream.close(8)

  const served = await app.call(0)
  await waitFor('the end at the server', () => served.isClosed)
  expect(served.stream.rstCode).toBe(8)
  await waitFor('both outcomes', () => client.traffic.statuses.length + server.traffic.statuses.length === 2)
  expect([client.traffic.grpcStatuses, server.traffic.grpcStatuses]).toEqual([[1], [1]])
})

test('when there is no endpoint, the answer is one of gRPC', async () => {
  await using world = await World.create()
  const proxy = await world.proxy({ listeners: [outbound(KEY)], destinations: { [KEY]: service([]) } })

  const call = startClient(world, proxy).call({ 'content-type': 'application/grpc+proto' })

  expect(await call.status()).toBe('14')
  expect(call.head).toMatchObject({
    ':status': 200,
    'content-type': 'application/grpc+proto',
    'heddle-error': 'no_healthy_endpoint',
  })
  expect(call.head?.['grpc-message']).toMatch(/^no_healthy_endpoint: The Service has no endpoint that is ready\./)
  expect(proxy.traffic.grpcStatuses).toEqual([14])
  expect(proxy.logged.join('')).toContain('"grpcStatus":"UNAVAILABLE"')
  expect(proxy.logged.join('')).toContain('"grpcMethod":"/shop.Cart/Add"')
})

test('a call whose application cannot be reached goes to another endpoint', async () => {
  await using world = await World.create()
  const app = world.keep(await startGrpcApp((call) => answerOnly(call, 0)))
  const identity = await world.identity('cart')
  const protocolOf = () => 'http2' as const
  const dead = await world.proxy({ identity, listeners: [inbound(CLOSED_PORTS[0])], protocolOf })
  const alive = await world.proxy({ identity, listeners: [inbound(app.port)], protocolOf })
  const client = await world.proxy({
    identity: await world.identity('web'),
    listeners: [outbound(KEY)],
    destinations: { [KEY]: service([dead.port, alive.port], { identity: idOf('cart') }) },
  })

  const grpc = startClient(world, client)
  for (let i = 0; i < 8; i++) expect(await grpc.call().status()).toBe('0')

  expect(client.traffic.grpcStatuses).toEqual(new Array(8).fill(0))
  expect(dead.traffic.grpcStatuses.every((status) => status === 14)).toBe(true)
})

test('a server that is no server of gRPC is counted by what its answer stands for', async () => {
  await using world = await World.create()
  const app = world.keep(
    await startGrpcApp(({ stream }) => {
      stream.respond({ ':status': 404, 'content-type': 'text/plain' })
      stream.end('nothing here')
    }),
  )
  const { client } = await startTwoHops(world, app.port)
  const call = startClient(world, client).call()
  await waitFor('the end', () => call.isClosed)
  expect(call.head?.[':status']).toBe(404)
  expect(call.received).toBe('nothing here')
  expect([client.traffic.statuses, client.traffic.grpcStatuses]).toEqual([[404], [12]])
})

test('gRPC-Web passes as it is, and gets errors that it understands', async () => {
  await using world = await World.create()
  const body = '\0\0\0\0\u0006answer\u0080\0\0\0\u000fgrpc-status:0\r\n'
  const app = world.keep(
    await startGrpcApp(({ stream }) => {
      stream.respond({ ':status': 200, 'content-type': 'application/grpc-web+proto' })
      stream.end(Buffer.from(body, 'latin1'))
    }),
  )
  const { client } = await startTwoHops(world, app.port)
  const web = { 'content-type': 'application/grpc-web+proto' }

  const call = startClient(world, client).call(web)
  await waitFor('the end', () => call.isClosed)
  expect(call.received).toBe(body)
  expect([client.traffic.statuses, client.traffic.grpcStatuses]).toEqual([[200], []])

  const proxy = await world.proxy({ listeners: [outbound(KEY)], destinations: { [KEY]: service([]) } })
  const failed = startClient(world, proxy).call(web)
  expect(await failed.status()).toBe('14')
  expect(failed.head?.['content-type']).toBe('application/grpc-web+proto')
})

test('gRPC over HTTP/1 is understood as well: status of the trailers, errors, deadline', async () => {
  await using world = await World.create()
  const answer =
    'HTTP/1.1 200 OK\r\ncontent-type: application/grpc\r\ntransfer-encoding: chunked\r\n\r\n' +
    '3\r\nyes\r\n0\r\ngrpc-status: 13\r\n\r\n'
  const app = world.keep(await startServer(answering(answer)))
  const proxy = await world.proxy({
    listeners: [outbound(KEY)],
    destinations: { [KEY]: service([app.port], { protocol: 'http1' }) },
  })
  using web = await dial(proxy.port)
  const head = 'POST /shop.Cart/Add HTTP/1.1\r\nhost: cart.shop\r\ncontent-type: application/grpc\r\nte: trailers\r\n'

  web.send(`${head}grpc-timeout: 60S\r\ncontent-length: 0\r\n\r\n`)
  await web.until('grpc-status: 13\r\n\r\n')
  expect(app.peers[0]!.received).toMatch(/grpc-timeout: ([345]\d{4}m|[345]\d{7}u|60S)\r\n/)
  expect(proxy.traffic.grpcStatuses).toEqual([13])

  const silent = world.keep(await startServer())
  const slow = await world.proxy({
    listeners: [outbound(KEY)],
    destinations: { [KEY]: service([silent.port], { protocol: 'http1' }) },
  })
  using waiting = await dial(slow.port)
  waiting.send(`${head}grpc-timeout: 50m\r\ncontent-length: 0\r\n\r\n`)
  await waiting.until('\r\n\r\n')
  expect(waiting.received).toMatch(/^HTTP\/1.1 200 /)
  expect(waiting.received).toContain('\r\ngrpc-status: 4\r\n')
})

test('a stream may be silent for long, before and after its head, but not for ever', async () => {
  await using world = await World.create()
  const clock = new ManualClock()
  const app = world.keep(await startGrpcApp())
  const proxy = await world.proxy({
    clock,
    limits: { responseHeadMs: 1_000, bodyIdleMs: 1_000, grpcIdleMs: 60_000 },
    listeners: [outbound(KEY)],
    destinations: { [KEY]: service([app.port], { protocol: 'http2' }) },
  })
  const grpc = startClient(world, proxy)
  const unanswered = grpc.call()
  await app.call(0)
  const streaming = grpc.start()
  const served = await app.call(1)
  clock.advance(30_000)
  answerHead(served)
  await waitFor('the head', () => streaming.head !== undefined)

  clock.advance(32_000)
  expect(await unanswered.status()).toBe('14')
  expect(unanswered.head?.['heddle-error']).toBe('idle_timeout')
  served.stream.write('still here')
  await streaming.until('still here')
  clock.advance(62_000)
  expect(await streaming.status()).toBe('14')
  expect(proxy.metric('heddle_limit_reached_total{limit="grpcIdleMs"}')).toBe(2)
})
