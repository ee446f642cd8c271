import { expect, test } from 'vitest'
import { H2_CODE } from '../src/h2/error-code.ts'
import { FRAME } from '../src/h2/frame-types.ts'
import { HTTP_FAULTS } from '../src/http-error.ts'
import { createRequestHead, createResponseHead } from '../src/message/head.ts'
import { CONNECTION_FAULTS, HEAD_FAULTS, STREAM_FAULTS } from '../testdata/h2-faults.ts'
import { frame, framesOf, GET_FIELDS, goawayCode, headers, OPENING, resetCode, rstStream } from './h2-frames.ts'
import { h2Client, h2Server } from './h2-pair.ts'

test.each([...CONNECTION_FAULTS])('$name ends the connection as $fault', ({ octets, code, fault }) => {
  const server = h2Server()
  server.receive(OPENING)
  server.receive(octets)
  expect(server.faults.map((error) => error.fault)).toEqual([fault])
  expect(goawayCode(framesOf(server.transport.takeBytes()))).toBe(code)
  expect(server.transport.isEnded).toBe(true)
  expect(server.session.activeStreams).toBe(0)
  for (const { reset } of server.exchanges) expect(reset).toMatchObject({ kind: 'protocol', code })
})

test.each([...STREAM_FAULTS])('$name ends its stream as $fault, and no other', ({ octets, code, fault }) => {
  const server = h2Server()
  server.receive(OPENING)
  server.receive(octets)
  const written = framesOf(server.transport.takeBytes())
  expect(resetCode(written, 1)).toBe(code)
  expect(server.exchanges[0]!.reset).toMatchObject({ kind: 'protocol', code, error: { fault } })
  server.onRequestEnd = (stream) => stream.sendHead(createResponseHead({ status: 204 }), false)
  server.receive(headers(3, GET_FIELDS, { isEnd: true }))
  expect(framesOf(server.transport.takeBytes())).toMatchObject([{ type: FRAME.headers, streamId: 3, flags: 5 }])
  expect(server.transport.isEnded).toBe(false)
})

test.each([...HEAD_FAULTS])('$name gets the status of $fault, and is seen by nobody', ({ fields, fault, hasBody }) => {
  const server = h2Server({ maxTargetBytes: 1000 })
  server.receive(OPENING)
  server.transport.takeBytes()
  server.receive(headers(1, fields, { isEnd: hasBody !== true }))
  expect(server.exchanges).toEqual([])
  expect(server.faults.map((error) => error.fault)).toEqual([fault])
  const octets = server.transport.takeBytes()
  expect(resetCode(framesOf(octets), 1)).toBe(H2_CODE.protocolError)
  expect(server.transport.isEnded).toBe(false)
  const client = h2Client()
  const answer = client.get()
  client.receive(frame(FRAME.settings, 0, 0))
  client.receive(octets)
  expect(answer).toMatchObject({ head: { status: HTTP_FAULTS[fault] }, lines: [`heddle-error: ${fault}`] })
})

test('what is on its way on a stream that we reset is thrown away, within its window', () => {
  const server = h2Server()
  server.receive(OPENING)
  server.receive(headers(1, [[':method', 'PUT'], ...GET_FIELDS.slice(1)]))
  server.last.stream.reset({ kind: 'local', detail: 'test' })
  server.endTurn()
  server.transport.takeBytes()
  for (let left = 16; left > 0; left--) server.receive(frame(FRAME.data, 0, 1, new Uint8Array(16_384)))
  server.receive(headers(1, [['a', 'b']], { isEnd: true }))
  expect(server.faults).toEqual([])
  server.receive(frame(FRAME.data, 0, 1, [1]))
  expect(server.faults.map(({ fault }) => fault)).toEqual(['window_fault'])
})

test('a server that answers before the request has ended takes no more of it, and keeps the connection', () => {
  const server = h2Server()
  server.receive(OPENING)
  server.onHead = (stream) => stream.sendHead(createResponseHead({ status: 403 }), false)
  server.receive(headers(1, [[':method', 'PUT'], ...GET_FIELDS.slice(1)]))
  expect(resetCode(framesOf(server.transport.takeBytes()), 1)).toBe(H2_CODE.noError)
  server.receive(frame(FRAME.data, 1, 1, [1, 2, 3]))
  expect(server.faults).toEqual([])
  expect(server.last).toMatchObject({ body: '', isEnded: false, reset: undefined })
})

