import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { AttackedHops, faults, reached, SIDES } from './harness/attacked-hops.ts'
import {
  block,
  CODE,
  data,
  FLAG,
  FRAME,
  frame,
  headers,
  ping,
  request,
  settings,
  windowUpdate,
} from './harness/h2-frames.ts'
import { H2Peer } from './harness/h2-peer.ts'
import { until } from './harness/until.ts'

/** Of the client's proxy; that of the server has a longer one, so that it is known whose was reached. */
const IDLE_MS = 3_000
const HEAD_MS = 2_000
const LINGER_MS = 1_000
/** Deadlines may come two seconds late, and later where the machine is busy. */
const LATE_MS = 10_000
/** The latest that a request is given up, whichever of the two proxies does it. */
const GIVEN_UP_MS = 2 * IDLE_MS + LATE_MS
/** Connections of others that may be open at any time. */
const OTHERS = 2
const INITIAL_WINDOW_SIZE = 4
const MOST = 2 ** 31 - 1
const STREAM_WINDOW = 262_144
const CHUNK = Buffer.alloc(16_384)
const LARGE = Buffer.alloc(1_000_000, 'x')

const streamOf = (index: number): number => 2 * index + 1
const times = (count: number, make: (index: number) => Buffer): Buffer =>
  Buffer.concat(Array.from({ length: count }, (_, index) => make(index)))
const upload = (stream: number): Buffer => headers(stream, request('/stalled', 'POST'), 0)
const download = (stream: number): Buffer => headers(stream, request('/large'))
/** A head that wants a CONTINUATION. */
const halfHead = (stream: number): Buffer =>
  frame(FRAME.headers, { stream, flags: FLAG.endStream, payload: block(request('/hello')) })

let attacked: AttackedHops

beforeAll(async () => {
  attacked = await AttackedHops.start(
    (incoming, response) => {
      incoming.on('error', () => undefined)
      response.on('error', () => undefined)
      if (incoming.url === '/large') response.end(LARGE)
      else if (incoming.url === '/empty') {
        response.statusCode = 204
        response.end()
      } else if (incoming.url !== '/stalled') incoming.resume().on('end', () => response.end('hello'))
    },
    {
      limits: { bodyIdleMs: IDLE_MS, requestHeadMs: HEAD_MS, lingerMs: LINGER_MS },
      serverLimits: { bodyIdleMs: 2 * IDLE_MS },
    },
  )
})

afterAll(async () => {
  await attacked?.[Symbol.asyncDispose]()
})

