import type { ProxyErrorCode } from '@heddle/api/proxy-errors'
import type { EndpointLoad } from '@heddle/engine/balance'
import type { FaultDecision } from '@heddle/engine/fault'
import type { RouteDecision } from '@heddle/engine/route/decision'
import { H2_CODE } from '@heddle/http/h2-codes'
import type { RequestHead, ResponseHead } from '@heddle/http/message'
import type { ServerStream, StreamReset } from '@heddle/http/session'
import { ProxyError, toProxyError } from '../errors/proxy-error.ts'
import { runEndFilters } from '../filters/chain.ts'
import type { Filter, LocalReply, Outcome } from '../filters/filter.ts'
import { type GrpcCall, grpcCallOf } from '../grpc/call.ts'
import type { DeadlineOwner } from '../grpc/deadlines.ts'
import type { LimitName } from '../limits.ts'
import type { ProxyCore } from '../proxy-core.ts'
import type { OriginalHead } from '../records/original-head.ts'
import type { LoggedAttempt } from '../upstream/attempt-log.ts'
import type { DestinationState } from '../upstream/destination-state.ts'
import type { Target } from '../upstream/target.ts'
import type { TrafficSeries } from '../workload.ts'
import type { ExchangeHome } from './exchange-home.ts'
import { toClientReply, toFailureTrailers } from './failure-reply.ts'
import type { Hop } from './hop.ts'
import { type HttpVersion, takeClientVersion } from './http-version.ts'
import { inTurn } from './in-turn.ts'
import { sendLocalReply, toFailureReply } from './local-reply.ts'
import { RequestHalf } from './request-half.ts'
import { expiryOf, silenceLimitOf } from './silence.ts'
import { asUnprocessed } from './unprocessed.ts'

/** RFC 9110 §15.2.2: from here on the stream is opaque. */
export const SWITCHING_PROTOCOLS = 101

const CODE_OF_CLIENT_RESET: Readonly<Record<StreamReset['kind'], ProxyErrorCode>> = {
  protocol: 'client_protocol_error',
  bug: 'internal_error',
  'peer-closed': 'client_reset',
  local: 'client_reset',
  refused: 'client_reset',
}

/**
 * One request and its answer. Its request half hands the body to the attempt under way, which hands the answer back. It ends
 * exactly once.
 */
export class Exchange extends RequestHalf implements DeadlineOwner {
  /** Ticker time at which {@link timeOut} is due. */
  deadlineMs = Number.POSITIVE_INFINITY
  /** Neighbours in the connection's list, whose business they are. */
  next: Exchange | undefined
  previous: Exchange | undefined
  /** Of whom the request goes to: of the backend, once a route chose one. */
  state: DestinationState | undefined
  /** Of whom the client addressed, where that is not `state`. */
  addressed: DestinationState | undefined
  /** What the routes of the destination say; `undefined` where nothing is attached to it. */
  decision: RouteDecision | undefined
  /** What the request was before its route changed it; `undefined`: it did not. */
  original: OriginalHead | undefined
  /** Set once somebody asked for it: see `requestIdOf`. */
  requestId: string | undefined
  /** What is made to go wrong on purpose. */
  fault: FaultDecision | undefined
  /** The endpoint of its session: to be asked first. */
  pinned: Target | undefined
  /** Where it is counted; set as soon as an endpoint was chosen. */
  series: TrafficSeries | undefined
  /** The answer's head, once it came. */
  response: ResponseHead | undefined
  /** What must not be chosen again. */
  tried: EndpointLoad[] | undefined
  /** What became of each try; `undefined` while none has failed. */
  attemptLog: LoggedAttempt[] | undefined
  attempts = 0
  responseBytes = 0
  /** What the client speaks, perhaps to a proxy before this one. */
  readonly version: HttpVersion
  /** Set when the request is a call of gRPC. */
  readonly grpc: GrpcCall | undefined
  readonly #home: ExchangeHome
  readonly startedUs: number
  #status = 0
  /** Whether the client takes no more of the answer for now. */
  #isBlocked = false
  #isEnded = false
  /** Since when octets of another protocol flow. */
  #upgradedUs: number | undefined