test.each([
  { name: 'an answer that says CANCEL', octets: rstStream(1), reset: { kind: 'peer-closed', code: H2_CODE.cancel } },
  {
    name: 'REFUSED_STREAM',
    octets: rstStream(1, H2_CODE.refusedStream),
    reset: { kind: 'refused', code: H2_CODE.refusedStream },
  },
  {
    name: 'no :status',
    octets: headers(1, [['a', 'b']]),
    reset: { kind: 'protocol', error: { fault: 'bad_pseudo_header' } },
  },
  {
    name: ':status 20',
    octets: headers(1, [[':status', '20']]),
    reset: { kind: 'protocol', error: { fault: 'bad_status_line' } },
  },
  {
    name: ':status 101',
    octets: headers(1, [[':status', '101']]),
    reset: { kind: 'protocol', error: { fault: 'bad_status_line' } },
  },
  {
    name: 'a 103 that ends',
    octets: headers(1, [[':status', '103']], { isEnd: true }),
    reset: { kind: 'protocol', error: { fault: 'bad_framing' } },
  },
  {
    name: 'connection in an answer',
    octets: headers(1, [
      [':status', '200'],
      ['connection', 'close'],
    ]),
    reset: { kind: 'protocol', error: { fault: 'bad_field' } },
  },
])('a client hears of $name, and can go on', ({ octets, reset }) => {
  const client = h2Client()
  const answer = client.get()
  client.receive(frame(FRAME.settings, 0, 0))
  client.receive(octets)
  expect(answer.reset).toMatchObject(reset)
  expect(client).toMatchObject({ idles: 1, unusable: [] })
  expect(client.session.isReusable).toBe(true)
})

test('trailers on a tunnel end its stream', () => {
  const client = h2Client()
  client.receive(frame(FRAME.settings, 0, 0))
  const answer = client.request(createRequestHead({ method: 'CONNECT', authority: 'a:1', path: '', bodyLength: 0 }))
  client.receive(headers(1, [[':status', '200']]))
  client.receive(headers(1, [['x', 'y']], { isEnd: true }))
  expect(answer).toMatchObject({ hasBody: true, isEnded: false, reset: { error: { fault: 'bad_framing' } } })
})

test('GOAWAY refuses what was not processed; the rest goes on, and the connection ends with the last', () => {
  const client = h2Client()
  const first = client.get()
  const second = client.get()
  client.receive(frame(FRAME.settings, 0, 0))
  client.receive(frame(FRAME.goaway, 0, 0, [0, 0, 0, 1, 0, 0, 0, 0]))
  expect(second.reset).toMatchObject({ kind: 'refused' })
  expect(first.reset).toBeUndefined()
  expect(client.unusable).toHaveLength(1)
  expect(client.session).toMatchObject({ capacity: 0, isReusable: false, activeStreams: 1 })
  client.receive(headers(1, [[':status', '200']], { isEnd: true }))
  expect(first.isEnded).toBe(true)
  expect(client).toMatchObject({ idles: 0, unusable: [{ kind: 'peer-closed' }] })
  expect(client.transport.isEnded).toBe(true)
})

test('a server drains: it announces, asks whether that came, names the last stream, and ends with it', () => {
  const server = h2Server()
  server.receive(OPENING)
  server.receive(headers(1, GET_FIELDS, { isEnd: true }))
  server.transport.takeBytes()
  server.session.drain()
  server.endTurn()
  const announced = framesOf(server.transport.takeBytes())
  expect(announced.map(({ type }) => type)).toEqual([FRAME.goaway, FRAME.ping])
  expect(announced[0]!.payload.readUInt32BE(0)).toBe(0x7fff_ffff)
  server.receive(headers(3, GET_FIELDS, { isEnd: true }))
  server.receive(frame(FRAME.ping, 1, 0, announced[1]!.payload))
  const last = framesOf(server.transport.takeBytes())
  expect(last[0]!.payload.readUInt32BE(0)).toBe(3)
  for (const { stream } of server.exchanges) stream.sendHead(createResponseHead({ status: 204 }), false)
  expect(server.transport.isEnded).toBe(false)
  server.endTurn()
  expect(server.transport.isEnded).toBe(true)
  expect(server.faults).toEqual([])
})