describe.each(SIDES)('at the $side listener', ({ side }) => {
  const start = (...own: readonly (readonly [number, number])[]): Promise<H2Peer> =>
    H2Peer.start(attacked.door(side).port, ...own)

  /** Has acknowledged all that it has to, so that nothing comes into the middle of a block. */
  const greeted = async (): Promise<H2Peer> => {
    const peer = await start()
    await until('SETTINGS came', () => peer.frames.some(({ type }) => type === FRAME.settings))
    return peer
  }

  test('windows of zero: the answers are lost by their deadline, other streams go on', async () => {
    await attacked.expectUnharmed({ side, counter: reached('bodyIdleMs') }, async () => {
      const peer = await start([INITIAL_WINDOW_SIZE, 0])
      // In one piece, so that the proxy has both whenever this process gets to look.
      peer.write(
        times(150, (i) => download(streamOf(i))),
        headers(1001, request('/hello')),
        windowUpdate(1001, 100),
      )
      await until('all have their heads', () => peer.status(streamOf(149)) === '200')
      await until('another stream is served', () => peer.bodyOf(1001) === 'hello')
      const served = peer.frames.findIndex(({ type, stream }) => type === FRAME.data && stream === 1001)
      const reset = peer.frames.findIndex(({ type }) => type === FRAME.rstStream)
      expect(reset === -1 || served < reset, 'it was served while the others wait').toBe(true)
      await until('all are reset', () => resets(peer).length === 150, GIVEN_UP_MS)
      await expectHello(peer, 1003)
      expect(resets(peer)).not.toContain(CODE.flowControlError)
      peer.destroy()
    })
  })

  test('a window that opens by the octet holds an answer no longer', async () => {
    await attacked.expectUnharmed({ side, counter: reached('bodyIdleMs') }, async () => {
      const peer = await start([INITIAL_WINDOW_SIZE, 0])
      peer.write(download(1))
      await until(
        'it is reset',
        () => {
          peer.write(windowUpdate(1, 1))
          return peer.resetCode(1) !== undefined
        },
        GIVEN_UP_MS,
      )
      expect(peer.bodyOf(1).length).toBeLessThan(1_000)
      await expectHello(peer, 3)
      peer.destroy()
    })
  })

  test('a window of the connection that never opens: the answers are lost by their deadline', async () => {
    await attacked.expectUnharmed({ side, counter: reached('bodyIdleMs') }, async () => {
      const peer = await start([INITIAL_WINDOW_SIZE, MOST])
      peer.write(times(20, (i) => download(streamOf(i))))
      await until('all are reset', () => resets(peer).length === 20, GIVEN_UP_MS)
      expect(peer.frames.reduce((sum, { type, payload }) => sum + (type === FRAME.data ? payload.length : 0), 0)).toBe(
        65_535,
      )
      peer.write(windowUpdate(0, 1_000), headers(1001, request('/hello')))
      await until('another stream is served', () => peer.bodyOf(1001) === 'hello')
      peer.destroy()
    })
  })

  test('more octets than the window of a stream end that stream only', async () => {
    await attacked.expectUnharmed({ side, counter: faults('window_fault') }, async () => {
      const peer = await start()
      peer.write(upload(1))
      let sent = 0
      const fill = (): boolean => {
        for (; sent + CHUNK.length <= STREAM_WINDOW + grants(peer, 1); sent += CHUNK.length) peer.write(data(1, CHUNK))
        return false
      }
      await until('there is no more room', async () => fill() || (await standsStill(() => grants(peer, 1))))
      expect(fill()).toBe(false)
      expect(peer.resetCode(1)).toBeUndefined()
      peer.write(data(1, CHUNK))
      await until('the stream is reset', () => peer.resetCode(1) !== undefined)
      expect(peer.resetCode(1)).toBe(CODE.flowControlError)
      await expectHello(peer, 3)
      peer.destroy()
    })
  })

  test('more octets than the window of the connection end it', async () => {
    await attacked.expectUnharmed({ side, counter: faults('window_fault') }, async () => {
      const peer = await start()
      for (let i = 0; i < 60 && !peer.isClosed; i++) {
        peer.write(upload(streamOf(i)))
        // Not above the window of the stream.
        await peer.flood(data(streamOf(i), CHUNK), STREAM_WINDOW / CHUNK.length)
      }
      await peer.closed()
      if (peer.goAwayCode !== undefined) expect(peer.goAwayCode).toBe(CODE.flowControlError)
      peer.destroy()
    })
  })

  test('uploads that nobody reads do not stop those of others', async () => {
    await attacked.expectUnharmed({ side, counter: reached('bodyIdleMs') }, async () => {
      const peer = await start()
      peer.write(times(100, (i) => Buffer.concat([upload(streamOf(i)), data(streamOf(i), CHUNK)])))
      const other = await H2Peer.start(attacked.hops.port)
      other.write(headers(1, request('/hello', 'POST'), 0))
      for (let i = 0; i < 12; i++) other.write(data(1, CHUNK, i === 11 ? FLAG.endStream : 0))
      await until('the other upload is answered', () => other.bodyOf(1) === 'hello')
      other.destroy()
      await until('all are answered', () => peer.status(streamOf(99)) !== undefined, GIVEN_UP_MS)
      expect(peer.status(streamOf(99))).toBe('408')
      peer.destroy()
    })
  })

  test.each([
    { name: 'WINDOW_UPDATE', grow: (peer: H2Peer) => peer.write(windowUpdate(1, MOST)), isWhole: false },
    {
      name: 'SETTINGS',
      grow: (peer: H2Peer) => peer.write(windowUpdate(1, 1), settings([INITIAL_WINDOW_SIZE, MOST])),
      isWhole: true,
    },
  ])('a window of a stream above 2^31-1 by $name', async ({ grow, isWhole }) => {
    await attacked.expectUnharmed({ side, counter: faults('window_fault') }, async () => {
      const peer = await start()
      peer.write(upload(1))
      await expectHello(peer, 3)
      grow(peer)
      if (isWhole) {
        await peer.closed()
        expect(peer.goAwayCode).toBe(CODE.flowControlError)
      } else {
        await until('the stream is reset', () => peer.resetCode(1) !== undefined)
        expect(peer.resetCode(1)).toBe(CODE.flowControlError)
        await expectHello(peer, 5)
      }
      peer.destroy()
    })
  })

  test.each([
    { name: 'alone', before: Buffer.alloc(0) },
    { name: 'beside a request that is open', before: upload(1) },
  ])('half a header block $name ends its connection by its deadline', async ({ before }) => {
    await attacked.expectUnharmed({ side, counter: faults('head_timeout') }, async () => {
      const limits = await attacked.hops.metric(reached('requestHeadMs'), attacked.door(side).adminPort)
      const peer = await greeted()
      const startedMs = performance.now()
      peer.write(before, halfHead(3))
      await peer.closed(HEAD_MS + LATE_MS)
      expect(performance.now() - startedMs).toBeGreaterThan(HEAD_MS)
      expect(peer.goAwayCode).toBe(CODE.noError)
      expect(await attacked.hops.metric(reached('requestHeadMs'), attacked.door(side).adminPort)).toBe(limits + 1)
      peer.destroy()
    })
  })

  test('half heads of many connections, none of which is ever ended by its client, are all let go', async () => {
    const before = await attacked.openConnections(side)
    await attacked.expectUnharmed({ side, counter: faults('head_timeout') }, async () => {
      const peers = await Promise.all(Array.from({ length: 50 }, greeted))
      for (const peer of peers) peer.write(halfHead(1))
      await Promise.all(peers.map((peer) => peer.closed(HEAD_MS + LATE_MS)))
      await until('all are gone', async () => (await attacked.openConnections(side)) <= before + OTHERS)
      for (const peer of peers) peer.destroy()
    })
  })

  test('many half-open streams: those beyond the limit are refused, the others end by their deadline', async () => {
    const { adminPort } = attacked.door(side)
    const idle = await attacked.hops.metric(reached('bodyIdleMs'), adminPort)
    await attacked.expectUnharmed({ side, counter: faults('too_many_streams') }, async () => {
      const peer = await start()
      peer.write(times(400, (i) => upload(streamOf(i))))
      await until('those beyond are refused', () => resets(peer).length >= 144)
      expect(resets(peer)).toEqual(new Array(144).fill(CODE.refusedStream))
      await until('the others are answered', () => peer.status(streamOf(255)) !== undefined, GIVEN_UP_MS)
      expect(peer.status(streamOf(255))).toBe('408')
      await expectHello(peer, 1001)
      peer.destroy()
    })
    const ended = async () => (await attacked.hops.metric(reached('bodyIdleMs'), adminPort)) - idle
    await until('each of them is counted', async () => (await ended()) >= 256)
  })

  test.each([
    { name: 'pings', ask: () => Buffer.concat([times(10, () => settings()), times(100, ping)]) },
    // Few enough at a time that none is refused.
    {
      name: 'asks',
      ask: (round: number) => times(100, (i) => headers(1_001 + 2 * (100 * round + i), request('/empty'))),
    },
  ])('a peer that $name and does not read is thrown out', async ({ ask }) => {
    const { adminPort } = attacked.door(side)
    const before = await attacked.openConnections(side)
    const unread = faults('unread_replies')
    const count = await attacked.hops.metric(unread, adminPort)
    await attacked.expectUnharmed({ side, counter: unread }, async () => {
      const peers = await Promise.all(Array.from({ length: 4 }, () => start([INITIAL_WINDOW_SIZE, MOST])))
      for (const peer of peers) {
        peer.stopReading()
        peer.write(
          windowUpdate(0, MOST - 65_535),
          times(40, (i) => download(streamOf(i))),
        )
      }
      await attacked.untilBlocked(side)
      let round = 0
      await until('each is found', async () => {
        for (const peer of peers) peer.write(ask(round))
        round += 1
        return (await attacked.hops.metric(unread, adminPort)) === count + peers.length
      })
      await until('all are gone', async () => (await attacked.openConnections(side)) <= before + OTHERS)
      for (const peer of peers) peer.destroy()
    })
  })
})

/** A request on the same connection is answered, window or not. */
async function expectHello(peer: H2Peer, stream: number): Promise<void> {
  peer.write(headers(stream, request('/hello')), windowUpdate(stream, 100))
  await until('another stream is served', () => peer.bodyOf(stream) === 'hello')
}

/** Codes of all RST_STREAM that came. */
function resets(peer: H2Peer): readonly number[] {
  return peer.frames.filter(({ type }) => type === FRAME.rstStream).map(({ payload }) => payload.readUInt32BE(0))
}

/** Octets that were given back to the stream. */
function grants(peer: H2Peer, stream: number): number {
  const updates = peer.frames.filter((one) => one.type === FRAME.windowUpdate && one.stream === stream)
  return updates.reduce((sum, { payload }) => sum + payload.readUInt32BE(0), 0)
}

/** Whether `read` gives the same number for a while. */
async function standsStill(read: () => number): Promise<boolean> {
  const before = read()
  await until('some time has passed', () => read() !== before, 500).catch(() => undefined)
  return read() === before
}