  constructor(home: ExchangeHome, stream: ServerStream, head: RequestHead) {
    super(stream, head)
    this.#home = home
    this.version = takeClientVersion(head, home.protocol, home.hop.peerIdentity !== '')
    this.startedUs = home.core.turn.nowUs()
    this.grpc = grpcCallOf(head, this.startedUs)
  }

  get core(): ProxyCore {
    return this.#home.core
  }

  get hop(): Hop {
    return this.#home.hop
  }

  get filters(): readonly Filter[] {
    return this.#home.filters
  }

  /** The client's address, or its identity where it has proved one. */
  get source(): string {
    const { hop, client = '' } = this.#home
    return hop.peerIdentity === '' ? client.slice(0, client.lastIndexOf(':')) : hop.peerIdentity
  }

  get isEnded(): boolean {
    return this.#isEnded
  }

  /** Whether the octets after the heads are those of another protocol. */
  get isUpgraded(): boolean {
    return this.#upgradedUs !== undefined
  }

  /** Whether an answer has begun, so that no other one can be given. */
  get isAnswered(): boolean {
    return this.#status !== 0
  }

  /** The endpoint that was asked last. */
  get target(): Target | undefined {
    return this.attempt?.target
  }

  /** Why it was, one sentence; empty: there was no choice. */
  get whyTarget(): string {
    return this.attempt?.whyChosen ?? ''
  }

  /** Moves the deadline: {@link timeOut} is called after so many ms without another call. */
  expectWithin(delayMs: number): void {
    this.deadlineMs = this.core.ticker.in(delayMs)
    this.#home.expectBy(this.deadlineMs)
  }

  /** Octets went either way; the time in which more must come begins anew. */
  touch(): void {
    this.expectWithin(this.core.limits[silenceLimitOf(this)])
  }

  onAbort(reset: StreamReset): void {
    if (reset.error !== undefined && reset.kind === 'protocol') this.#home.faulted(reset.error)
    this.breakOff(new ProxyError(CODE_OF_CLIENT_RESET[reset.kind], reset.detail))
  }

  /** What was to be done for it threw: it fails, and all others go on. What nobody foresaw is told in the log as well. */
  failWith(error: unknown): void {
    if (!(error instanceof ProxyError)) this.core.turn.onBug('request', error)
    this.fail(toProxyError(error))
  }

  onWritable(): void {
    this.#isBlocked = false
    this.attempt?.resumeAnswer()
  }

  /**
   * It was silent for too long: fails with what was being waited for.
   * @param limit - that was reached, where it is not the usual one
   */
  timeOut(limit?: LimitName): void {
    const { core, head, hop } = this
    const expiry = expiryOf(this)
    const reached = limit ?? expiry.limit
    core.limitReached(reached)
    this.fail(new ProxyError(expiry.code, `${head.method} ${hop.name}: nothing for ${core.limits[reached]} ms`))
  }

  /** The deadline passed that the client had set. */
  deadlinePassed(): void {
    const detail = `${this.hop.name}: not done after the ${this.grpc?.timeoutMs} ms that the client gave`
    inTurn(this, () => this.fail(new ProxyError('deadline_exceeded', detail)))
  }

  /** The answer's head goes to the client. */
  answer(head: ResponseHead, hasBody: boolean): void {
    this.#status = head.status
    this.forgetKept()
    if (head.status === SWITCHING_PROTOCOLS) this.#upgrade()
    this.grpc?.sawHead(head)
    this.touch()
    this.stream.sendHead(head, hasBody)
  }

