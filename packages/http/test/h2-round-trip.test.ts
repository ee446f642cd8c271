import { Buffer } from 'node:buffer'
import { expect, test } from 'vitest'
import { FRAME, SETTING } from '../src/h2/frame-types.ts'
import { createFields } from '../src/message/fields.ts'
import { createRequestHead, createResponseHead } from '../src/message/head.ts'
import { frame, word } from './h2-frames.ts'
import { H2Pair, h2Client } from './h2-pair.ts'

test('a request with a body and trailers is answered with a body and trailers', () => {
  const pair = new H2Pair()
  pair.server.onRequestEnd = (stream, { body }) => {
    stream.sendHead(createResponseHead({ status: 200, fields: createFields([['content-type', 'text/plain']]) }), true)
    stream.sendData(Buffer.from(`echo ${body}`))
    stream.sendEnd(createFields([['grpc-status', '0']]))
  }
  const head = createRequestHead({
    method: 'POST',
    path: '/a?b',
    authority: 'shop:80',
    fields: createFields([
      ['te', 'trailers'],
      ['x-a', 'b'],
    ]),
  })
  const answer = pair.client.request(head, true)
  answer.sender.sendData(Buffer.from('hello'))
  answer.sender.sendEnd(createFields([['x-sum', '5']]))
  pair.settle()
  expect(pair.server.faults).toEqual([])
  const { last } = pair.server
  expect(last.head).toMatchObject({ method: 'POST', path: '/a?b', authority: 'shop:80', scheme: 'http' })
  expect(last).toMatchObject({ body: 'hello', trailers: ['x-sum: 5'], lines: ['te: trailers', 'x-a: b'] })
  expect(answer).toMatchObject({
    head: { status: 200 },
    body: 'echo hello',
    trailers: ['grpc-status: 0'],
    isEnded: true,
  })
  expect(pair.client.idles).toBe(1)
  expect(pair.client.session).toMatchObject({ activeStreams: 0, capacity: 256, isReusable: true })
  expect(pair.server.session.activeStreams).toBe(0)
})

const KIB = 1024

/** Octets that are different everywhere, so that a piece at the wrong place is seen. */
function pattern(length: number): Buffer {
  return Buffer.from(Array.from({ length }, (_, i) => (i * 7 + (i >> 8)) & 0xff))
}

test.each([
  { name: 'empty', size: 0 },
  { name: 'an octet', size: 1 },
  { name: 'a frame', size: 16 * KIB },
  { name: 'an octet more than the first window', size: 64 * KIB },
  { name: '1 MiB and an octet', size: KIB * KIB + 1 },
])('a body of $name comes as it was sent, both ways', ({ size }) => {
  const pair = new H2Pair()
  const body = pattern(size)
  pair.server.onRequestEnd = (stream, exchange) => {
    stream.sendHead(createResponseHead({ status: 200, bodyLength: exchange.body.length }), true)
    stream.sendData(Buffer.from(exchange.body, 'latin1'))
    stream.sendEnd()
  }
  const answer = pair.client.request(
    createRequestHead({ method: 'PUT', path: '/', authority: 'a', bodyLength: size }),
    true,
  )
  answer.sender.sendData(body)
  answer.sender.sendEnd()
  pair.settle()
  expect(pair.server.last.head.bodyLength).toBe(size)
  expect(answer).toMatchObject({ isEnded: true, reset: undefined, head: { bodyLength: size } })
  expect(Buffer.from(answer.body, 'latin1').equals(body)).toBe(true)
})

test('a head of more octets than a frame may have comes as it was sent, both ways', () => {
  const pair = new H2Pair()
  // The coding of HPACK makes these characters longer, and no two frames have them at the same place.
  const valueWith = (step: number) =>
    Array.from({ length: 10_000 }, (_, i) => '<>{}|~^`'[(i * step + (i >> 4)) & 7]).join('')
  const lines = [1, 3, 5, 7, 9].map((step) => [`x-${step}`, valueWith(step)] as const)
  const fields = createFields(lines)
  pair.server.onRequestEnd = (stream) => stream.sendHead(createResponseHead({ status: 200, fields }), false)
  const answer = pair.client.request(createRequestHead({ method: 'GET', path: '/', authority: 'a', fields }))
  pair.settle()
  expect(pair.server.faults).toEqual([])
  const sent = lines.map(([name, value]) => `${name}: ${value}`)
  expect(pair.server.last.lines).toEqual(sent)
  expect(answer).toMatchObject({ isEnded: true, head: { status: 200 }, lines: sent })
})

test('a paused stream holds no more than its window, and lets others go on', () => {
  const pair = new H2Pair()
  pair.server.onHead = (stream, { head }) => {
    if (head.path === '/slow') stream.pauseBody()
  }
  pair.server.onRequestEnd = (stream) => stream.sendHead(createResponseHead({ status: 204 }), false)
  const begin = (path: string) => pair.client.request(createRequestHead({ method: 'PUT', path, authority: 'a' }), true)
  const slow = begin('/slow')
  const body = pattern(2 * KIB * KIB)
  expect(slow.sender.sendData(body)).toBe(false)
  slow.sender.sendEnd()
  pair.settle()
  const { stream } = pair.server.last
  expect(pair.server.last.body).toBe('')
  expect(slow.writableCalls).toBe(0)
  const quick = begin('/quick')
  quick.sender.sendData(body)
  quick.sender.sendEnd()
  pair.settle()
  expect(quick).toMatchObject({ isEnded: true, head: { status: 204 } })
  stream.resumeBody()
  pair.settle()
  expect(slow).toMatchObject({ isEnded: true, head: { status: 204 } })
  expect(pair.server.exchanges[0]!.body.length).toBe(body.length)
})

