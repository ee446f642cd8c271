import { toErrorCode } from '@heddle/api/proxy-errors'
import { observeFailure, observeRtt } from '@heddle/engine/balance'
import { explainPick, type PickReason } from '@heddle/engine/balance/pick-trace'
import { outcomeOf } from '@heddle/engine/outlier/outcome'
import type { Fields } from '@heddle/http/fields'
import type { ResponseHead } from '@heddle/http/message'
import type { BodySender, ResponseReceiver, StreamReset } from '@heddle/http/session'
import { ProxyError } from '../errors/proxy-error.ts'
import { type Exchange, SWITCHING_PROTOCOLS } from '../exchange/exchange.ts'
import { markHttp1, unmarkHttp1 } from '../exchange/http-version.ts'
import { inTurn } from '../exchange/in-turn.ts'
import { takeUnprocessed } from '../exchange/unprocessed.ts'
import { runResponseFilters } from '../filters/chain.ts'
import type { Deadline } from '../grpc/deadlines.ts'
import { nameFailure } from '../records/request-id.ts'
import type { AttemptOptions, AttemptOwner } from './attempt-owner.ts'
import { codeOfReset, codeToPassOn, isRetryable, traceOfReset, versionFor } from './attempt-rules.ts'
import type { ConnectionPool } from './connection-pool.ts'
import type { PooledConnection, PoolWaiter } from './pooled-connection.ts'
import type { Target } from './target.ts'
import { readGrpcStatus } from './try-outcome.ts'
import { UpgradeAttempt } from './upgrade-attempt.ts'

const HTTP_OK = 200

/** Of an answer that nobody wants so much is read, so that the connection can be used again. */
const MAX_DISCARDED_BYTES = 16_384
/** And for so long. */
const DISCARD_MS = 1_000

/**
 * One endpoint's try at an exchange: waits for a connection, sends the request, hands the answer on. One class, as each request makes one:
 * its two halves would be two objects, which share nearly all that they know.
 */
export class Attempt implements ResponseReceiver, PoolWaiter {
  readonly target: Target
  readonly pool: ConnectionPool
  hasSentBody = false
  readonly #exchange: Exchange
  readonly #owner: AttemptOwner
  readonly #isSecond: boolean
  #connection: PooledConnection | undefined
  /** `undefined`: the request offers none. */
  readonly #upgrade: UpgradeAttempt | undefined
  #sender: BodySender | undefined
  /** Whether the connection had carried another request before. */
  #wasReused = false
  #startedUs = 0
  /** How its endpoint was picked. An object of its own would be garbage of every request. */
  readonly #reason: PickReason
  readonly #otherIndex: number
  readonly #cost: number
  readonly #otherCost: number
  #isOver = false
  #isAnswerOver = false
  /** When to stop reading what nobody wants. */
  #discardBy: Deadline | undefined

  constructor(exchange: Exchange, target: Target, { owner, isSecond }: AttemptOptions) {
    this.#exchange = exchange
    this.target = target
    this.pool = target.endpoint.pool(versionFor(exchange, target))
    this.#owner = owner
    this.#isSecond = isSecond
    this.#upgrade = exchange.head.upgrade === undefined ? undefined : new UpgradeAttempt(exchange)
    const { reason, other, cost, otherCost } = exchange.core.lastPick
    this.#reason = reason
    this.#otherIndex = other
    this.#cost = cost
    this.#otherCost = otherCost
    target.endpoint.load.inFlight += 1
  }