  #upgrade(): void {
    this.#upgradedUs = this.core.turn.nowUs()
    this.core.upgrades.opened()
  }

  /** Part of the answer's body goes to the client. @returns false when it takes no more for now */
  answerData(bytes: Uint8Array, start: number, end: number): boolean {
    this.responseBytes += end - start
    this.touch()
    this.#isBlocked = !this.stream.sendData(bytes, start, end)
    return !this.#isBlocked
  }

  /** Answers by the proxy itself, as a filter asked. */
  reply(reply: LocalReply): void {
    if (!this.#isEnded) this.#endWith(reply, undefined)
  }

  /**
   * Fails: with an answer that tells why where none has begun, else by breaking it off.
   * @param code - of HTTP/2, with which the server broke it off
   */
  fail(error: ProxyError, code: number = H2_CODE.internalError): void {
    if (this.#isEnded) return
    this.attempt?.giveUp(error.message)
    if (this.isAnswered) {
      this.#cutShort(error, code)
      this.finish(error)
      return
    }
    this.#endWith(toFailureReply(error), error)
  }

  /** Fails before any octet of the request was sent on: a proxy that asks us may ask another. */
  failUnsent(error: ProxyError): void {
    if (this.#isEnded) return
    const reply = toFailureReply(error)
    this.#endWith(this.hop.peerIdentity === '' ? reply : asUnprocessed(reply), error)
  }

  #endWith(reply: LocalReply, error: ProxyError | undefined): void {
    const answer = toClientReply(this, reply, error)
    this.#status = answer.status
    sendLocalReply(this.stream, this.head, answer)
    this.finish(error)
  }

  /** Ends an answer that has begun: trailers of gRPC can still tell why, unless the client is too slow to get to them. */
  #cutShort(error: ProxyError, code: number): void {
    const trailers = this.#isBlocked ? undefined : toFailureTrailers(this, error)
    if (trailers === undefined) this.stream.reset({ kind: 'local', detail: error.message, code })
    else this.stream.sendEnd(trailers)
  }

  /**
   * Ends without an answer, or with half of one: the client is gone, or is to see a broken stream.
   * @param code - of HTTP/2; CANCEL unless stated
   */
  breakOff(error: ProxyError, code?: number): void {
    if (this.#isEnded) return
    this.attempt?.giveUp(error.message)
    this.stream.reset({ kind: 'local', detail: error.message, ...(code !== undefined && { code }) })
    this.finish(error)
  }

  /** The one end of every exchange: counters, log, and the connection's next state. */
  finish(error: ProxyError | undefined): void {
    if (this.#isEnded) return
    this.#isEnded = true
    try {
      this.#tellEnd(error)
    } catch (bug) {
      this.core.turn.onBug('request', bug)
    }
    this.#home.exchangeEnded(this)
  }

  #tellEnd(error: ProxyError | undefined): void {
    const { core, hop, filters } = this.#home
    const series = this.series ?? hop.seriesOf(this.state, undefined, this.version)
    const nowUs = core.turn.nowUs()
    this.grpc?.end()
    this.routed?.ended()
    if (this.#upgradedUs !== undefined) core.upgrades.ended(nowUs - this.#upgradedUs)
    const outcome = this.#outcome(error, nowUs)
    this.tries?.exchangeEnded(outcome)
    series.requestEnded(outcome)
    if (error !== undefined) core.failed(error.code)
    if (filters.length > 0) runEndFilters(filters, this, outcome)
  }

  #outcome(error: ProxyError | undefined, nowUs: number): Outcome {
    const upgradedUs = this.#upgradedUs
    return {
      status: this.#status,
      grpcStatus: this.grpc?.finalStatus(this.#status, error, nowUs),
      error: error?.code,
      detail: error?.message ?? '',
      latencyUs: (upgradedUs ?? nowUs) - this.startedUs,
      upgradeUs: upgradedUs === undefined ? undefined : nowUs - upgradedUs,
      requestBytes: this.requestBytes,
      responseBytes: this.responseBytes,
      attempts: this.attempts,
    }
  }
}
