import type { ServerHttp2Stream } from 'node:http2'
import { ManualClock } from '@heddle/testkit/manual-clock'
import { expect, test } from 'vitest'
import { CONTINUATION, END_STREAM, frame, GET_BLOCK, get, HEADERS, opening, PING } from './harness/h2-octets.ts'
import { startH2App } from './harness/http2.ts'
import { answering, dial, ok, type Peer, startServer } from './harness/peer.ts'
import { waitFor } from './harness/wait-for.ts'
import { outbound, service, type TestProxy, World } from './harness/world.ts'

const KEY = 'name:cart.shop:80'
const REACHED = 'heddle_limit_reached_total{limit="requestHeadMs"}'
const FAULTS = 'heddle_protocol_faults_total{fault="head_timeout"}'

/** A proxy in front of an application of HTTP/2 that never answers, and a client of it that has said hello. */
async function startSilent(world: World) {
  const clock = new ManualClock()
  const streams: ServerHttp2Stream[] = []
  const app = world.keep(await startH2App((stream) => streams.push(stream)))
  const proxy = await world.proxy({
    listeners: [outbound(KEY)],
    destinations: { [KEY]: service([app.port], { protocol: 'http2' }) },
    clock,
  })
  const web = await dial(proxy.port)
  world.owns(() => web.socket.destroy())
  web.socket.write(opening())
  return { clock, streams, proxy, web }
}

/** Writes, and waits until the proxy has read it. */
async function write(proxy: TestProxy, web: Peer, octets: Buffer): Promise<void> {
  web.socket.write(octets)
  await waitFor('the octets', () => proxy.plane.connections(1)[0]?.readBytes === web.socket.bytesWritten)
}

/** Waits until the proxy has closed a connection whose client does not end its side. */
async function letGo(clock: ManualClock, proxy: TestProxy): Promise<void> {
  const fromUs = clock.monotonicUs()
  await waitFor('the close', () => {
    clock.advance(1_000)
    return proxy.plane.connections(1).length === 0
  })
  expect(clock.monotonicUs() - fromUs).toBeLessThan(60_000_000)
}

test.each([
  {
    name: 'HEADERS that no CONTINUATION follows',
    octets: frame({ type: HEADERS, flags: END_STREAM, stream: 3, payload: GET_BLOCK }),
  },
  { name: 'half of a frame of HEADERS', octets: get(3).subarray(0, 12) },
  {
    name: 'half of a CONTINUATION',
    octets: Buffer.concat([
      frame({ type: HEADERS, flags: END_STREAM, stream: 3, payload: GET_BLOCK }),
      frame({ type: CONTINUATION, flags: 4, stream: 3, payload: [0x82] }).subarray(0, 9),
    ]),
  },
  {
    name: 'half of the trailers',
    octets: Buffer.concat([
      frame({ type: HEADERS, flags: 4, stream: 3, payload: [0x83, ...GET_BLOCK.slice(1)] }),
      frame({ type: HEADERS, flags: END_STREAM, stream: 3, payload: [0x40, 1, 0x78] }),
    ]),
  },
])('$name: the connection ends, though other requests are open', async ({ octets }) => {
  await using world = await World.create()
  const { clock, streams, proxy, web } = await startSilent(world)
  await write(proxy, web, Buffer.concat([get(1), octets]))
  await waitFor('the request', () => streams.length > 0)
  clock.advance(8_000)
  expect(web.hasEnded).toBe(false)
  clock.advance(5_000)
  await web.untilEnd()
  expect([proxy.metric(REACHED), proxy.metric(FAULTS)]).toEqual([1, 1])
  await waitFor('the outcome', () => proxy.traffic.errors.includes('client_protocol_error'))
  await letGo(clock, proxy)
})

test('a block that comes octet by octet is one head', async () => {
  await using world = await World.create()
  const { clock, proxy, web } = await startSilent(world)
  await write(proxy, web, Buffer.concat([get(1), frame({ type: HEADERS, stream: 3, payload: GET_BLOCK })]))
  for (let second = 0; second < 9; second++) {
    await write(proxy, web, frame({ type: CONTINUATION, stream: 3, payload: [0x82] }))
    clock.advance(1_000)
  }
  expect(web.hasEnded).toBe(false)
  clock.advance(4_000)
  await web.untilEnd()
  expect(proxy.metric(REACHED)).toBe(1)
})