test('extended CONNECT is told as an upgrade, and octets flow both ways until each side has ended its own', () => {
  const pair = new H2Pair()
  pair.client.request(createRequestHead({ method: 'GET', path: '/', authority: 'a' }))
  pair.settle()
  const head = createRequestHead({ method: 'GET', path: '/chat', authority: 'a', upgrade: 'websocket' })
  const answer = pair.client.request(head)
  pair.settle()
  const { last } = pair.server
  expect(last.head).toMatchObject({ method: 'GET', path: '/chat', upgrade: 'websocket', bodyLength: 0 })
  expect(last.isEnded).toBe(false)
  last.stream.sendHead(createResponseHead({ status: 101, upgrade: 'websocket' }), true)
  pair.settle()
  expect(answer.head).toMatchObject({ status: 101, upgrade: 'websocket' })
  answer.sender.sendData(Buffer.from('ping'))
  last.stream.sendData(Buffer.from('pong'))
  pair.settle()
  expect([last.body, answer.body]).toEqual(['ping', 'pong'])
  answer.sender.sendEnd()
  pair.settle()
  expect(last.isEnded).toBe(true)
  last.stream.sendData(Buffer.from('!'))
  last.stream.sendEnd()
  pair.settle()
  expect(answer).toMatchObject({ body: 'pong!', isEnded: true })
  expect(pair.server.session.activeStreams).toBe(1)
  expect(pair.client.idles).toBe(1)
})

test('informational answers come before the answer', () => {
  const pair = new H2Pair()
  pair.server.onHead = (stream) => stream.sendInformational(createResponseHead({ status: 100 }))
  pair.server.onRequestEnd = (stream) => stream.sendHead(createResponseHead({ status: 204 }), false)
  const head = createRequestHead({ method: 'PUT', path: '/', authority: 'a', expectsContinue: true })
  const answer = pair.client.request(head, true)
  pair.settle()
  expect(pair.server.last.head.expectsContinue).toBe(true)
  answer.sender.sendData(Buffer.from('x'))
  answer.sender.sendEnd()
  pair.settle()
  expect(answer).toMatchObject({ informational: [100], head: { status: 204 }, isEnded: true })
})

test('whether a server takes upgrades is known from its SETTINGS on, and a greeting is enough to get them', () => {
  const pair = new H2Pair()
  const { session } = pair.client
  const head = createRequestHead({ method: 'GET', path: '/chat', authority: 'a', upgrade: 'websocket' })
  expect(session.takesUpgrades).toBeUndefined()
  expect(() => pair.client.request(head)).toThrow(RangeError)
  session.greet()
  pair.settle()
  expect(session.takesUpgrades).toBe(true)
  expect(pair.client).toMatchObject({ allowances: 1, idles: 0 })
  session.greet()
  pair.client.endTurn()
  expect(pair.client.transport.takeBytes().length).toBe(0)
})

test('a client hears of it when the server allows more streams than before, and only then', () => {
  const client = h2Client()
  const allow = (streams: number) =>
    client.receive(frame(FRAME.settings, 0, 0, [0, SETTING.maxConcurrentStreams, ...word(streams)]))
  client.get()
  const told = [1, 3, 2, 2, 100, 0, 1, 2].map((streams) => {
    allow(streams)
    return client.allowances
  })
  // One stream is open all the time.
  expect(told).toEqual([0, 1, 1, 1, 2, 2, 2, 3])
})

test('however many streams nobody reads, others go on, and what is held is bounded', () => {
  const pair = new H2Pair({ server: { maxConcurrentStreams: 300 } })
  pair.server.onHead = (stream, { head }) => {
    if (head.path === '/slow') stream.pauseBody()
  }
  pair.server.onRequestEnd = (stream) => stream.sendHead(createResponseHead({ status: 204 }), false)
  const body = pattern(100 * KIB)
  const begin = (path: string) => {
    const answer = pair.client.request(createRequestHead({ method: 'PUT', path, authority: 'a' }), true)
    answer.sender.sendData(body)
    answer.sender.sendEnd()
    return answer
  }
  pair.client.get()
  pair.settle()
  const slow = Array.from({ length: 250 }, () => begin('/slow'))
  pair.settle()
  begin('/quick')
  pair.settle()
  const { exchanges } = pair.server
  expect(pair.server.last).toMatchObject({ isEnded: true, reset: undefined })
  expect(pair.server.last.body.length).toBe(body.length)
  for (const { stream, head } of exchanges) if (head.path === '/slow') stream.resumeBody()
  pair.settle()
  expect(slow.every(({ isEnded }) => isEnded)).toBe(true)
  expect(exchanges.filter((exchange) => exchange.body.length === body.length)).toHaveLength(251)
})

test.each([
  { name: 'are remembered', client: {} },
  { name: 'are forgotten', client: { maxConcurrentStreams: 1 } },
])('answers that cross the resets of many requests, which $name, harm no other request', ({ client }) => {
  const pair = new H2Pair({ server: { maxConcurrentStreams: 1000 }, client })
  const begin = () => pair.client.request(createRequestHead({ method: 'GET', path: '/', authority: 'a' }))
  const stays = begin()
  pair.settle()
  const lost = Array.from({ length: 400 }, begin)
  pair.settle()
  for (const { sender } of lost) sender.reset({ kind: 'local', detail: 'the client has gone' })
  for (const { stream } of pair.server.exchanges) {
    stream.sendHead(createResponseHead({ status: 200 }), true)
    stream.sendData(Buffer.from('hello'))
    stream.sendEnd()
  }
  pair.settle()
  expect(stays).toMatchObject({ isEnded: true, body: 'hello' })
  expect(begin()).toMatchObject({ reset: undefined })
  pair.settle()
  expect(pair.client.unusable).toEqual([])
})
