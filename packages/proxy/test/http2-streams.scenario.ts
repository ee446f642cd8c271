import { constants, type ServerHttp2Stream } from 'node:http2'
import { createServer } from 'node:tls'
import { ManualClock } from '@heddle/testkit/manual-clock'
import { expect, test } from 'vitest'
import { answerOf, echo, H2Client, startH2App } from './harness/http2.ts'
import { PatternReader, PatternWriter } from './harness/pattern.ts'
import { dial, type Peer, startServer } from './harness/peer.ts'
import { waitFor, waitForStandstill } from './harness/wait-for.ts'
import { idOf, outbound, service, startTwoHops, type TestProxyOptions, World } from './harness/world.ts'

const KEY = 'name:cart.shop:80'
const BODY_BYTES = 24_000_000
/** What may be on its way when nobody reads: buffers of four sockets, windows of three connections, and no more. */
const MOST_UNREAD_BYTES = 20_000_000

function h2client(world: World, port: number): H2Client {
  return world.keep(new H2Client(port))
}

/** A plain proxy in front of endpoints of HTTP/2 on these ports. */
function startOneHop(world: World, ports: readonly number[], more: Partial<TestProxyOptions> = {}) {
  return world.proxy({
    listeners: [outbound(KEY)],
    destinations: { [KEY]: service(ports, { protocol: 'http2' }) },
    ...more,
  })
}

function rawFrame([type, flags, streamId]: readonly [number, number, number], payload: readonly number[]): Buffer {
  return Buffer.from([0, 0, payload.length, type, flags, 0, 0, 0, streamId, ...payload])
}

/** Serves HTTP/2 octet by octet. @param requested - called for each HEADERS */
function servingFrames(peer: Peer, requested: (streamId: number) => void): void {
  let at = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'.length
  peer.socket.write(rawFrame([4, 0, 0], []))
  peer.socket.on('data', () => {
    const octets = Buffer.from(peer.received, 'latin1')
    while (octets.length >= at + 9 && octets.length >= at + 9 + octets.readUIntBE(at, 3)) {
      const head = at
      at += 9 + octets.readUIntBE(at, 3)
      if (octets[head + 3] === 1) requested(octets.readUInt32BE(head + 5))
    }
  })
}

test('a large body of a request waits for its reader, and arrives as it was sent', async () => {
  await using world = await World.create()
  let reading: ServerHttp2Stream | undefined
  const app = world.keep(
    await startH2App((stream) => {
      reading = stream.pause()
    }),
  )
  const { client } = await startTwoHops(world, app.port)
  const web = h2client(world, client.port)
  const stream = web.open({ ':method': 'POST', ':path': '/' })
  const answer = answerOf(stream)
  const sent = new PatternWriter(stream, BODY_BYTES)
  await waitFor('the request', () => reading !== undefined)
  await waitForStandstill('the upload', () => sent.sent)
  expect(sent.sent).toBeLessThan(MOST_UNREAD_BYTES)
  const pattern = new PatternReader()
  reading!.on('data', (bytes: Buffer) => {
    pattern.read(bytes)
    if (pattern.received === BODY_BYTES) reading!.respond({ ':status': 200 }, { endStream: true })
  })
  reading!.resume()
  expect((await answer).status).toBe(200)
  expect(pattern.isWrong).toBe(false)
  stream.destroy()
})

test('a large answer waits for its reader, and arrives as it was sent', async () => {
  await using world = await World.create()
  let writer: PatternWriter | undefined
  const app = world.keep(
    await startH2App((stream) => {
      stream.respond({ ':status': 200 })
      writer = new PatternWriter(stream, BODY_BYTES)
    }),
  )
  const { client } = await startTwoHops(world, app.port)
  const web = h2client(world, client.port)
  const stream = web.open({ ':path': '/' }, { endStream: true }).pause()
  await waitFor('the answer', () => writer !== undefined)
  await waitForStandstill('the download', () => writer!.sent)
  expect(writer!.sent).toBeLessThan(MOST_UNREAD_BYTES)
  // Others are not held up by it.
  const beside = h2client(world, client.port).open({ ':path': '/' }, { endStream: true })
  await waitFor('another answer', () => beside.readableLength > 0)
  const pattern = new PatternReader()
  stream.on('data', (bytes: Buffer) => pattern.read(bytes))
  stream.resume()
  await waitFor('the whole', () => pattern.isWrong || pattern.received === BODY_BYTES)
  expect(pattern.isWrong).toBe(false)
})

