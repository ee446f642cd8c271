import { Buffer } from 'node:buffer'
import { expect, test } from 'vitest'
import { H2_CODE } from '../src/h2/error-code.ts'
import { FRAME } from '../src/h2/frame-types.ts'
import { createResponseHead } from '../src/message/head.ts'
import {
  block,
  frame,
  framesOf,
  GET_FIELDS,
  goawayCode,
  headers,
  OPENING,
  POST_FIELDS,
  resetCode,
  rstStream,
  SETTINGS,
  windowUpdate,
  word,
} from './h2-frames.ts'
import { h2Server } from './h2-pair.ts'

const PING = frame(FRAME.ping, 0, 0, new Uint8Array(8))
const FEW = 20

function streamOf(index: number): number {
  return index * 2 + 1
}

test.each([
  {
    name: 'streams that are reset at once',
    fault: 'rapid_reset',
    limits: { maxResets: FEW },
    octets: (i: number) => Buffer.concat([headers(streamOf(i), GET_FIELDS, { isEnd: true }), rstStream(streamOf(i))]),
  },
  {
    name: 'streams that make us reset them',
    fault: 'rapid_reset',
    limits: { maxResets: FEW },
    octets: (i: number) => Buffer.concat([headers(streamOf(i), POST_FIELDS), windowUpdate(streamOf(i), 0)]),
  },
  {
    name: 'streams with a bad head',
    fault: 'rapid_reset',
    limits: { maxResets: FEW },
    octets: (i: number) => headers(streamOf(i), [['a', 'b']]),
  },
  {
    name: 'more streams than allowed',
    fault: 'rapid_reset',
    limits: { maxResets: FEW, maxConcurrentStreams: 1 },
    octets: (i: number) => headers(streamOf(i), GET_FIELDS, { isEnd: true }),
  },
  { name: 'SETTINGS', fault: 'settings_flood', limits: { maxSettings: FEW }, octets: () => SETTINGS },
  { name: 'PING', fault: 'ping_flood', limits: { maxPings: FEW }, octets: () => PING },
  {
    name: 'DATA without octets',
    fault: 'empty_frame_flood',
    limits: { maxEmptyFrames: FEW },
    octets: (i: number) => (i === 0 ? headers(1, POST_FIELDS) : frame(FRAME.data, 0, 1)),
  },
  {
    name: 'DATA with padding only',
    fault: 'empty_frame_flood',
    limits: { maxEmptyFrames: FEW },
    octets: (i: number) => (i === 0 ? headers(1, POST_FIELDS) : frame(FRAME.data, 8, 1, [2, 0, 0])),
  },
  {
    name: 'frames of unknown types',
    fault: 'empty_frame_flood',
    limits: { maxEmptyFrames: FEW },
    octets: () => frame(0x77, 0, 0, [1, 2]),
  },
  {
    name: 'PRIORITY',
    fault: 'priority_flood',
    limits: { maxPriorities: FEW },
    octets: () => frame(FRAME.priority, 0, 1, [0, 0, 0, 0, 1]),
  },
  {
    name: 'WINDOW_UPDATE of one octet',
    fault: 'window_update_flood',
    limits: { maxWindowUpdates: FEW },
    octets: () => windowUpdate(0, 1),
  },
  {
    name: 'empty CONTINUATION',
    fault: 'continuation_flood',
    limits: { maxContinuations: FEW },
    octets: (i: number) => (i === 0 ? frame(FRAME.headers, 0, 1, block(GET_FIELDS)) : frame(FRAME.continuation, 0, 1)),
  },
  {
    name: 'large CONTINUATION',
    fault: 'continuation_flood',
    limits: { maxHeaderBlockBytes: 1000 },
    octets: (i: number) =>
      i === 0
        ? frame(FRAME.headers, 0, 1, block(GET_FIELDS))
        : frame(FRAME.continuation, 0, 1, Buffer.alloc(100, 0x82)),
  },
] as const)('a flood of $name ends as $fault', ({ fault, limits, octets }) => {
  const server = h2Server(limits)
  server.receive(OPENING)
  let sent = 0
  while (!server.transport.isEnded && sent < FEW * 2) server.receive(octets(sent++))
  expect(server.faults.at(-1)?.fault).toBe(fault)
  expect(goawayCode(framesOf(server.transport.takeBytes()))).toBe(H2_CODE.enhanceYourCalm)
  expect(sent).toBeGreaterThan(5)
  expect(server.session.activeStreams).toBe(0)
})

test('requests that are answered give resets back; so does time', () => {
  let nowMs = 0
  const server = h2Server({ maxResets: 10, returnedPerSecond: 1, nowMs: () => nowMs })
  server.receive(OPENING)
  let id = 1
  const cancelled = () => {
    server.receive(Buffer.concat([headers(id, GET_FIELDS, { isEnd: true }), rstStream(id)]))
    id += 2
  }
  for (let left = 100; left > 0; left--) {
    cancelled()
    server.receive(headers(id, GET_FIELDS, { isEnd: true }))
    id += 2
    server.last.stream.sendHead(createResponseHead({ status: 204 }), false)
    server.endTurn()
  }
  for (let left = 100; left > 0; left--) {
    nowMs += 1000
    cancelled()
  }
  expect(server.faults).toEqual([])
  for (let left = 12; left > 0; left--) cancelled()
  expect(server.faults.map(({ fault }) => fault)).toEqual(['rapid_reset'])
})

test('a peer that pings and does not read is cut off', () => {
  const server = h2Server({ maxUnreadReplies: FEW })
  server.receive(OPENING)
  server.transport.takesAll = false
  for (let sent = 0; sent < FEW + 2; sent++) server.receive(PING)
  expect(server.faults.map(({ fault }) => fault)).toEqual(['unread_replies'])
})

