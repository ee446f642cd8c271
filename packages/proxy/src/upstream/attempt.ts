import { type ProxyErrorCode, toErrorCode } from '@heddle/api/proxy-errors'
import { observeFailure, observeRtt } from '@heddle/engine/balance'
import { type EndpointOutcome, outcomeOf } from '@heddle/engine/outlier/outcome'
import type { Fields } from '@heddle/http/fields'
import type { ResponseHead } from '@heddle/http/message'
import type { BodySender, ResponseReceiver, StreamReset } from '@heddle/http/session'
import { ProxyError } from '../errors/proxy-error.ts'
import { type Exchange, SWITCHING_PROTOCOLS } from '../exchange/exchange.ts'
import { markHttp1, unmarkHttp1 } from '../exchange/http-version.ts'
import { takeUnprocessed } from '../exchange/unprocessed.ts'
import { runResponseFilters } from '../filters/chain.ts'
import type { Deadline } from '../grpc/deadlines.ts'
import { nameFailure } from '../records/request-id.ts'
import { codeToPassOn, isRetryable, versionFor } from './attempt-rules.ts'
import type { ConnectionPool } from './connection-pool.ts'
import type { PooledConnection, PoolWaiter } from './pooled-connection.ts'
import type { Target } from './target.ts'
import { readGrpcStatus } from './try-outcome.ts'
import { addKey, completeAccept, takeAccept, WEB_SOCKET } from './web-socket.ts'

const HTTP_OK = 200

/** Decides what follows when an attempt brought no answer. */
export interface AttemptOwner {
  /** No octet of the request left this proxy. */
  notSent(exchange: Exchange, attempt: Attempt, error: ProxyError): void
  /** The request was under way, and no head of an answer had come. */
  brokeOff(exchange: Exchange, attempt: Attempt, end: BrokenEnd): void
}

/** How an attempt broke off. */
export interface BrokenEnd {
  readonly error: ProxyError
  readonly trace: Trace
}

/**
 * Whether the server may have acted on a request that broke off. `none`: it said that it has not. `unlikely`: it closed an
 * idle connection at the moment in which we began to use it, or so it looks.
 */
export type Trace = 'none' | 'unlikely' | 'likely'

/** The head of an answer, and what it says of the endpoint. */
export interface AnswerHead {
  readonly head: ResponseHead
  readonly hasBody: boolean
  /** Of an answer that is nothing but its head. */
  readonly grpcStatus: number | undefined
  readonly outcome: EndpointOutcome
}

/** What an attempt depends on beside its exchange and its endpoint. */
export interface AttemptOptions {
  readonly owner: AttemptOwner
  /** Whether it runs beside another one, which gets the body as it comes; so all of that has to be there. */
  readonly isSecond: boolean
}

/** Of an answer that nobody wants so much is read, so that the connection can be used again. */
const MAX_DISCARDED_BYTES = 16_384
/** And for so long. */
const DISCARD_MS = 1_000

/** One endpoint's try at an exchange: waits for a connection, sends the request, hands the answer on. */
export class Attempt implements ResponseReceiver, PoolWaiter {
  readonly target: Target
  readonly pool: ConnectionPool
  hasSentBody = false
  readonly #exchange: Exchange
  readonly #owner: AttemptOwner
  readonly #isSecond: boolean
  #connection: PooledConnection | undefined
  /** Where it waits for the server to say whether it takes upgrades. */
  #upgradingOn: PooledConnection | undefined
  #sender: BodySender | undefined
  /** Whether the connection had carried another request before. */
  #wasReused = false
  /** What the server of a WebSocket has to prove with, where we made the key. */
  #proof: string | undefined
  #startedUs = 0
  #isOver = false
  #isUpgraded = false
  #isAnswerOver = false
  /** When to stop reading what nobody wants. */
  #discardBy: Deadline | undefined

  constructor(exchange: Exchange, target: Target, { owner, isSecond }: AttemptOptions) {
    this.#exchange = exchange
    this.target = target
    this.pool = target.endpoint.pool(versionFor(exchange, target))
    this.#owner = owner
    this.#isSecond = isSecond
    target.endpoint.load.inFlight += 1
  }

  /** Whether it takes the request's body. */
  get isSending(): boolean {
    return this.#sender !== undefined
  }

  /** Whether the server may refuse the request without having looked at it, so that its body may be needed again. */
  get mayBeRefused(): boolean {
    return this.#connection?.version === 'http2'
  }

  /** Sends the request over a connection that is there, or waits for one. */
  begin(): void {
    const connection = this.pool.take()
    if (connection === undefined) this.beginAnew()
    else this.gotConnection(connection)
  }

