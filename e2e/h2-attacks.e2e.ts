import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { AttackedHops, faults, SIDES } from './harness/attacked-hops.ts'
import {
  block,
  CODE,
  data,
  FLAG,
  FRAME,
  frame,
  headers,
  indexed,
  indexedLiteral,
  PREFACE,
  ping,
  priority,
  request,
  rstStream,
  settings,
  tableSize,
  windowUpdate,
} from './harness/h2-frames.ts'
import { H2Peer } from './harness/h2-peer.ts'
import { until } from './harness/until.ts'

/** An attack that ends its connection. */
interface Attack {
  readonly name: string
  /** Counted in `heddle_protocol_faults_total`. */
  readonly fault: string
  readonly code: number
  readonly attack: (peer: H2Peer) => unknown
}

const MANY = 20_000
const times = (count: number, make: (index: number) => Buffer): Buffer =>
  Buffer.concat(Array.from({ length: count }, (_, i) => make(i)))
const streamOf = (index: number): number => 2 * index + 1
const openStream = (): Buffer => headers(1, request('/stalled', 'POST'), 0)
const unfinished = (payload: Buffer): Buffer => frame(FRAME.headers, { stream: 1, flags: FLAG.endStream, payload })

const FLOODS: readonly Attack[] = [
  {
    name: 'rapid reset (CVE-2023-44487)',
    fault: 'rapid_reset',
    code: CODE.enhanceYourCalm,
    attack: (peer) =>
      peer.write(
        times(5000, (i) =>
          Buffer.concat([headers(streamOf(i), request('/stalled')), rstStream(streamOf(i), CODE.cancel)]),
        ),
      ),
  },
  {
    name: 'requests that make the proxy reset (CVE-2025-8671)',
    fault: 'rapid_reset',
    code: CODE.enhanceYourCalm,
    attack: (peer) =>
      peer.write(
        times(5000, (i) => Buffer.concat([headers(streamOf(i), request('/stalled')), windowUpdate(streamOf(i), 0)])),
      ),
  },
  {
    name: 'CONTINUATION without octets and without end (CVE-2024-27316)',
    fault: 'continuation_flood',
    code: CODE.enhanceYourCalm,
    attack: (peer) =>
      peer.write(
        unfinished(block(request('/'))),
        times(MANY, () => frame(FRAME.continuation, { stream: 1 })),
      ),
  },
  {
    name: 'CONTINUATION of much and without end',
    fault: 'continuation_flood',
    code: CODE.enhanceYourCalm,
    attack: (peer) =>
      peer.write(
        unfinished(block(request('/'))),
        times(200, () => frame(FRAME.continuation, { stream: 1, payload: block([['a', 'x'.repeat(16_000)]]) })),
      ),
  },
  {
    name: 'SETTINGS (CVE-2019-9515)',
    fault: 'settings_flood',
    code: CODE.enhanceYourCalm,
    attack: (peer) => peer.write(times(MANY, () => settings())),
  },
  {
    name: 'PING (CVE-2019-9512)',
    fault: 'ping_flood',
    code: CODE.enhanceYourCalm,
    attack: (peer) => peer.write(times(MANY, ping)),
  },
  {
    name: 'DATA without octets (CVE-2019-9518)',
    fault: 'empty_frame_flood',
    code: CODE.enhanceYourCalm,
    attack: (peer) =>
      peer.write(
        openStream(),
        times(MANY, () => data(1, '')),
      ),
  },
  {
    name: 'frames of unknown type',
    fault: 'empty_frame_flood',
    code: CODE.enhanceYourCalm,
    attack: (peer) => peer.write(times(MANY, () => frame(0xbe))),
  },
  {
    name: 'PRIORITY (CVE-2019-9513)',
    fault: 'priority_flood',
    code: CODE.enhanceYourCalm,
    attack: (peer) => peer.write(times(MANY, (i) => priority(3, streamOf(i + 2)))),
  },
  {
    name: 'WINDOW_UPDATE',
    fault: 'window_update_flood',
    code: CODE.enhanceYourCalm,
    attack: (peer) => peer.write(times(5 * MANY, () => windowUpdate(0, 1))),
  },
]

const GAMES: readonly Attack[] = [
  {
    name: 'a window above 2^31-1',
    fault: 'window_fault',
    code: CODE.flowControlError,
    attack: (peer) => peer.write(windowUpdate(0, 2 ** 31 - 1)),
  },
  {
    name: 'an increment of 0',
    fault: 'window_fault',
    code: CODE.protocolError,
    attack: (peer) => peer.write(windowUpdate(0, 0)),
  },
  {
    name: 'an index that nothing has',
    fault: 'header_compression',
    code: CODE.compressionError,
    attack: (peer) => peer.write(frame(FRAME.headers, { stream: 1, flags: 5, payload: indexed(3000) })),
  },
  {
    name: 'a table larger than allowed (CVE-2016-1544)',
    fault: 'header_compression',
    code: CODE.compressionError,
    attack: (peer) => peer.write(frame(FRAME.headers, { stream: 1, flags: 5, payload: tableSize(1_000_000) })),
  },
  {
    name: 'a table size in the middle of a block',
    fault: 'header_compression',
    code: CODE.compressionError,
    attack: (peer) =>
      peer.write(
        frame(FRAME.headers, { stream: 1, flags: 5, payload: Buffer.concat([block(request('/')), tableSize(0)]) }),
      ),
  },
  {
    name: 'a frame larger than allowed',
    fault: 'bad_frame',
    code: CODE.frameSizeError,
    attack: (peer) => peer.write(openStream(), data(1, Buffer.alloc(16_385))),
  },
  {
    name: 'DATA on a stream that nobody opened',
    fault: 'stream_state',
    code: CODE.protocolError,
    attack: (peer) => peer.write(data(7, 'x')),
  },
]

