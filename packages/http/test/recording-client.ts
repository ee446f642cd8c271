import { Buffer } from 'node:buffer'
import { DEFAULT_H1_LIMITS, type H1Limits } from '../src/h1/limits.ts'
import { createH1Client } from '../src/h1/session.ts'
import type { Fields } from '../src/message/fields.ts'
import { createRequestHead, type RequestHead, type ResponseHead } from '../src/message/head.ts'
import type {
  BodySender,
  ClientHandler,
  ClientSession,
  ResponseReceiver,
  StreamReset,
  Transport,
} from '../src/session.ts'
import { linesOf } from './lines-of.ts'
import { RecordingSession } from './recording-session.ts'

/** An answer as it was received. */
export interface ReceivedAnswer {
  readonly sender: BodySender
  readonly informational: number[]
  head: ResponseHead | undefined
  hasBody: boolean
  lines: readonly string[]
  body: string
  trailers: readonly string[] | undefined
  trailerFields: Fields | undefined
  isEnded: boolean
  reset: StreamReset | undefined
  writableCalls: number
}

/** A client session whose answers are kept. */
export class RecordingClient extends RecordingSession<ClientSession> implements ClientHandler {
  readonly session: ClientSession
  allowances = 0
  readonly unusable: StreamReset[] = []

  /** @param make - limits of a session of HTTP/1, or what makes another session */
  constructor(make: Partial<H1Limits> | ((handler: ClientHandler, transport: Transport) => ClientSession) = {}) {
    super()
    this.session =
      typeof make === 'function'
        ? make(this, this.transport)
        : createH1Client(this, this.transport, { ...DEFAULT_H1_LIMITS, ...make })
  }

  onAllowance(): void {
    this.allowances += 1
  }

  onUnusable(reason: StreamReset): void {
    this.unusable.push(reason)
  }

  request(head: RequestHead, hasBody = false): ReceivedAnswer {
    const answer: ReceivedAnswer = {
      sender: undefined as unknown as BodySender,
      informational: [],
      head: undefined,
      hasBody: false,
      lines: [],
      body: '',
      trailers: undefined,
      trailerFields: undefined,
      isEnded: false,
      reset: undefined,
      writableCalls: 0,
    }
    const receiver: ResponseReceiver = {
      onInformational: ({ status }) => answer.informational.push(status),
      onHead: (response, hasResponseBody) => {
        answer.head = response
        answer.hasBody = hasResponseBody
        answer.lines = linesOf(response.fields)
      },
      onData: (bytes, start, end) => {
        answer.body += Buffer.from(bytes.subarray(start, end)).toString('latin1')
      },
      onEnd: (trailers) => {
        if (answer.isEnded || answer.reset !== undefined) throw new Error('two ends')
        answer.isEnded = true
        answer.trailerFields = trailers
        answer.trailers = trailers === undefined ? undefined : linesOf(trailers)
      },
      onAbort: (reset) => {
        if (answer.reset !== undefined) throw new Error('two aborts')
        answer.reset = reset
      },
      onWritable: () => {
        answer.writableCalls += 1
      },
    }
    const sender = this.session.request(head, hasBody, receiver)
    return Object.assign(answer, { sender })
  }

  /** Begins `GET /` (or another method) and ends the turn. */
  get(method = 'GET'): ReceivedAnswer {
    const answer = this.request(createRequestHead({ method, path: '/', authority: 'a' }))
    this.endTurn()
    return answer
  }
}