test('no request is lost when endpoints end their connections under load', async () => {
  await using world = await World.create()
  const app = world.keep(
    await startH2App((stream, headers) => {
      // The connection is ended in the middle of what goes on.
      if (app.requests() % 40 === 0) stream.session?.close()
      echo(stream, headers)
    }),
  )
  const { client } = await startTwoHops(world, app.port)
  const web = h2client(world, client.port)
  const bodies: string[] = []
  const ask = async (worker: number) => {
    for (let i = 0; i < 60; i++) {
      const { body } = await web.ask({ ':method': 'POST', ':path': `/${worker}` }, `body-${i}`)
      bodies.push(body)
    }
  }
  await Promise.all(Array.from({ length: 10 }, (_, worker) => ask(worker)))
  expect(bodies.length).toBe(600)
  expect(bodies.every((body) => /^POST \/\d body-\d+$/.test(body))).toBe(true)
  expect(app.sessions.length).toBeGreaterThan(5)
  expect(client.traffic.errors).toEqual([])
})

test('a request that was refused unread is sent again, with its body and whatever its method', async () => {
  await using world = await World.create()
  let refusals = 2
  const app = world.keep(
    await startServer((peer) => {
      servingFrames(peer, (streamId) => {
        refusals -= 1
        const isRefused = refusals >= 0
        // RST_STREAM with REFUSED_STREAM, or HEADERS that say 200 and end the stream.
        peer.socket.write(isRefused ? rawFrame([3, 0, streamId], [0, 0, 0, 7]) : rawFrame([1, 5, streamId], [0x88]))
      })
    }),
  )
  const proxy = await startOneHop(world, [app.port])
  const web = h2client(world, proxy.port)
  const answer = await web.ask({ ':method': 'POST', ':path': '/' }, 'apples')
  expect(answer.status).toBe(200)
  expect(app.peers.length).toBe(1)
  await waitFor('the body, three times', () => app.peers[0]!.received.split('apples').length === 4)
  refusals = 99
  const refused = await web.ask({ ':method': 'POST', ':path': '/' }, 'apples')
  expect(refused.headers['heddle-error']).toBe('upstream_reset')
  expect(refusals).toBe(96)
})

test('octets before the head of an answer break that answer, and nothing else', async () => {
  await using world = await World.create()
  const app = world.keep(
    await startServer((peer) => {
      servingFrames(peer, (streamId) => peer.socket.write(rawFrame([0, 1, streamId], [0x61])))
    }),
  )
  const proxy = await startOneHop(world, [app.port])
  const web = h2client(world, proxy.port)
  for (let i = 0; i < 2; i++) {
    const { headers } = await web.ask({ ':path': '/' })
    expect(headers['heddle-error']).toBe('upstream_protocol_error')
  }
  expect(app.peers.length).toBe(1)
})

test('more requests than streams are allowed go over further connections', async () => {
  await using world = await World.create()
  const streams: ServerHttp2Stream[] = []
  const app = world.keep(await startH2App((stream) => streams.push(stream), { settings: { maxConcurrentStreams: 10 } }))
  const proxy = await startOneHop(world, [app.port])
  const web = h2client(world, proxy.port)
  const answers = Array.from({ length: 35 }, () => web.ask({ ':path': '/' }))
  await waitFor('all requests', () => streams.length >= 35)
  expect(app.sessions.length).toBeGreaterThanOrEqual(4)
  expect(app.sessions.length).toBeLessThan(8)
  for (const stream of streams) if (!stream.destroyed) stream.respond({ ':status': 204 }, { endStream: true })
  expect((await Promise.all(answers)).map(({ status }) => status)).toEqual(new Array(35).fill(204))
})

test('a client that cancels cancels at the application, and other requests of its connection go on', async () => {
  await using world = await World.create()
  const streams: ServerHttp2Stream[] = []
  const app = world.keep(await startH2App((stream) => streams.push(stream)))
  const { client, server } = await startTwoHops(world, app.port)
  const web = h2client(world, client.port)
  const stays = web.ask({ ':path': '/stays' })
  await waitFor('the first', () => streams.length === 1)
  const leaves = web.open({ ':path': '/leaves' }, { endStream: true })
  await waitFor('the second', () => streams.length === 2)
  leaves.close(constants.NGHTTP2_CANCEL)
  await waitFor('the cancel at the application', () => streams[1]!.closed)
  expect(streams[1]!.rstCode).toBe(constants.NGHTTP2_CANCEL)
  streams[0]!.respond({ ':status': 200 }, { endStream: true })
  expect((await stays).status).toBe(200)
  await waitFor('the outcomes', () => client.traffic.statuses.length + server.traffic.statuses.length === 4)
  expect([client.traffic.errors, server.traffic.errors]).toEqual([['client_reset'], ['client_reset']])
})