  /** Why its endpoint was chosen, one sentence; empty: there was no choice. */
  get whyChosen(): string {
    const targets = this.#exchange.state?.targets ?? []
    const pick = { reason: this.#reason, other: this.#otherIndex, cost: this.#cost, otherCost: this.#otherCost }
    return explainPick(pick, (index) => targets[index]?.id ?? 'another')
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
    try {
      this.#sendOver(connection)
    } catch (error) {
      // Often called for another request's sake: that one has nothing to do with it.
      this.#exchange.failWith(error)
    }
  }

  #sendOver(connection: PooledConnection): void {
    const exchange = this.#exchange
    const { turn } = exchange.core
    if (this.#upgrade !== undefined && !this.#mayUpgrade(this.#upgrade, connection)) return
    this.#connection = connection
    this.#wasReused = connection.uses > 0
    this.#startedUs = turn.nowUs()
    if (exchange.version === 'http1') {
      if (connection.version === 'http2' && this.target.endpoint.isMeshed) markHttp1(exchange.head)
      // The one before it may have gone to another proxy.
      else if (exchange.attempts > 1) unmarkHttp1(exchange.head)
    }
    this.#upgrade?.begin(connection)
    exchange.grpc?.writeTimeout(exchange.head.fields, this.#startedUs)
    exchange.touch()
    this.#sender = connection.begin(exchange.head, exchange.head.bodyLength !== 0, this)
    if (this.#isSecond) exchange.replay(this)
    else exchange.release(this)
  }

  gotNone(error: ProxyError): void {
    if (!this.#end()) return
    try {
      this.#owner.notSent(this.#exchange, this, error)
    } catch (bug) {
      // Others may have waited for the same connection.
      this.#exchange.failWith(bug)
    }
  }

  /** Octets of the request's body, as `BodySender.sendData` takes them. */
  sendData(bytes: Uint8Array, start = 0, end = bytes.length): boolean {
    this.hasSentBody = true
    return this.#sender!.sendData(bytes, start, end)
  }

  sendEnd(trailers: Fields | undefined): void {
    this.#sender!.sendEnd(trailers)
    if (this.#upgrade?.isSwitched === true && this.#isAnswerOver) this.#complete()
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
    this.#upgrade?.cancel(this)
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
    const giveUp = () => this.#connection?.giveUp(this.#sender!, 'its answer is not wanted')
    const owner = { deadlinePassed: () => inTurn(this.#exchange, giveUp) }
    this.#discardBy = deadlines.add(turn.nowUs() + DISCARD_MS * 1000, owner)
  }

  onInformational(head: ResponseHead): void {
    this.#exchange.stream.sendInformational(head)
  }

  onHead(head: ResponseHead, hasBody: boolean): void {
    if (this.#isOver) return
    try {
      this.#takeHead(head, hasBody)
    } catch (error) {
      // Others have their requests on the same connection.
      this.#exchange.failWith(error)
    }
  }

  #takeHead(head: ResponseHead, hasBody: boolean): void {
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

  onData(bytes: Uint8Array, start: number, end: number): void {
    if (this.#isOver) return
    if (!this.#exchange.answerData(bytes, start, end)) this.#sender!.pauseBody()
  }

  onEnd(trailers: Fields | undefined): void {
    if (this.#isOver) {
      this.#discardBy?.cancel()
      this.#connection!.requestEnded()
      return
    }
    const exchange = this.#exchange
    this.#isAnswerOver = true
    if (exchange.grpc !== undefined && trailers !== undefined) {
      exchange.grpc.sawTrailers(trailers)
      if (outcomeOf(HTTP_OK, exchange.grpc.status) === 'failure') this.#observeFailure()
    }
    exchange.stream.sendEnd(trailers)
    if (this.#upgrade?.isSwitched === true && !exchange.isRequestOver) return
    this.#complete()
  }

  onAbort(reset: StreamReset): void {
    this.#discardBy?.cancel()
    this.#connection!.requestEnded()
    if (!this.#end()) return
    const detail = `${this.target.endpoint.name}: ${reset.error?.message ?? reset.detail}`
    const connection = { isHeard: this.#connection?.hasHeard !== false, isMeshed: this.target.endpoint.isMeshed }
    const error = new ProxyError(codeOfReset(reset, connection), detail)
    this.#exchange.grpc?.sawReset(reset.code)
    const trace = traceOfReset(reset, { mayRefuse: this.mayBeRefused, wasReused: this.#wasReused })
    const isBug = reset.kind === 'bug'
    if (trace === 'likely' && !isBug) this.#observeFailure()
    if (this.#exchange.isAnswered || isBug) this.#exchange.fail(error, codeToPassOn(reset))
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

  onWritable(): void {
    if (!this.#isOver) this.#exchange.stream.resumeBody()
  }

  /** @returns false when the server has not said yet whether it takes upgrades, or does not take them */
  #mayUpgrade(upgrade: UpgradeAttempt, connection: PooledConnection): boolean {
    const standing = upgrade.standingWith(connection)
    if (standing === 'may-begin') return true
    if (standing === 'unknown') {
      upgrade.waitOn(connection, this)
      return false
    }
    connection.handBack()
    const exchange = this.#exchange
    const detail = `${this.target.endpoint.name} does not take ${exchange.head.upgrade} over HTTP/2`
    if (this.#end()) exchange.fail(new ProxyError('upgrade_not_supported', detail))
    return false
  }

  /** @returns false when the server did not prove that it understood */
  #switch(head: ResponseHead): boolean {
    if (this.#upgrade?.switched(head) !== false) return true
    const detail = `${this.target.endpoint.name} accepted a WebSocket with the wrong key`
    this.#exchange.fail(new ProxyError('upstream_protocol_error', detail))
    return false
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
    this.#connection!.requestEnded()
  }

  /** @returns false when it had ended already */
  #end(): boolean {
    if (this.#isOver) return false
    this.#isOver = true
    this.target.endpoint.load.inFlight -= 1
    return true
  }
}