let attacked: AttackedHops

beforeAll(async () => {
  attacked = await AttackedHops.start((incoming, response) => {
    incoming.on('error', () => undefined)
    if (incoming.url !== '/stalled') incoming.resume().on('end', () => response.end('hello'))
  })
})

afterAll(async () => {
  await attacked?.[Symbol.asyncDispose]()
})

describe.each(SIDES)('at the $side listener', ({ side }) => {
  test.each([...FLOODS, ...GAMES])('$name ends its own connection only', async ({ fault, code, attack }) => {
    await attacked.expectUnharmed({ side, counter: faults(fault) }, async () => {
      const peer = await H2Peer.start(attacked.door(side).port)
      attack(peer)
      await peer.closed()
      // After what is read and thrown away the connection may be reset before the attacker got the last word.
      if (peer.goAwayCode !== undefined) expect(peer.goAwayCode).toBe(code)
      peer.destroy()
    })
  })

  test('a preface that is none ends the connection', async () => {
    await attacked.expectUnharmed({ side, counter: faults('bad_preface') }, async () => {
      const peer = await H2Peer.connect(attacked.door(side).port)
      peer.write(PREFACE, data(0, 'no SETTINGS'))
      await peer.closed()
      expect(peer.goAwayCode).toBe(CODE.protocolError)
      peer.destroy()
    })
  })

  test('a bomb of HPACK costs 431 each time, and little memory', async () => {
    await attacked.expectUnharmed({ side, counter: faults('head_too_large') }, async () => {
      const peer = await H2Peer.start(attacked.door(side).port)
      const bomb = Buffer.concat([indexedLiteral(['bomb', 'x'.repeat(3900)]), times(12_000, () => indexed(62))])
      for (let i = 0; i < 100; i++) {
        peer.write(
          frame(FRAME.headers, { stream: streamOf(i), flags: 5, payload: Buffer.concat([block(request('/')), bomb]) }),
        )
      }
      await until('all are answered', () => peer.isClosed || peer.status(streamOf(99)) !== undefined)
      expect(peer.status(1)).toBe('431')
      peer.destroy()
    })
  })

  test.each([
    { name: 'too many fields', lines: Array.from({ length: 400 }, (_, i) => [`x-${i}`, 'v'] as const), status: '431' },
    {
      name: 'fields of too many octets',
      lines: Array.from({ length: 120 }, (_, i) => [`x-${i}`, 'v'.repeat(530)] as const),
      status: '431',
    },
  ])('$name are answered $status, and the connection lives on', async ({ lines, status }) => {
    await attacked.expectUnharmed({ side, counter: faults('head_too_large') }, async () => {
      const peer = await H2Peer.start(attacked.door(side).port)
      peer.write(...inPieces(1, block([...request('/'), ...lines])), headers(3, request('/')))
      await until('both are answered', () => peer.status(1) !== undefined && peer.status(3) !== undefined)
      expect([peer.status(1), peer.status(3)]).toEqual([status, '200'])
      peer.destroy()
    })
  })

  test('more streams than allowed are refused unread, and the others go on', async () => {
    await attacked.expectUnharmed({ side, counter: faults('too_many_streams') }, async () => {
      const peer = await H2Peer.start(attacked.door(side).port)
      peer.write(times(300, (i) => headers(streamOf(i), request('/stalled', 'POST'), 0)))
      await until('the last is refused', () => peer.resetCode(streamOf(299)) !== undefined)
      expect(peer.resetCode(streamOf(299))).toBe(CODE.refusedStream)
      expect(peer.resetCode(1)).toBeUndefined()
      peer.destroy()
    })
  })
})

/** HEADERS and CONTINUATION of a block that no single frame can have. */
function inPieces(stream: number, payload: Buffer): readonly Buffer[] {
  const pieces: Buffer[] = []
  for (let at = 0; at < payload.length; at += 16_000) {
    const flags = (at === 0 ? FLAG.endStream : 0) | (at + 16_000 >= payload.length ? FLAG.endHeaders : 0)
    const type = at === 0 ? FRAME.headers : FRAME.continuation
    pieces.push(frame(type, { stream, flags, payload: payload.subarray(at, at + 16_000) }))
  }
  return pieces
}
