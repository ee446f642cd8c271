import { Buffer } from 'node:buffer'
import { expect, test } from 'vitest'
import { createRandom, type Random } from '../fuzz/random.ts'
import { FRAME } from '../src/h2/frame-types.ts'
import { createFields } from '../src/message/fields.ts'
import { createRequestHead, createResponseHead } from '../src/message/head.ts'
import type { BodySender, ServerStream } from '../src/session.ts'
import { CONNECTION_FAULTS, HEAD_FAULTS, STREAM_FAULTS } from '../testdata/h2-faults.ts'
import {
  frame,
  framesOf,
  GET_FIELDS,
  headers,
  OPENING,
  POST_FIELDS,
  rstStream,
  SETTINGS,
  windowUpdate,
} from './h2-frames.ts'
import { H2Pair, h2Client, h2Server } from './h2-pair.ts'

const LOCAL = { kind: 'local', detail: 'on a whim' } as const
const RUNS = 1500

function observe(pieces: readonly Uint8Array[]): object {
  const server = h2Server()
  server.onRequestEnd = (stream, { body, head }) => {
    if (head.method === 'CONNECT' || head.upgrade !== undefined) return
    stream.sendHead(createResponseHead({ status: 200, bodyLength: body.length }), body !== '')
    stream.sendData(Buffer.from(body, 'latin1'))
    stream.sendEnd()
  }
  for (const piece of pieces) server.receive(piece)
  return {
    exchanges: server.exchanges.map(({ head, lines, body, trailers, isEnded, reset }) => ({
      ...{ head: { ...head, fields: undefined, entries: undefined }, lines, body, trailers, isEnded },
      reset: reset?.error?.fault ?? reset?.code,
    })),
    faults: server.faults.map(({ fault }) => fault),
    isEnded: server.transport.isEnded,
    written: framesOf(server.transport.takeBytes())
      .filter(({ type }) => type !== FRAME.data)
      .map(({ type, flags, streamId }) => [type, flags & 4, streamId]),
  }
}

const TALKS: readonly Buffer[] = [
  Buffer.concat([
    OPENING,
    headers(1, [...POST_FIELDS, ['content-length', '5'], ['cookie', 'a=b'], ['cookie', 'c=d']]),
    frame(FRAME.data, 8, 1, [2, 1, 2, 3, 0, 0]),
    frame(FRAME.ping, 0, 0, new Uint8Array(8)),
    headers(3, GET_FIELDS, { isEnd: true }),
    frame(FRAME.data, 0, 1, [4, 5]),
    headers(1, [['x-sum', '5']], { isEnd: true }),
    windowUpdate(0, 5),
  ]),
  ...[...CONNECTION_FAULTS, ...STREAM_FAULTS]
    .filter(({ octets }) => octets.length < 200)
    .map(({ octets }) => Buffer.concat([OPENING, octets])),
  ...HEAD_FAULTS.filter((_, i) => i % 8 === 0).map(({ fields }) =>
    Buffer.concat([OPENING, headers(1, fields, { isEnd: true })]),
  ),
]

test('what comes means the same at whatever octet it is cut', () => {
  for (const talk of TALKS) {
    const whole = observe([talk])
    for (let at = 1; at < talk.length; at++) expect(observe([talk.subarray(0, at), talk.subarray(at)])).toEqual(whole)
    expect(observe(Array.from(talk, (octet) => Uint8Array.of(octet)))).toEqual(whole)
  }
})

function anyFrame(random: Random): Buffer {
  const id = random.pick([0, 1, 3, 5, 7, 9, 2])
  switch (random.below(9)) {
    case 0:
      return headers(id, random.pick([GET_FIELDS, POST_FIELDS, random.pick(HEAD_FAULTS).fields]), {
        isEnd: random.below(2) > 0,
      })
    case 1:
      return frame(FRAME.data, random.below(2), id, new Uint8Array(random.pick([0, 1, 100, 16_384])))
    case 2:
      return windowUpdate(id, random.pick([0, 1, 70_000, 0x7fff_ffff]))
    case 3:
      return rstStream(id)
    case 4:
      return SETTINGS
    case 5:
      return headers(id, [[':status', random.pick(['200', '103', '204'])]], { isEnd: random.below(2) > 0 })
    case 6:
      return frame(FRAME.settings, 0, 0, [0, random.pick([1, 3, 4, 5]), 0, random.below(2), random.below(256), 0])
    case 7:
      return frame(
        random.below(12),
        random.below(256),
        id,
        Array.from({ length: random.below(20) }, () => random.below(256)),
      )
    default:
      return random.pick(STREAM_FAULTS).octets
  }
}

