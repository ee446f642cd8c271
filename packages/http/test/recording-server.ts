import { Buffer } from 'node:buffer'
import { DEFAULT_H1_LIMITS, type H1Limits } from '../src/h1/limits.ts'
import { createH1Server } from '../src/h1/session.ts'
import type { HttpError } from '../src/http-error.ts'
import type { Fields } from '../src/message/fields.ts'
import { createResponseHead, type RequestHead } from '../src/message/head.ts'
import type {
  BodyReceiver,
  ServerHandler,
  ServerSession,
  ServerStream,
  StreamReset,
  Transport,
} from '../src/session.ts'
import { linesOf } from './lines-of.ts'
import { RecordingSession } from './recording-session.ts'

/** A request as it was received. */
export interface ReceivedExchange {
  readonly head: RequestHead
  readonly stream: ServerStream
  readonly lines: readonly string[]
  body: string
  trailers: readonly string[] | undefined
  trailerFields: Fields | undefined
  isEnded: boolean
  reset: StreamReset | undefined
  writableCalls: number
}

/** What a server does with a request. */
export type Answer = (stream: ServerStream, exchange: ReceivedExchange) => void

/** Answers 200 without body as soon as the request has ended, or at its head where it might switch. */
export const answerAtEnd: Answer = (stream) => stream.sendHead(createResponseHead({ status: 200 }), false)

/** A server session whose requests and faults are kept. */
export class RecordingServer extends RecordingSession<ServerSession> implements ServerHandler {
  readonly session: ServerSession
  readonly exchanges: ReceivedExchange[] = []
  readonly faults: HttpError[] = []
  /** Called at each head. */
  onHead: Answer | undefined
  /** Called at each end of a request. */
  onRequestEnd: Answer | undefined

  /** @param make - limits of a session of HTTP/1, or what makes another session */
  constructor(make: Partial<H1Limits> | ((handler: ServerHandler, transport: Transport) => ServerSession) = {}) {
    super()
    this.session =
      typeof make === 'function'
        ? make(this, this.transport)
        : createH1Server(this, this.transport, { ...DEFAULT_H1_LIMITS, ...make })
  }

  onRequest(stream: ServerStream, head: RequestHead): BodyReceiver {
    const exchange: ReceivedExchange = {
      head,
      stream,
      lines: linesOf(head.fields),
      body: '',
      trailers: undefined,
      trailerFields: undefined,
      isEnded: false,
      reset: undefined,
      writableCalls: 0,
    }
    this.exchanges.push(exchange)
    const receiver: BodyReceiver = {
      onData: (bytes, start, end) => {
        exchange.body += Buffer.from(bytes.subarray(start, end)).toString('latin1')
      },
      onEnd: (trailers) => {
        if (exchange.isEnded || exchange.reset !== undefined) throw new Error('two ends')
        exchange.isEnded = true
        exchange.trailerFields = trailers
        exchange.trailers = trailers === undefined ? undefined : linesOf(trailers)
        this.onRequestEnd?.(stream, exchange)
      },
      onAbort: (reset) => {
        const isBusy = this.session.protocol === 'http1' && this.session.activeStreams > 0
        if (exchange.isEnded && isBusy) throw new Error('an abort of what goes on')
        exchange.reset = reset
      },
      onWritable: () => {
        exchange.writableCalls += 1
      },
    }
    this.onHead?.(stream, exchange)
    return receiver
  }

  onFault(error: HttpError): void {
    this.faults.push(error)
  }

  get last(): ReceivedExchange {
    return this.exchanges.at(-1)!
  }
}

export const GET = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n'
export const OK_EMPTY = 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'

/** A server that answers each request with {@link OK_EMPTY} once it has ended. */
export function serverThatAnswers(): RecordingServer {
  const server = new RecordingServer()
  server.onRequestEnd = answerAtEnd
  return server
}

/** A whole answer. */
export function answer(stream: ServerStream, status: number, body = ''): void {
  stream.sendHead(createResponseHead({ status, bodyLength: body.length }), body !== '')
  if (body === '') return
  stream.sendData(Buffer.from(body))
  stream.sendEnd()
}
