import { Buffer } from 'node:buffer'
import { expect, test } from 'vitest'
import { createRandom, type Random } from '../fuzz/random.ts'
import { createH1Client, createH1Server } from '../src/h1/session.ts'
import { createRequestHead, createResponseHead, type RequestHead } from '../src/message/head.ts'
import type { BodyReceiver, BodySender, ResponseReceiver, ServerStream, StreamReset } from '../src/session.ts'
import { ANSWERS, REQUESTS } from '../testdata/messages.ts'
import { endTurn, RecordingTransport } from './recording-transport.ts'

const RUNS = 4000
const LOCAL = { kind: 'local', detail: 'on a whim' } as const

/** Checks that nothing is told to a receiver after its end, nor before the end of the one before. */
class Watched implements ResponseReceiver {
  isOver = false
  readonly #whim: () => void

  constructor(whim: () => void) {
    this.#whim = whim
  }

  onInformational(): void {
    this.#told()
  }

  onHead(): void {
    this.#told()
  }

  onData(bytes: Uint8Array, start: number, end: number): void {
    expect(start).toBeLessThan(end)
    expect(end).toBeLessThanOrEqual(bytes.length)
    this.#told()
  }

  onEnd(): void {
    this.#told()
  }

  onAbort(): void {
    this.#told()
    this.isOver = true
  }

  onWritable(): void {
    this.#told()
  }

  #told(): void {
    expect(this.isOver).toBe(false)
    this.#whim()
  }
}

/** What a handler may do with its stream at any time, in the right order or not at all. */
function whimOf(random: Random, stream: ServerStream, head: RequestHead) {
  let isHeadSent = false
  let isOver = false
  return () => {
    if (isOver) return
    switch (random.below(9)) {
      case 0:
        if (isHeadSent) return
        isHeadSent = true
        stream.sendHead(
          createResponseHead({
            status: head.upgrade !== undefined && random.below(2) > 0 ? 101 : 200,
            upgrade: 'websocket',
          }),
          random.below(2) > 0,
        )
        return
      case 1:
        if (isHeadSent) stream.sendData(Buffer.alloc(random.pick([0, 1, 40_000])))
        return
      case 2:
        if (isHeadSent) stream.sendEnd()
        return
      case 3:
        stream.pauseBody()
        return
      case 4:
        stream.resumeBody()
        return
      case 5:
        if (!isHeadSent) stream.sendInformational(createResponseHead({ status: 103 }))
        return
      case 6:
        if (random.below(20) > 0) return
        isOver = true
        stream.reset(LOCAL)
        return
      default:
        return
    }
  }
}

test('a server whose handler does what it likes, when it likes, keeps its promises', () => {
  let answered = 0
  for (let seed = 1; seed <= RUNS; seed++) {
    const random = createRandom(seed)
    const transport = new RecordingTransport()
    const whims: (() => void)[] = []
    let open: Watched | undefined
    const session = createH1Server(
      {
        onRequest(stream: ServerStream, head: RequestHead): BodyReceiver {
          expect(transport.isAborted || transport.isEnded).toBe(false)
          const whim = whimOf(random, stream, head)
          const receiver = new Watched(whim)
          if (open !== undefined) open.isOver = true
          open = receiver
          whims.push(whim)
          whim()
          return receiver
        },
        onFault: () => undefined,
        onIdle: () => expect(session.activeStreams).toBe(0),
      },
      transport,
    )
    const octets = Buffer.from(Array.from({ length: 3 }, () => random.pick(REQUESTS)).join(''), 'latin1')
    for (let at = 0; at < octets.length && !transport.isAborted; ) {
      const to = Math.min(octets.length, at + 1 + random.below(80))
      session.receive(octets.subarray(at, to))
      at = to
      for (let turns = random.below(4); turns > 0; turns--) {
        random.pick(whims.length === 0 ? [() => undefined] : whims)()
        if (random.below(2) > 0) endTurn(session, transport)
        transport.takesAll = random.below(3) > 0
        if (random.below(3) > 0) session.transportDrained()
      }
      if (random.below(60) === 0) session.drain()
    }
    endTurn(session, transport)
    answered += transport.take().includes(' 200 OK') ? 1 : 0
    if (random.below(2) > 0) session.receiveEnd()
    session.destroy(LOCAL)
    expect(session.activeStreams).toBe(0)
  }
  expect(answered).toBeGreaterThan(RUNS / 10)
})