test('frames in any order never throw on either side, and leave nothing behind', () => {
  let begun = 0
  for (let seed = 1; seed <= RUNS; seed++) {
    const random = createRandom(seed)
    const server = h2Server()
    const client = h2Client()
    server.receive(OPENING)
    client.get()
    client.get('HEAD')
    client.receive(SETTINGS)
    for (let left = 12; left > 0; left--) {
      const octets = anyFrame(random)
      const cut = random.below(octets.length + 1)
      for (const side of [server, client]) {
        if (cut > 0) side.receive(octets.subarray(0, cut))
        if (cut < octets.length) side.receive(octets.subarray(cut))
      }
    }
    begun += server.exchanges.length
    framesOf(server.transport.takeBytes())
    framesOf(client.transport.takeBytes())
    server.receiveEnd()
    client.receiveEnd()
    for (const { session } of [server, client]) expect(session.activeStreams).toBe(0)
  }
  expect(begun).toBeGreaterThan(RUNS / 10)
})

function actOn(random: Random, sender: BodySender): void {
  switch (random.below(8)) {
    case 0:
      sender.pauseBody()
      return
    case 1:
      sender.resumeBody()
      return
    case 2:
      sender.sendData(Buffer.alloc(random.pick([0, 1, 40_000, 300_000])))
      return
    case 3:
      sender.sendEnd(random.below(2) > 0 ? createFields([['x-sum', '1']]) : undefined)
      return
    case 4:
      if (random.below(10) === 0) sender.reset(LOCAL)
      return
    default:
  }
}

test('handlers that do what they like, when they like, leave a client and a server at peace', () => {
  let ended = 0
  for (let seed = 1; seed <= RUNS / 5; seed++) {
    const random = createRandom(seed)
    const pair = new H2Pair()
    const begun = new Set<ServerStream>()
    const senders: BodySender[] = []
    const whim = (stream: ServerStream) => {
      if (!begun.has(stream) && random.below(2) > 0) {
        begun.add(stream)
        stream.sendHead(createResponseHead({ status: random.pick([200, 204, 404]) }), random.below(3) > 0)
      }
      if (begun.has(stream)) actOn(random, stream)
    }
    pair.server.onHead = whim
    pair.server.onRequestEnd = whim
    const answers = Array.from({ length: 6 }, (_, i) => {
      const head = createRequestHead({ method: random.pick(['GET', 'PUT', 'HEAD']), path: `/${i}`, authority: 'a' })
      const answer = pair.client.request(head, random.below(2) > 0)
      senders.push(answer.sender)
      return answer
    })
    for (let turns = 20; turns > 0; turns--) {
      for (const { stream } of pair.server.exchanges) whim(stream)
      for (const sender of senders) actOn(random, sender)
      pair.server.transport.takesAll = random.below(3) > 0
      pair.settle()
      if (random.below(2) > 0) pair.server.session.transportDrained()
    }
    expect([pair.server.faults, pair.client.unusable]).toEqual([[], []])
    pair.server.transport.takesAll = true
    pair.server.session.transportDrained()
    for (const sender of senders) sender.resumeBody()
    for (const sender of senders) sender.sendEnd()
    for (const { stream } of pair.server.exchanges) {
      if (!begun.has(stream)) stream.sendHead(createResponseHead({ status: 204 }), false)
      stream.resumeBody()
      stream.sendEnd()
    }
    pair.settle()
    expect([pair.client.session.activeStreams, pair.server.session.activeStreams]).toEqual([0, 0])
    ended += answers.filter(({ isEnded }) => isEnded).length
  }
  expect(ended).toBeGreaterThan(RUNS / 5)
})