test('an application that breaks off an answer breaks it off at the client', async () => {
  await using world = await World.create()
  const app = world.keep(
    await startH2App((stream) => {
      stream.respond({ ':status': 200 })
      stream.write('begin', () => stream.destroy(new Error('broken')))
    }),
  )
  const { client } = await startTwoHops(world, app.port)
  const stream = h2client(world, client.port).open({ ':path': '/' }, { endStream: true })
  const answer = answerOf(stream)
  await expect(answer).rejects.toThrow()
  expect(stream.rstCode).toBe(constants.NGHTTP2_INTERNAL_ERROR)
  expect(client.traffic.errors).toEqual(['upstream_reset'])
})

test('an answer before the end of the request stops the request, and no other', async () => {
  await using world = await World.create()
  const app = world.keep(
    await startH2App((stream) => {
      stream.respond({ ':status': 413 })
      stream.end('too large')
    }),
  )
  const { client } = await startTwoHops(world, app.port)
  const web = h2client(world, client.port)
  for (let i = 0; i < 3; i++) {
    const stream = web.open({ ':method': 'POST', ':path': '/' })
    stream.write('x')
    expect(await answerOf(stream)).toMatchObject({ status: 413, body: 'too large' })
  }
  expect(web.session.closed).toBe(false)
})

test('a draining proxy says GOAWAY, and finishes the requests that are open', async () => {
  await using world = await World.create()
  const streams: ServerHttp2Stream[] = []
  const app = world.keep(await startH2App((stream) => streams.push(stream)))
  const { client, server } = await startTwoHops(world, app.port)
  const web = h2client(world, client.port)
  const idle = h2client(world, client.port)
  expect(idle.session.destroyed).toBe(false)
  let goaways = 0
  web.session.on('goaway', () => goaways++)
  const answer = web.ask({ ':path': '/' })
  await waitFor('the request', () => streams.length === 1)
  const drained = Promise.all([server.plane.drain(10_000), client.plane.drain(10_000)])
  await waitFor('GOAWAY', () => goaways > 0)
  streams[0]!.respond({ ':status': 200 })
  streams[0]!.end('the last')
  expect(await answer).toMatchObject({ status: 200, body: 'the last' })
  await drained
  expect([client.traffic.statuses, server.traffic.statuses]).toEqual([[200], [200]])
})

test('one exchange runs out of time, the others of its connection do not', async () => {
  await using world = await World.create()
  const clock = new ManualClock()
  const streams: ServerHttp2Stream[] = []
  const app = world.keep(await startH2App((stream) => streams.push(stream)))
  const proxy = await startOneHop(world, [app.port], { clock, limits: { responseHeadMs: 20_000 } })
  const web = h2client(world, proxy.port)
  const first = web.ask({ ':path': '/first' })
  await waitFor('the first', () => streams.length === 1)
  clock.advance(15_000)
  const second = web.ask({ ':path': '/second' })
  await waitFor('the second', () => streams.length === 2)
  clock.advance(8_000)
  expect(await first).toMatchObject({ status: 504, headers: { 'heddle-error': 'response_timeout' } })
  streams[1]!.respond({ ':status': 200 }, { endStream: true })
  expect((await second).status).toBe(200)
})

test('a client that gives no room for an answer loses it after a while', async () => {
  await using world = await World.create()
  const clock = new ManualClock()
  const app = world.keep(
    await startH2App((stream, headers) => {
      stream.respond({ ':status': 200 })
      stream.end('x'.repeat(headers[':path'] === '/large' ? 200_000 : 10))
    }),
  )
  const proxy = await startOneHop(world, [app.port], { clock })
  const web = h2client(world, proxy.port)
  const stream = web.open({ ':path': '/large' }, { endStream: true }).pause()
  stream.on('error', () => undefined)
  await waitForStandstill('the answer', () => proxy.plane.connections(1)[0]?.writtenBytes ?? 0)
  for (let i = 0; i < 8; i++) {
    expect((await web.ask({ ':path': '/small' })).body).toBe('x'.repeat(10))
    clock.advance(100_000)
  }
  await waitFor('the reset', () => stream.rstCode !== 0 || stream.closed)
  expect(proxy.plane.connections(1)[0]!.openRequests).toBe(0)
})