test('a client whose receiver does what it likes, when it likes, keeps its promises', () => {
  let reused = 0
  for (let seed = 1; seed <= RUNS; seed++) {
    const random = createRandom(seed)
    const transport = new RecordingTransport()
    const told = { idle: 0, unusable: 0 }
    const session = createH1Client(
      {
        onIdle: () => {
          told.idle += 1
          expect(session.capacity).toBe(1)
        },
        onAllowance: () => undefined,
        onUnusable: () => {
          told.unusable += 1
          expect(session.isReusable).toBe(false)
        },
      },
      transport,
    )
    for (let round = 0; round < 3 && session.capacity === 1 && !transport.isAborted; round++) {
      const { method, octets } = random.pick(ANSWERS)
      const hasBody = method === 'GET' && random.below(3) === 0
      let sender: BodySender | undefined
      const receiver = new Watched(() => actOn(sender, random))
      const upgrade = hasBody || method !== 'GET' ? undefined : 'websocket'
      sender = session.request(createRequestHead({ method, path: '/', authority: 'a:1', upgrade }), hasBody, receiver)
      if (hasBody && random.below(2) > 0) sender.sendEnd()
      endTurn(session, transport)
      const bytes = Buffer.from(octets, 'latin1')
      for (let at = 0; at < bytes.length; ) {
        const to = Math.min(bytes.length, at + 1 + random.below(40))
        session.receive(bytes.subarray(at, to))
        at = to
        if (random.below(2) > 0) actOn(sender, random)
        if (random.below(2) > 0) endTurn(session, transport)
      }
      sender.resumeBody()
      endTurn(session, transport)
      expect(told.idle + told.unusable).toBeLessThanOrEqual(round + 1)
    }
    reused += told.idle > 1 ? 1 : 0
    session.receiveEnd()
    session.destroy(LOCAL)
    expect(session.activeStreams).toBe(0)
    expect(told.unusable).toBeLessThanOrEqual(1)
  }
  expect(reused).toBeGreaterThan(RUNS / 20)
})

const CHUNKED = 'Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n1\r\nb\r\n0\r\n\r\n'

/** Pauses at once, and then resumes whatever it is told. */
class Resuming implements ResponseReceiver {
  told = ''
  half: BodySender | undefined

  onInformational(): void {}

  onHead(): void {
    this.half?.pauseBody()
  }

  onData(bytes: Uint8Array, start: number, end: number): void {
    this.told += Buffer.from(bytes.subarray(start, end)).toString('latin1')
    this.half?.resumeBody()
  }

  onEnd(): void {
    this.told += ', end'
  }

  onAbort({ detail }: StreamReset): void {
    this.told += `, ${detail}`
  }

  onWritable(): void {}
}

test('a request whose handler resumes within its parts comes whole, also when the client has ended before', () => {
  const receiver = new Resuming()
  const onRequest = (stream: ServerStream) => {
    receiver.half = stream
    stream.pauseBody()
    return receiver
  }
  const session = createH1Server({ onRequest, onFault: () => {}, onIdle: () => {} }, new RecordingTransport())
  session.receive(Buffer.from(`POST / HTTP/1.1\r\nHost: a\r\n${CHUNKED}`))
  session.receiveEnd()
  receiver.half?.resumeBody()
  expect(receiver.told).toBe('ab, end')
})

test('an answer whose receiver resumes within its parts comes whole, also when the server has ended before', () => {
  const receiver = new Resuming()
  const transport = new RecordingTransport()
  const session = createH1Client({ onIdle: () => {}, onAllowance: () => {}, onUnusable: () => {} }, transport)
  receiver.half = session.request(createRequestHead({ method: 'GET', path: '/', authority: 'a' }), false, receiver)
  endTurn(session, transport)
  session.receive(Buffer.from(`HTTP/1.1 200 OK\r\n${CHUNKED}`))
  session.receiveEnd()
  receiver.half.resumeBody()
  expect(receiver.told).toBe('ab, end')
})

function actOn(sender: BodySender | undefined, random: Random): void {
  switch (random.below(8)) {
    case 0:
      sender?.pauseBody()
      return
    case 1:
      sender?.resumeBody()
      return
    case 2:
      sender?.sendData(Buffer.from('data'))
      return
    case 3:
      sender?.sendEnd()
      return
    case 4:
      if (random.below(20) === 0) sender?.reset(LOCAL)
      return
    default:
      return
  }
}
