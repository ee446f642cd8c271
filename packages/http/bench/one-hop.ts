import { Buffer } from 'node:buffer'
import { createH1Client, createH1Server } from '../src/h1/session.ts'
import type { RequestHead, ResponseHead } from '../src/message/head.ts'
import type {
  BodyReceiver,
  BodySender,
  ClientSession,
  ResponseReceiver,
  ServerSession,
  ServerStream,
  Transport,
} from '../src/session.ts'

/**
 * What the codec alone costs a proxy of one hop: a request read and written on, its answer read and written on, without any
 * socket. `node packages/http/bench/one-hop.ts`, or with Bun; prints ns of CPU a request.
 */
const ROUNDS = 7
const WARM_UP = 100_000
const REQUESTS = 200_000

class NullTransport implements Transport {
  wants = false
  write(): boolean {
    return true
  }
  wantsFlush(): void {
    this.wants = true
  }
  pauseReading(): void {}
  resumeReading(): void {}
  end(): void {}
  abort(): void {}
}

/** One exchange that hands everything on. */
class Exchange implements BodyReceiver {
  readonly stream: ServerStream
  sender: BodySender | undefined
  readonly answer: AnswerSide
  constructor(stream: ServerStream) {
    this.stream = stream
    this.answer = new AnswerSide(stream)
  }
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
  readonly stream: ServerStream
  constructor(stream: ServerStream) {
    this.stream = stream
  }
  onInformational(): void {}
  onHead(head: ResponseHead, hasBody: boolean): void {
    this.stream.sendHead(head, hasBody)
  }
  onData(bytes: Uint8Array, start: number, end: number): void {
    this.stream.sendData(bytes, start, end)
  }
  onEnd(): void {
    this.stream.sendEnd()
  }
  onAbort(): void {}
  onWritable(): void {}
}

class Hop {
  readonly down = new NullTransport()
  readonly up = new NullTransport()
  readonly server: ServerSession
  readonly client: ClientSession

  constructor() {
    this.client = createH1Client(
      { onIdle: () => undefined, onAllowance: () => undefined, onUnusable: () => undefined },
      this.up,
    )
    this.server = createH1Server(
      {
        onRequest: (stream: ServerStream, head: RequestHead) => {
          const exchange = new Exchange(stream)
          // What a proxy asks at least: where to, and one field of its own.
          head.fields.get('heddle-trace')
          exchange.sender = this.client.request(head, head.bodyLength !== 0, exchange.answer)
          return exchange
        },
        onFault: (error) => {
          throw error
        },
        onIdle: () => undefined,
      },
      this.down,
    )
  }

  run(request: Uint8Array, answer: Uint8Array): void {
    this.server.receive(request)
    this.#flush()
    this.client.receive(answer)
    this.#flush()
  }

  #flush(): void {
    if (this.up.wants) {
      this.up.wants = false
      this.client.flush()
    }
    if (this.down.wants) {
      this.down.wants = false
      this.server.flush()
    }
  }
}

/** CPU time of all threads, so that collecting garbage counts, and other processes do not. */
function cpuMs(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1000
}

function measure(name: string, request: string, answer: string): void {
  const hop = new Hop()
  const requestBytes = Buffer.from(request, 'latin1')
  const answerBytes = Buffer.from(answer, 'latin1')
  for (let i = 0; i < WARM_UP; i++) hop.run(requestBytes, answerBytes)
  let bestMs = Number.POSITIVE_INFINITY
  for (let round = 0; round < ROUNDS; round++) {
    const startMs = cpuMs()
    for (let i = 0; i < REQUESTS; i++) hop.run(requestBytes, answerBytes)
    bestMs = Math.min(bestMs, cpuMs() - startMs)
  }
  process.stdout.write(`${name.padEnd(28)} ${Math.round((bestMs / REQUESTS) * 1e6)} ns\n`)
}

const BROWSER_FIELDS =
  'User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0\r\n' +
  'Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8\r\nAccept-Language: en-US,en;q=0.5\r\n' +
  'Accept-Encoding: gzip, deflate, br\r\nConnection: keep-alive\r\nCookie: session=0123456789abcdef0123456789abcdef\r\n'
const ANSWER_FIELDS = 'Content-Type: text/plain\r\nDate: Sat, 21 Nov 2026 09:00:00 GMT\r\nConnection: keep-alive\r\n'

measure(
  'small, 1 KiB answer',
  'GET / HTTP/1.1\r\nHost: a:80\r\n\r\n',
  `HTTP/1.1 200 OK\r\n${ANSWER_FIELDS}Content-Length: 1024\r\n\r\n${'x'.repeat(1024)}`,
)
measure(
  'browser, 1 KiB answer',
  `GET /a/b?c=d HTTP/1.1\r\nHost: shop.test:8080\r\n${BROWSER_FIELDS}\r\n`,
  `HTTP/1.1 200 OK\r\n${ANSWER_FIELDS}Content-Length: 1024\r\n\r\n${'x'.repeat(1024)}`,
)
measure(
  '1 KiB POST, chunked answer',
  `POST /a HTTP/1.1\r\nHost: a:80\r\nContent-Length: 1024\r\n\r\n${'x'.repeat(1024)}`,
  `HTTP/1.1 200 OK\r\n${ANSWER_FIELDS}Transfer-Encoding: chunked\r\n\r\n400\r\n${'x'.repeat(1024)}\r\n0\r\n\r\n`,
)
measure(
  '100 KiB answer',
  'GET / HTTP/1.1\r\nHost: a:80\r\n\r\n',
  `HTTP/1.1 200 OK\r\n${ANSWER_FIELDS}Content-Length: 102400\r\n\r\n${'x'.repeat(102400)}`,
)
