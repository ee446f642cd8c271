import { Buffer } from 'node:buffer'
import { createH2Client, createH2Server } from '../src/h2/session.ts'
import { createFields } from '../src/message/fields.ts'
import { createRequestHead, createResponseHead, type RequestHead, type ResponseHead } from '../src/message/head.ts'
import type {
  BodyReceiver,
  BodySender,
  ClientSession,
  ResponseReceiver,
  ServerHandler,
  ServerSession,
  ServerStream,
  Transport,
} from '../src/session.ts'

/**
 * What the HTTP/2 codec alone costs, without any socket: calls like gRPC's unary ones, 100 octets each way with trailers.
 * `node packages/http/bench/h2-unary.ts`, or with Bun; prints µs of CPU a call for a client and a server that hear each other,
 * and for a proxy between them less these two, with 1 and 100 calls at a time.
 */
const ROUNDS = 7
const CALLS = 100_000

/** Hands what is written to the other side, when it is its turn. */
class Wire implements Transport {
  peer: ClientSession | ServerSession | undefined
  own: ClientSession | ServerSession | undefined
  #isFlushWanted = false
  #carried: Buffer = Buffer.alloc(0)
  #room = Buffer.alloc(1 << 20)
  #length = 0

  write(bytes: Uint8Array, start: number, end: number): boolean {
    const length = end - start
    if (this.#length + length > this.#room.length) throw new Error('the bench has no room')
    this.#room.set(bytes.subarray(start, end), this.#length)
    this.#length += length
    return true
  }
  wantsFlush(): void {
    this.#isFlushWanted = true
  }
  pauseReading(): void {}
  resumeReading(): void {}
  end(): void {}
  abort(): void {}

  /** @returns whether there was something to carry */
  carry(): boolean {
    while (this.#isFlushWanted) {
      this.#isFlushWanted = false
      this.own!.flush()
    }
    if (this.#length === 0) return false
    this.#carried = this.#room.subarray(0, this.#length)
    this.#length = 0
    this.peer!.receive(this.#carried)
    return true
  }
}

/** Two ends of a connection. */
class Link {
  readonly up = new Wire()
  readonly down = new Wire()
  readonly client: ClientSession
  readonly server: ServerSession

  constructor(handler: Pick<ServerHandler, 'onRequest'>) {
    this.client = createH2Client({ onIdle: nothing, onAllowance: nothing, onUnusable: fail }, this.up)
    this.server = createH2Server({ ...handler, onFault: fail, onIdle: nothing }, this.down)
    Object.assign(this.up, { own: this.client, peer: this.server })
    Object.assign(this.down, { own: this.server, peer: this.client })
  }
}

function nothing(): void {}

function fail(reason: unknown): never {
  throw new Error('a fault', { cause: reason })
}

const MESSAGE = Buffer.alloc(100, 'x')
const HEAD_FIELDS = [
  ['content-type', 'application/grpc'],
  ['te', 'trailers'],
  ['user-agent', 'grpc-go/1.70.0'],
  ['grpc-accept-encoding', 'gzip'],
] as const
const ANSWER_FIELDS = createFields([
  ['content-type', 'application/grpc'],
  ['grpc-accept-encoding', 'gzip'],
])
const TRAILERS = createFields([
  ['grpc-status', '0'],
  ['grpc-message', ''],
])

class Echo implements BodyReceiver {
  readonly #stream: ServerStream
  constructor(stream: ServerStream) {
    this.#stream = stream
  }
  onData(): void {}
  onEnd(): void {
    this.#stream.sendHead(createResponseHead({ status: 200, fields: ANSWER_FIELDS }), true)
    this.#stream.sendData(MESSAGE)
    this.#stream.sendEnd(TRAILERS)
  }
  onAbort(): void {}
  onWritable(): void {}
}

const SERVE: Pick<ServerHandler, 'onRequest'> = { onRequest: (stream) => new Echo(stream) }

/** Hands a request on, and its answer back. */
class Exchange implements BodyReceiver {
  sender: BodySender | undefined
  onData(bytes: Uint8Array, start: number, end: number): void {
    this.sender!.sendData(bytes, start, end)
  }
  onEnd(): void {
    this.sender!.sendEnd()
  }
  onAbort(): void {}
  onWritable(): void {}
}

class AnswerSide implements ResponseReceiver {
  readonly #stream: ServerStream
  constructor(stream: ServerStream) {
    this.#stream = stream
  }
  onInformational(): void {}
  onHead(head: ResponseHead, hasBody: boolean): void {
    this.#stream.sendHead(head, hasBody)
  }
  onData(bytes: Uint8Array, start: number, end: number): void {
    this.#stream.sendData(bytes, start, end)
  }
  onEnd(trailers: Parameters<BodyReceiver['onEnd']>[0]): void {
    this.#stream.sendEnd(trailers)
  }
  onAbort(): void {}
  onWritable(): void {}
}

class Caller implements ResponseReceiver {
  answered = 0
  onInformational(): void {}
  onHead(): void {}
  onData(): void {}
  onEnd(): void {
    this.answered += 1
  }
  onAbort(): void {}
  onWritable(): void {}
}

function runCalls(links: readonly Link[], count: number, atOnce: number): void {
  const caller = new Caller()
  const client = links[0]!.client
  for (let begun = 0; begun < count; begun += atOnce) {
    for (let i = 0; i < atOnce; i++) {
      const head: RequestHead = createRequestHead({
        method: 'POST',
        path: '/emojivoto.v1.VotingService/VoteDoughnut',
        authority: 'voting-svc.emojivote:8080',
        fields: createFields(HEAD_FIELDS),
      })
      const sender = client.request(head, true, caller)
      sender.sendData(MESSAGE)
      sender.sendEnd()
    }
    let isBusy = true
    while (isBusy) {
      isBusy = false
      for (const { up } of links) isBusy = up.carry() || isBusy
      for (const { down } of links) isBusy = down.carry() || isBusy
    }
  }
  if (caller.answered !== count) throw new Error(`${caller.answered} of ${count} answered`)
}

/** CPU time of all threads, so that collecting garbage counts, and other processes do not. */
function cpuMs(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1000
}

function measure(makeLinks: () => Link[], atOnce: number): number {
  const links = makeLinks()
  runCalls(links, CALLS, atOnce)
  let bestMs = Number.POSITIVE_INFINITY
  for (let round = 0; round < ROUNDS; round++) {
    const startMs = cpuMs()
    runCalls(links, CALLS, atOnce)
    bestMs = Math.min(bestMs, cpuMs() - startMs)
  }
  return (bestMs / CALLS) * 1000
}

function proxied(): Link[] {
  const up = new Link(SERVE)
  const down = new Link({
    onRequest: (stream, head) => {
      const exchange = new Exchange()
      // What a proxy asks at least.
      head.fields.get('heddle-trace')
      exchange.sender = up.client.request(head, head.bodyLength !== 0, new AnswerSide(stream))
      return exchange
    },
  })
  return [down, up]
}

for (const atOnce of [1, 100]) {
  const ends = measure(() => [new Link(SERVE)], atOnce)
  const all = measure(proxied, atOnce)
  const name = `${atOnce} at a time`
  process.stdout.write(
    `${name.padEnd(16)} client and server ${ends.toFixed(2)} µs, a proxy between ${(all - ends).toFixed(2)} µs\n`,
  )
}