test.each([
  { reads: 'in time', isInTime: true, faults: [] },
  { reads: 'nothing', isInTime: false, faults: ['unread_replies'] },
])('a client that asks and reads $reads: $faults', ({ isInTime, faults }) => {
  const server = h2Server({ maxUnreadReplies: FEW })
  server.onRequestEnd = (stream) => stream.sendHead(createResponseHead({ status: 204 }), false)
  server.receive(OPENING)
  server.transport.takesAll = false
  for (let i = 0; i < FEW * 2 && !server.transport.isEnded; i++) {
    server.receive(headers(streamOf(i), GET_FIELDS, { isEnd: true }))
    if (isInTime && i % FEW === 0) server.session.transportDrained()
  }
  expect(server.faults.map(({ fault }) => fault)).toEqual(faults)
})

test('windows become narrow as more is held, and wide again by steps when it is not', () => {
  let nowMs = 0
  const server = h2Server({ nowMs: () => nowMs })
  const windows = () =>
    framesOf(server.transport.takeBytes())
      .filter(({ type, flags }) => type === FRAME.settings && flags === 0)
      .map(({ payload }) => payload.readUInt32BE(2))
  server.onHead = (stream) => stream.pauseBody()
  server.receive(OPENING)
  server.transport.takeBytes()
  const upload = (id: number) => {
    const part = frame(FRAME.data, 0, id, Buffer.alloc(16_384))
    server.receive(Buffer.concat([headers(id, POST_FIELDS), ...new Array<Buffer>(16).fill(part)]))
  }
  const told = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12].map((index) => {
    upload(streamOf(index))
    return windows()
  })
  expect(told.flat()).toEqual([65_536, 16_384, 4096])
  expect(told[3]).toEqual([65_536])
  nowMs += 500
  for (const { stream } of server.exchanges) stream.resumeBody()
  server.endTurn()
  expect(windows()).toEqual([])
  const later = [0, 1, 2, 3].map((index) => {
    nowMs += 600
    server.receive(headers(streamOf(20 + index), POST_FIELDS))
    const part = frame(FRAME.data, 0, streamOf(20 + index), Buffer.alloc(1000))
    server.receive(part)
    server.last.stream.resumeBody()
    server.endTurn()
    return windows()
  })
  expect(later).toEqual([[16_384], [], [65_536], []])
})

test('a stream beyond the limit is refused, and those that are open go on', () => {
  const server = h2Server({ maxConcurrentStreams: 2 })
  server.receive(OPENING)
  for (const id of [1, 3, 5]) server.receive(headers(id, POST_FIELDS))
  expect(resetCode(framesOf(server.transport.takeBytes()), 5)).toBe(H2_CODE.refusedStream)
  expect(server.exchanges).toHaveLength(2)
  expect(server.faults.map(({ fault }) => fault)).toEqual(['too_many_streams'])
  expect(server.session.activeStreams).toBe(2)
})

test('after a fault, what still comes is thrown away up to a limit, and the connection is cut then', () => {
  const server = h2Server({ maxDiscardedBytes: 1000 })
  server.receive(Buffer.from('GET / HTTP/1.1\r\n'))
  expect(server.faults.map(({ fault }) => fault)).toEqual(['bad_preface'])
  server.session.receive(Buffer.alloc(999))
  expect(server.transport.isAborted).toBe(false)
  server.session.receive(Buffer.alloc(999))
  expect(server.transport.isAborted).toBe(true)
})

test('streams share a window that opens by little: a frame each, in turn', () => {
  const server = h2Server()
  server.receive(OPENING)
  server.onRequestEnd = (stream) => {
    stream.sendHead(createResponseHead({ status: 200 }), true)
    stream.sendData(Buffer.alloc(40_000))
  }
  for (const id of [1, 3, 5]) server.receive(headers(id, GET_FIELDS, { isEnd: true }))
  server.transport.takeBytes()
  server.receive(windowUpdate(0, 50_000))
  const order = framesOf(server.transport.takeBytes()).map(({ streamId, payload }) => [streamId, payload.length])
  const bytesOf = (id: number) => order.reduce((sum, [streamId, length]) => sum + (streamId === id ? length! : 0), 0)
  expect(bytesOf(3)).toBeGreaterThan(10_000)
  expect(bytesOf(5)).toBeGreaterThan(30_000)
  expect(bytesOf(3) + bytesOf(5)).toBe(50_000)
})

test('a window of one octet gets one octet; a window below zero gets none until it is above', () => {
  const server = h2Server()
  server.receive(OPENING)
  const window = (value: number) => frame(FRAME.settings, 0, 0, [0, 4, ...word(value)])
  server.receive(window(1))
  server.receive(headers(1, GET_FIELDS, { isEnd: true }))
  const { stream } = server.last
  stream.sendHead(createResponseHead({ status: 200, bodyLength: 3 }), true)
  server.endTurn()
  server.transport.takeBytes()
  expect(stream.sendData(Buffer.from('abc'))).toBe(false)
  stream.sendEnd()
  server.endTurn()
  expect(framesOf(server.transport.takeBytes()).map(({ payload }) => payload.toString())).toEqual(['a'])
  server.receive(window(0))
  server.receive(windowUpdate(1, 1))
  expect(framesOf(server.transport.takeBytes()).filter(({ type }) => type === FRAME.data)).toEqual([])
  server.receive(windowUpdate(1, 5))
  expect(framesOf(server.transport.takeBytes())).toMatchObject([
    { type: FRAME.data, flags: 1, payload: Buffer.from('bc') },
  ])
})