  /** Waits for a connection, also where one is there: other idle ones may have met the same end. */
  beginAnew(): void {
    try {
      this.pool.wait(this)
    } catch (error) {
      if (!(error instanceof ProxyError)) throw error
      this.gotNone(error)
    }
  }

  gotConnection(connection: PooledConnection): void {
    const exchange = this.#exchange
    const { turn } = exchange.core
    if (exchange.head.upgrade !== undefined && !this.#mayUpgrade(connection)) return
    this.#connection = connection
    this.#wasReused = connection.uses > 0
    this.#startedUs = turn.nowUs()
    if (exchange.version === 'http1' && this.target.endpoint.isMeshed) {
      if (connection.version === 'http2') markHttp1(exchange.head)
      else unmarkHttp1(exchange.head)
    }
    const needsKey = exchange.version === 'http2' && connection.version === 'http1'
    if (needsKey && exchange.head.upgrade === WEB_SOCKET) this.#proof = addKey(exchange.head)
    exchange.grpc?.writeTimeout(exchange.head.fields, this.#startedUs)
    exchange.touch()
    this.#sender = connection.begin(exchange.head, exchange.head.bodyLength !== 0, this)
    if (this.#isSecond) exchange.replay(this)
    else exchange.release(this)
  }

  gotNone(error: ProxyError): void {
    if (this.#end()) this.#owner.notSent(this.#exchange, this, error)
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
    if (this.#sender !== undefined) {
      this.#connection!.giveUp(this.#sender, detail)
      return
    }
    this.pool.cancel(this)
    this.#upgradingOn?.cancelUpgrade(this)
  }

  /** Ends it with its answer, which nobody is to have; a small one is read, so that the connection can be used again. */
  discard(head: ResponseHead, hasBody: boolean): void {
    const { bodyLength = Number.POSITIVE_INFINITY } = head
    if (!this.#exchange.isRequestOver || (hasBody && bodyLength > MAX_DISCARDED_BYTES)) {
      this.giveUp('its answer is not wanted')
      return
    }
    if (!this.#end() || !hasBody) return
    const { deadlines, turn } = this.#exchange.core
    const owner = { deadlinePassed: () => this.#connection?.giveUp(this.#sender!, 'its answer is not wanted') }
    this.#discardBy = deadlines.add(turn.nowUs() + DISCARD_MS * 1000, owner)
  }

  onInformational(head: ResponseHead): void {
    this.#exchange.stream.sendInformational(head)
  }

  onHead(head: ResponseHead, hasBody: boolean): void {
    if (this.#isOver) return
    const exchange = this.#exchange
    // Only answers that a proxy makes itself carry the mark: failures of the server's side, or what these are over gRPC.
    const mayBeMarked = head.status >= 500 || exchange.grpc !== undefined
    if (mayBeMarked && takeUnprocessed(head) && this.#mayGoElsewhere()) {
      this.#goElsewhere(head)
      return
    }
    const grpcStatus = hasBody || exchange.grpc === undefined ? undefined : readGrpcStatus(head)
    const outcome = outcomeOf(head.status, grpcStatus)
    if (outcome === 'failure') this.#observeFailure()
    else this.#observeAnswer()
    const { tries } = exchange
    if (tries !== undefined && !tries.takesAnswer(this, { head, hasBody, grpcStatus, outcome })) return
    if (head.status === SWITCHING_PROTOCOLS && !this.#switch(head)) return
    exchange.response = head
    if (exchange.filters.length > 0) runResponseFilters(exchange.filters, exchange)
    exchange.answer(head, hasBody)
  }

  onData(bytes: Uint8Array): void {
    if (this.#isOver) return
    if (!this.#exchange.answerData(bytes)) this.#sender!.pauseBody()
  }

  onEnd(trailers: Fields | undefined): void {
    if (this.#isOver) {
      this.#discardBy?.cancel()
      return
    }
    const exchange = this.#exchange
    this.#isAnswerOver = true
    if (exchange.grpc !== undefined && trailers !== undefined) {
      exchange.grpc.sawTrailers(trailers)
      if (outcomeOf(HTTP_OK, exchange.grpc.status) === 'failure') this.#observeFailure()
    }
    exchange.stream.sendEnd(trailers)
    if (this.#isUpgraded && !exchange.isRequestOver) return
    this.#complete()
  }

  onAbort(reset: StreamReset): void {
    this.#discardBy?.cancel()
    if (!this.#end()) return
    const detail = `${this.target.endpoint.name}: ${reset.error?.message ?? reset.detail}`
    const error = new ProxyError(this.#codeOf(reset), detail)
    this.#exchange.grpc?.sawReset(reset.code)
    const trace = this.#traceOf(reset)
    if (trace === 'likely') this.#observeFailure()
    if (this.#exchange.isAnswered) this.#exchange.fail(error, codeToPassOn(reset))
    else this.#owner.brokeOff(this.#exchange, this, { error, trace })
  }

  #observeAnswer(): void {
    const nowUs = this.#exchange.core.turn.nowUs()
    observeRtt(this.target.endpoint.load, nowUs - this.#startedUs, nowUs)
  }

  /** How long an answer went on that had begun says nothing about the next one. */
  #observeFailure(): void {
    const nowUs = this.#exchange.core.turn.nowUs()
    observeFailure(this.target.endpoint.load, this.#exchange.isAnswered ? 0 : nowUs - this.#startedUs, nowUs)
  }

  #traceOf({ kind, code }: StreamReset): Trace {
    if (this.mayBeRefused && kind === 'refused') return 'none'
    const isClosed = kind === 'refused' || (kind === 'peer-closed' && code === undefined)
    return isClosed && this.#wasReused ? 'unlikely' : 'likely'
  }

  #codeOf(reset: StreamReset): ProxyErrorCode {
    if (reset.kind === 'protocol') return 'upstream_protocol_error'
    // With TLS 1.3 a client is done before its certificate was looked at: a refusal is a close without a word.
    const isSilent = this.#connection?.hasHeard === false && reset.kind !== 'local'
    return isSilent && this.target.endpoint.isMeshed ? 'refused_by_peer' : 'upstream_reset'
  }

  onWritable(): void {
    if (!this.#isOver) this.#exchange.stream.resumeBody()
  }

  /** @returns false when the server has not said yet whether it takes upgrades, or does not take them */
  #mayUpgrade(connection: PooledConnection): boolean {
    const exchange = this.#exchange
    const { head } = exchange
    const { takesUpgrades } = connection
    // Over HTTP/2 there is no such offer with other methods. RFC 8441 §4.
    if (takesUpgrades === true || head.method !== 'GET') return true
    if (takesUpgrades === undefined) {
      this.#upgradingOn = connection
      connection.holdUpgrade(this)
      return false
    }
    // RFC 9110 §7.8: a server may ignore an offer; but whoever asks for a WebSocket has no use for another answer.
    if (exchange.version === 'http1' && head.upgrade !== WEB_SOCKET) return true
    connection.handBack()
    const detail = `${this.target.endpoint.name} does not take ${head.upgrade} over HTTP/2`
    if (this.#end()) exchange.fail(new ProxyError('upgrade_not_supported', detail))
    return false
  }

  /** @returns false when the server did not prove that it understood */
  #switch(head: ResponseHead): boolean {
    const exchange = this.#exchange
    this.#isUpgraded = true
    if (this.#proof !== undefined && !takeAccept(head, this.#proof)) {
      const detail = `${this.target.endpoint.name} accepted a WebSocket with the wrong key`
      exchange.fail(new ProxyError('upstream_protocol_error', detail))
      return false
    }
    if (exchange.version === 'http1' && this.#connection?.version === 'http2') completeAccept(exchange.head, head)
    return true
  }

  /** Whether the word of the other side counts, and nothing is lost by asking another endpoint. */
  #mayGoElsewhere(): boolean {
    if (!this.target.endpoint.isMeshed) return false
    return !this.hasSentBody || (this.mayBeRefused && this.#exchange.rewind())
  }

  /** The endpoint's proxy answered in its application's place, which it could not reach. */
  #goElsewhere(head: ResponseHead): void {
    const { endpoint } = this.target
    nameFailure(this.#exchange, head)
    endpoint.applicationUnreachable()
    const code = toErrorCode(head.fields.get('heddle-error'))
    const error = new ProxyError(isRetryable(code) ? code : 'connect_failed', `told by the proxy at ${endpoint.name}`)
    // With a body still to come the connection cannot be used again; without one it ends its answer by itself.
    if (!this.#exchange.isRequestOver) this.giveUp(error.message)
    else this.#end()
    this.#owner.notSent(this.#exchange, this, error)
  }

  /** Both directions are over. */
  #complete(): void {
    const exchange = this.#exchange
    if (!this.#end()) return
    // Answered early: the rest of the request is of no use to anybody.
    if (!exchange.isRequestOver) this.#connection!.giveUp(this.#sender!, 'answered before the end of the request')
    exchange.finish(undefined)
  }

  /** @returns false when it had ended already */
  #end(): boolean {
    if (this.#isOver) return false
    this.#isOver = true
    this.target.endpoint.load.inFlight -= 1
    return true
  }
}
