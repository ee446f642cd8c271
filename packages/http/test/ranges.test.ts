import { Buffer } from 'node:buffer'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { DEFAULT_H1_LIMITS } from '../src/h1/limits.ts'
import { createH1Client, createH1Server } from '../src/h1/session.ts'
import { DEFAULT_H2_LIMITS } from '../src/h2/limits.ts'
import { createH2Client, createH2Server } from '../src/h2/session.ts'
import { createRequestHead, createResponseHead } from '../src/message/head.ts'
import type {
  BodyReceiver,
  BodySender,
  ClientSession,
  ResponseReceiver,
  ServerHandler,
  ServerSession,
  ServerStream,
} from '../src/session.ts'
import { endTurn, RecordingTransport } from './recording-transport.ts'

type Protocol = ClientSession['protocol']

/** How octets come from one session to the next: cut anew, and with octets around them that belong to nobody. */
interface Wire {
  readonly cuts: readonly number[]
  readonly isBuffer: boolean
}

const MARGIN = Buffer.from('octets of another connection')

function inLarger(bytes: Uint8Array, isBuffer: boolean): Uint8Array {
  const larger = Buffer.concat([MARGIN, bytes, MARGIN])
  const { buffer, byteOffset } = larger
  return isBuffer
    ? larger.subarray(MARGIN.length, MARGIN.length + bytes.length)
    : new Uint8Array(buffer, byteOffset + MARGIN.length, bytes.length)
}

/** A client and a server that hear each other over a wire. */
class Hop {
  readonly #ends: { readonly session: ClientSession | ServerSession; readonly transport: RecordingTransport }[] = []
  readonly client: ClientSession
  readonly #wire: Wire
  #cut = 0

  constructor(protocol: Protocol, wire: Wire, onRequest: ServerHandler['onRequest']) {
    this.#wire = wire
    const [up, down] = [new RecordingTransport(), new RecordingTransport()]
    const ofClient = { onIdle: () => {}, onAllowance: () => {}, onUnusable: () => {} }
    const ofServer: ServerHandler = { onRequest, onFault: (error) => expect.fail(error.message), onIdle: () => {} }
    const isH1 = protocol === 'http1'
    this.client = isH1
      ? createH1Client(ofClient, up, DEFAULT_H1_LIMITS)
      : createH2Client(ofClient, up, DEFAULT_H2_LIMITS)
    const server = isH1
      ? createH1Server(ofServer, down, DEFAULT_H1_LIMITS)
      : createH2Server(ofServer, down, DEFAULT_H2_LIMITS)
    this.#ends = [
      { session: this.client, transport: up },
      { session: server, transport: down },
    ]
  }

  /** Carries what there is, once each way. @returns whether there was something */
  carry(): boolean {
    for (const { session, transport } of this.#ends) endTurn(session, transport)
    const written = this.#ends.map(({ transport }) => transport.takeBytes())
    this.#give(written[0]!, 1)
    this.#give(written[1]!, 0)
    return written.some(({ length }) => length > 0)
  }

  #give(bytes: Buffer, to: number): void {
    const { session, transport } = this.#ends[to]!
    const { cuts, isBuffer } = this.#wire
    for (let at = 0; at < bytes.length; ) {
      const end = at + cuts[this.#cut++ % cuts.length]!
      session.receive(inLarger(bytes.subarray(at, end), isBuffer))
      endTurn(session, transport)
      at = end
    }
  }
}

/** Hands each range on as it came, as a proxy does. */
function handOn(to: () => BodySender): BodyReceiver {
  return {
    onData: (bytes, start, end) => void to().sendData(bytes, start, end),
    onEnd: () => to().sendEnd(),
    onAbort: ({ detail }) => expect.fail(detail),
    onWritable: () => {},
  }
}

function handBack(stream: ServerStream): ResponseReceiver {
  const onHead: ResponseReceiver['onHead'] = ({ status }, hasBody) =>
    stream.sendHead(createResponseHead({ status }), hasBody)
  return { ...handOn(() => stream), onInformational: () => {}, onHead }
}

const part = fc.oneof(
  { weight: 5, arbitrary: fc.nat(300) },
  { weight: 1, arbitrary: fc.constantFrom(16_384, 32_767, 32_768, 70_000) },
)
const protocol = fc.constantFrom<Protocol>('http1', 'http2')
const wire = fc.record({
  cuts: fc.array(fc.oneof(fc.integer({ min: 1, max: 60 }), fc.integer({ min: 1000, max: 66_000 })), { minLength: 1 }),
  isBuffer: fc.boolean(),
})
const CASE = fc.record({
  parts: fc.array(part, { minLength: 1, maxLength: 8 }),
  protocols: fc.tuple(protocol, protocol),
  wire,
  isAnnounced: fc.boolean(),
  mayPause: fc.boolean(),
})

test('a body sent as ranges comes back over two hops with its own octets and no others', () => {
  fc.assert(
    fc.property(CASE, ({ parts, protocols, wire, isAnnounced, mayPause }) => {
      const length = parts.reduce((sum, size) => sum + size, 0)
      const body = Buffer.from(Array.from({ length }, (_, i) => (i * 7 + (i >> 8)) & 0xff))
      const bodyLength = isAnnounced && length > 0 ? length : undefined
      const head = createRequestHead({ method: 'POST', path: '/', authority: 'a', bodyLength })
      const paused: ServerStream[] = []
      const far = new Hop(protocols[1], wire, (stream) => {
        stream.sendHead(createResponseHead({ status: 200 }), true)
        const echo = handOn(() => stream)
        return {
          ...echo,
          onData(bytes, start, end) {
            echo.onData(bytes, start, end)
            if (!mayPause) return
            stream.pauseBody()
            paused.push(stream)
          },
        }
      })
      const near = new Hop(protocols[0], wire, (stream) => {
        const sender = far.client.request(head, true, handBack(stream))
        return handOn(() => sender)
      })
      const came: Buffer[] = []
      let isEnded = false
      const sender = near.client.request(head, true, {
        onInformational: () => {},
        onHead: () => {},
        onData: (bytes, start, end) => void came.push(Buffer.copyBytesFrom(bytes, start, end - start)),
        onEnd: () => (isEnded = true),
        onAbort: ({ detail }) => expect.fail(detail),
        onWritable: () => {},
      })
      let at = 0
      for (const size of parts) {
        const larger = inLarger(body.subarray(at, at + size), wire.isBuffer)
        const all = new Uint8Array(larger.buffer)
        sender.sendData(all, larger.byteOffset, larger.byteOffset + size)
        at += size
      }
      sender.sendEnd()
      while ([near.carry(), far.carry()].includes(true) || paused.length > 0) paused.shift()?.resumeBody()
      expect(isEnded).toBe(true)
      expect(Buffer.concat(came).equals(body)).toBe(true)
    }),
    { numRuns: 200 },
  )
})