test('a slow client is not ended while its heads become complete, though some head is always under way', async () => {
  await using world = await World.create()
  const { clock, streams, proxy, web } = await startSilent(world)
  const heads = Buffer.concat(Array.from({ length: 20 }, (_, i) => get(2 * i + 1)))
  const size = get(1).length
  await write(proxy, web, heads.subarray(0, 12))
  for (let whole = 1; whole < 20; whole++) {
    clock.advance(5_000)
    const at = 12 + (whole - 1) * size
    await write(proxy, web, heads.subarray(at, at + size))
    // Before time goes on: connecting has a deadline, too.
    await waitFor('the request', () => streams.length === whole)
  }
  expect(web.hasEnded).toBe(false)
  expect(proxy.metric(REACHED)).toBe(0)
})

test('a body in pieces is bound by its own deadline, not by that of heads', async () => {
  await using world = await World.create()
  const { clock, streams, proxy, web } = await startSilent(world)
  await write(proxy, web, frame({ type: HEADERS, flags: 4, stream: 1, payload: [0x83, ...GET_BLOCK.slice(1)] }))
  await waitFor('the request', () => streams.length === 1)
  const data = frame({ type: 0, stream: 1, payload: Buffer.alloc(100) })
  for (const [from, to] of [
    [0, 5],
    [5, 50],
    [50, 109],
  ] as const) {
    await write(proxy, web, data.subarray(from, to))
    clock.advance(60_000)
  }
  expect(web.hasEnded).toBe(false)
  expect(proxy.metric(REACHED)).toBe(0)
})

test('an idle connection is not ended for a PING that came in two pieces', async () => {
  await using world = await World.create()
  const { clock, proxy, web } = await startSilent(world)
  const ping = frame({ type: PING, payload: Buffer.alloc(8) })
  await write(proxy, web, ping.subarray(0, 12))
  await write(proxy, web, ping.subarray(12))
  clock.advance(60_000)
  await write(proxy, web, ping)
  expect(web.hasEnded).toBe(false)
})

test('a client that broke the rules and does not end its side is let go after a while', async () => {
  await using world = await World.create()
  const { clock, proxy, web } = await startSilent(world)
  await write(proxy, web, frame({ type: PING, payload: [1] }))
  await web.untilEnd()
  await letGo(clock, proxy)
})

test('HTTP/1: half a head that came before the answer to another has its time from the end of that answer', async () => {
  await using world = await World.create()
  const clock = new ManualClock()
  const app = world.keep(await startServer())
  const proxy = await world.proxy({ listeners: [outbound(KEY)], destinations: { [KEY]: service([app.port]) }, clock })
  using web = await dial(proxy.port)
  web.send('GET / HTTP/1.1\r\nhost: a\r\n\r\nGET /2 HTTP')
  const cart = await app.peer(0)
  await cart.until('\r\n\r\n')
  clock.advance(30_000)
  cart.send(ok('hello'))
  await web.until('hello')
  clock.advance(8_000)
  expect(web.hasEnded).toBe(false)
  clock.advance(5_000)
  await web.until('HTTP/1.1 408 ')
  expect([proxy.metric(REACHED), proxy.metric(FAULTS)]).toEqual([1, 1])
})

test('HTTP/1: requests in one piece whose answers take long are not taken for half a head', async () => {
  await using world = await World.create()
  const clock = new ManualClock()
  const answer = answering(ok('hello'))
  const app = world.keep(await startServer(answer))
  const proxy = await world.proxy({ listeners: [outbound(KEY)], destinations: { [KEY]: service([app.port]) }, clock })
  using web = await dial(proxy.port)
  const request = 'GET / HTTP/1.1\r\nhost: a\r\n\r\n'
  // Cut so that the last is half here each time.
  web.send(`${request.repeat(3)}${request.slice(0, 9)}`)
  for (let i = 0; i < 5; i++) {
    await waitFor('the answers', () => web.received.split('hello').length === 4 + 3 * i)
    clock.advance(6_000)
    web.send(`${request.slice(9)}${request.repeat(2)}${request.slice(0, 9)}`)
  }
  expect(proxy.metric(REACHED)).toBe(0)
})
