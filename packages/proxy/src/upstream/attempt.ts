import { observeRtt } from '@heddle/engine/balance'
import type { Fields } from '@heddle/http/fields'
import type { ResponseHead } from '@heddle/http/message'
import type { BodySender, ResponseReceiver, StreamReset } from '@heddle/http/session'
import { PROXY_ERRORS, ProxyError, type ProxyErrorCode, toErrorCode } from '../errors/proxy-error.ts'
import { type Exchange, SWITCHING_PROTOCOLS } from '../exchange/exchange.ts'
import { takeUnprocessed } from '../exchange/unprocessed.ts'
import { runResponseFilters } from '../filters/chain.ts'
import type { PoolWaiter } from './endpoint-pool.ts'
import type { PooledConnection } from './pooled-connection.ts'
import type { Target } from './target.ts'

/** Decides what follows when an attempt brought no answer. */
export interface AttemptOwner {
  /** No octet of the request left this proxy. */
  notSent(exchange: Exchange, target: Target, error: ProxyError): void
  /** The request was under way, and no head of an answer had come. */
  brokeOff(exchange: Exchange, attempt: Attempt, error: ProxyError): void
}

/** One endpoint's try at an exchange: waits for a connection, sends the request, hands the answer on. */
export class Attempt implements ResponseReceiver, PoolWaiter {
  readonly target: Target
  /** Whether the connection had carried another request before. */
  wasReused = false
  /** Whether the server closed before any octet of an answer. */
  isRefused = false
  hasSentBody = false
  readonly #exchange: Exchange
  readonly #owner: AttemptOwner
  #sender: BodySender | undefined
  #startedUs = 0
  #isOver = false
  #isUpgraded = false
  #isAnswerOver = false

  constructor(exchange: Exchange, target: Target, owner: AttemptOwner) {
    this.#exchange = exchange
    this.target = target
    this.#owner = owner
    target.pool.load.inFlight += 1
  }

  /** Whether it takes the request's body. */
  get isSending(): boolean {
    return this.#sender !== undefined
  }

  gotConnection(connection: PooledConnection): void {
    const exchange = this.#exchange
    const { limits, turn } = exchange.core
    this.wasReused = connection.uses > 0
    this.#startedUs = turn.nowUs()
    const isWhole = exchange.head.bodyLength === 0 || exchange.isRequestOver
    exchange.expectWithin(isWhole ? limits.responseHeadMs : limits.bodyIdleMs)
    this.#sender = connection.begin(exchange.head, exchange.head.bodyLength !== 0, this)
    exchange.release(this)
  }

  gotNone(error: ProxyError): void {
    if (this.#end()) this.#owner.notSent(this.#exchange, this.target, error)
  }

  sendData(bytes: Uint8Array): boolean {
    this.hasSentBody = true
    return this.#sender!.sendData(bytes)
  }

  sendEnd(trailers: Fields | undefined): void {
    this.#sender!.sendEnd(trailers)
    if (this.#isUpgraded && this.#isAnswerOver) this.#complete()
  }

  resumeAnswer(): void {
    this.#sender?.resumeBody()
  }

  /** Ends it from this side: deadline, client gone. */
  giveUp(detail: string): void {
    if (!this.#end()) return
    if (this.#sender === undefined) this.target.pool.cancel(this)
    else this.#sender.reset({ kind: 'local', detail })
  }

  onInformational(head: ResponseHead): void {
    this.#exchange.stream.sendInformational(head)
  }

  onHead(head: ResponseHead, hasBody: boolean): void {
    if (this.#isOver) return
    const exchange = this.#exchange
    if (takeUnprocessed(head) && this.#mayGoElsewhere()) {
      this.#goElsewhere(head)
      return
    }
    const nowUs = exchange.core.turn.nowUs()
    observeRtt(this.target.pool.load, nowUs - this.#startedUs, nowUs)
    this.#isUpgraded = head.status === SWITCHING_PROTOCOLS
    exchange.response = head
    if (exchange.filters.length > 0) runResponseFilters(exchange.filters, exchange)
    exchange.answer(head, hasBody)
  }

  onData(bytes: Uint8Array): void {
    if (this.#isOver) return
    const exchange = this.#exchange
    exchange.responseBytes += bytes.length
    exchange.touch()
    if (!exchange.stream.sendData(bytes)) this.#sender!.pauseBody()
  }

  onEnd(trailers: Fields | undefined): void {
    if (this.#isOver) return
    const exchange = this.#exchange
    this.#isAnswerOver = true
    exchange.stream.sendEnd(trailers)
    if (this.#isUpgraded && !exchange.isRequestOver) return
    this.#complete()
  }

  onAbort(reset: StreamReset): void {
    if (!this.#end()) return
    this.isRefused = reset.kind === 'refused'
    const code = this.#codeOf(reset)
    const { address, port } = this.target.pool.remote
    const error = new ProxyError(code, `${address}:${port}: ${reset.error?.message ?? reset.detail}`)
    if (this.#exchange.isAnswered) this.#exchange.fail(error)
    else this.#owner.brokeOff(this.#exchange, this, error)
  }

  #codeOf(reset: StreamReset): ProxyErrorCode {
    if (reset.kind === 'protocol') return 'upstream_protocol_error'
    // With TLS 1.3 a client is done before its certificate was looked at: a refusal is a close without a word.
    const isNew = !this.wasReused && this.target.pool.remote.identity !== undefined
    return this.isRefused && isNew ? 'refused_by_peer' : 'upstream_reset'
  }

  onWritable(): void {
    if (!this.#isOver) this.#exchange.stream.resumeBody()
  }

  /** Whether the word of the other side counts, and nothing is lost by asking another endpoint. */
  #mayGoElsewhere(): boolean {
    return this.target.pool.remote.identity !== undefined && !this.hasSentBody
  }

  /** The endpoint's proxy answered in its application's place, which it could not reach. */
  #goElsewhere(head: ResponseHead): void {
    const { pool } = this.target
    pool.applicationUnreachable()
    const { address, port } = pool.remote
    const code = toErrorCode(head.fields.get('heddle-error'))
    const error = new ProxyError(isRetryable(code) ? code : 'connect_failed', `told by the proxy at ${address}:${port}`)
    // With a body still to come the connection cannot be used again; without one it ends its answer by itself.
    if (!this.#exchange.isRequestOver) this.giveUp(error.message)
    else this.#end()
    this.#owner.notSent(this.#exchange, this.target, error)
  }

  /** Both directions are over. */
  #complete(): void {
    const exchange = this.#exchange
    if (!this.#end()) return
    // Answered early: the rest of the request is of no use to anybody.
    if (!exchange.isRequestOver)
      this.#sender!.reset({ kind: 'local', detail: 'answered before the end of the request' })
    exchange.finish(undefined)
  }

  /** @returns false when it had ended already */
  #end(): boolean {
    if (this.#isOver) return false
    this.#isOver = true
    this.target.pool.load.inFlight -= 1
    return true
  }
}

function isRetryable(code: ProxyErrorCode | undefined): code is ProxyErrorCode {
  return code !== undefined && PROXY_ERRORS[code].retryable
}