test('a connection to another proxy that has died is given up long before its requests are', async () => {
  await using world = await World.create()
  // Certificates are looked at by it.
  const clock = new ManualClock(Date.now())
  const own = await world.ca.issueFor(idOf('cart'))
  const received: Buffer[] = []
  const silent = createServer(
    { cert: own.certificateChainPem, key: own.privateKeyPem, ALPNProtocols: ['h2'] },
    (socket) => {
      socket.on('error', () => undefined)
      socket.on('data', (bytes: Buffer) => received.push(bytes))
      // SETTINGS, and never a word again.
      socket.write(Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]))
    },
  )
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve))
  world.owns(() => silent.close())
  const { port } = silent.address() as { port: number }
  const proxy = await world.proxy({
    identity: await world.identity('web'),
    listeners: [outbound(KEY)],
    destinations: { [KEY]: service([port], { identity: idOf('cart') }) },
    clock,
  })
  const web = h2client(world, proxy.port)
  const answer = web.ask({ ':method': 'POST', ':path': '/' })
  await waitFor(
    'the request',
    () => Buffer.concat(received).length > 60 && proxy.traffic.all.some(({ readBytes }) => readBytes > 0),
  )
  clock.advance(13_000)
  clock.advance(8_000)
  expect(await answer).toMatchObject({ status: 502, headers: { 'heddle-error': 'upstream_reset' } })
  expect(proxy.metric('heddle_limit_reached_total{limit="pingMs"}')).toBe(1)
})

test('a client that opens streams only to reset them is thrown out, counted and logged once', async () => {
  await using world = await World.create()
  const app = world.keep(await startH2App(() => undefined))
  const proxy = await startOneHop(world, [app.port], { limits: { streamResets: 50 } })
  const web = h2client(world, proxy.port)
  for (let i = 0; i < 200; i++) {
    const stream = web.open({ ':path': '/' }, { endStream: true })
    stream.on('error', () => undefined)
    stream.close(constants.NGHTTP2_CANCEL)
  }
  await waitFor('the end', () => web.session.destroyed)
  expect(proxy.metric('heddle_protocol_faults_total{fault="rapid_reset"}')).toBe(1)
  expect(proxy.logged.filter((line) => line.includes('rapid_reset')).length).toBe(1)
})

test('a client that says nothing after its preface is let go after the time of idle connections', async () => {
  await using world = await World.create()
  const clock = new ManualClock()
  const app = world.keep(await startServer())
  const proxy = await startOneHop(world, [app.port], { clock })
  using web = await dial(proxy.port)
  web.send('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')
  web.socket.write(Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]))
  await waitFor('SETTINGS', () => web.receivedBytes > 0)
  clock.advance(500_000)
  expect(web.hasEnded).toBe(false)
  clock.advance(120_000)
  await web.untilClosed()
})

test('a head that never becomes complete ends its connection', async () => {
  await using world = await World.create()
  const clock = new ManualClock()
  const app = world.keep(await startServer())
  const proxy = await startOneHop(world, [app.port], { clock })
  using web = await dial(proxy.port)
  web.send('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')
  // SETTINGS, and HEADERS without END_HEADERS: `:method: GET` alone.
  web.socket.write(Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 0, 0, 0, 1, 0x82]))
  await waitFor('the bytes', () => proxy.plane.connections(1)[0]?.readBytes === 24 + 19)
  clock.advance(13_000)
  await web.untilEnd()
  expect(proxy.metric('heddle_limit_reached_total{limit="requestHeadMs"}')).toBe(1)
})

test('a burst to an endpoint without connections waits for those being opened', async () => {
  await using world = await World.create()
  const app = world.keep(await startH2App(echo))
  const proxy = await startOneHop(world, [app.port], { limits: { endpointPending: 10 } })
  const clients = Array.from({ length: 8 }, () => h2client(world, proxy.port))
  const answers = await Promise.all(
    clients.flatMap((web) => Array.from({ length: 200 }, () => web.ask({ ':path': '/' }))),
  )
  expect(answers.filter(({ status }) => status !== 200)).toEqual([])
  expect(proxy.metric('heddle_limit_reached_total{limit="endpointPending"}')).toBe(0)
})

test('requests beyond what connections being opened are expected to take are refused', async () => {
  await using world = await World.create()
  const app = world.keep(await startH2App(echo))
  const limits = { endpointExpected: 10, endpointPending: 5 }
  const proxy = await startOneHop(world, [app.port], { limits })
  const web = h2client(world, proxy.port)
  const answers = await Promise.all(Array.from({ length: 40 }, () => web.ask({ ':path': '/' })))
  const refused = answers.filter(({ status }) => status === 503)
  expect(answers.filter(({ status }) => status === 200).length).toBe(40 - refused.length)
  expect(refused.length).toBeGreaterThan(0)
  expect(refused.every(({ headers }) => headers['heddle-error'] === 'endpoint_overloaded')).toBe(true)
  expect(proxy.metric('heddle_limit_reached_total{limit="endpointPending"}')).toBe(refused.length)
})
