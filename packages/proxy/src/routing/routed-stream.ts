import { type Cors, corsResponseChange } from '@heddle/engine/route/cors'
import { applyHeaderChange, type HeaderChange } from '@heddle/engine/route/header-change'
import { renewSession, type Session, type SessionToken, writeSession } from '@heddle/engine/route/session'
import type { Fields } from '@heddle/http/fields'
import type { ResponseHead } from '@heddle/http/message'
import type { ServerStream, StreamReset } from '@heddle/http/session'
import type { Exchange } from '../exchange/exchange.ts'
import { sessionName } from './session-target.ts'

/** What a route changes of the answer's head. */
export interface RoutedAnswer {
  readonly changes: readonly HeaderChange[]
  readonly cors: Cors | undefined
  readonly session: RoutedSession | undefined
}

/** A session that the answer may begin or renew. */
export interface RoutedSession {
  readonly about: Session
  /** Name of the backend within the session. */
  readonly backend: string
  /** What the request brought. */
  readonly before: SessionToken | undefined
}

/**
 * The stream of a client whose answer is changed on its way, whoever gives it: browsers must be able to read failures, too. Only
 * requests whose route changes the answer have one, so that it costs nothing for all others.
 */
export class RoutedStream implements ServerStream {
  readonly #stream: ServerStream
  readonly #exchange: Exchange
  readonly #changes: readonly HeaderChange[]
  readonly #session: RoutedSession | undefined

  constructor(exchange: Exchange, { changes, cors, session }: RoutedAnswer) {
    this.#stream = exchange.stream
    this.#exchange = exchange
    // As the client has sent it: filters may change the request afterwards.
    this.#changes = cors === undefined ? changes : [corsResponseChange(cors, exchange.head), ...changes]
    this.#session = session
  }

  sendHead(head: ResponseHead, hasBody: boolean): void {
    const { fields } = head
    for (const change of this.#changes) applyHeaderChange(change, fields)
    // Only an endpoint can be come back to.
    if (this.#session !== undefined && this.#exchange.response === head) this.#tellSession(this.#session, fields)
    this.#stream.sendHead(head, hasBody)
  }

  sendInformational(head: ResponseHead): void {
    this.#stream.sendInformational(head)
  }

  sendData(bytes: Uint8Array, start = 0, end = bytes.length): boolean {
    return this.#stream.sendData(bytes, start, end)
  }

  sendEnd(trailers?: Fields): void {
    this.#stream.sendEnd(trailers)
  }

  reset(reset: StreamReset): void {
    this.#stream.reset(reset)
  }

  pauseBody(): void {
    this.#stream.pauseBody()
  }

  resumeBody(): void {
    this.#stream.resumeBody()
  }

  #tellSession({ about, backend, before }: RoutedSession, fields: Fields): void {
    const { core, head, state, target } = this.#exchange
    if (target === undefined || state === undefined) return
    const current = { backend, endpoint: sessionName(state, target), nowMs: core.clock.nowMs() }
    const token = renewSession(about, before, current)
    if (token === undefined) return
    const line = writeSession(about, token, head)
    if (about.carrier === 'cookie') fields.append(line.name, line.value)
    else fields.set(line.name, line.value)
  }
}
