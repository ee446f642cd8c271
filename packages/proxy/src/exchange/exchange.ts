import type { ProxyErrorCode } from '@heddle/api/proxy-errors'
import type { EndpointLoad } from '@heddle/engine/balance'
import type { FaultDecision } from '@heddle/engine/fault'
import type { RouteDecision } from '@heddle/engine/route/decision'
import type { HttpError } from '@heddle/http/errors'
import type { Fields } from '@heddle/http/fields'
import { H2_CODE } from '@heddle/http/h2-codes'
import type { RequestHead, ResponseHead } from '@heddle/http/message'
import type { BodyReceiver, ServerStream, StreamReset } from '@heddle/http/session'
import { ProxyError } from '../errors/proxy-error.ts'
import { runEndFilters } from '../filters/chain.ts'
import type { Filter, LocalReply } from '../filters/filter.ts'
import { type GrpcCall, grpcCallOf } from '../grpc/call.ts'
import type { DeadlineOwner } from '../grpc/deadlines.ts'
import { toGrpcReply, toGrpcTrailers } from '../grpc/reply.ts'
import type { LimitName } from '../limits.ts'
import type { ProxyCore } from '../proxy-core.ts'
import type { OriginalHead } from '../records/original-head.ts'
import { REQUEST_ID, requestIdOf } from '../records/request-id.ts'
import type { BodyCopy, RoutedRequest } from '../routing/routed-request.ts'
import type { Attempt } from '../upstream/attempt.ts'
import type { LoggedAttempt } from '../upstream/attempt-log.ts'
import type { DestinationState } from '../upstream/destination-state.ts'
import type { Target } from '../upstream/target.ts'
import type { Tries } from '../upstream/tries.ts'
import type { TrafficSeries } from '../workload.ts'
import type { Hop } from './hop.ts'
import { type HttpVersion, takeClientVersion } from './http-version.ts'
import { sendLocalReply, toFailureReply } from './local-reply.ts'
import { RequestBody } from './request-body.ts'
import { asUnprocessed } from './unprocessed.ts'

/** RFC 9110 §15.2.2: from here on the stream is opaque. */
export const SWITCHING_PROTOCOLS = 101

/** The accepted connection that an exchange lives on. */
export interface ExchangeHome {
  readonly core: ProxyCore
  readonly hop: Hop
  readonly filters: readonly Filter[]
  /** What is spoken on it. */
  readonly protocol: HttpVersion
  /** The client's address and port; a copy of a request has none. */
  readonly client?: string
  /** {@link Exchange.timeOut} has to be called at that time of the ticker, unless the exchange's deadline has moved by then. */
  expectBy(deadlineMs: number): void
  /** The client broke the protocol on the stream of an exchange, or on that and all others. */
  faulted(error: HttpError): void
  exchangeEnded(exchange: Exchange): void
}

/**
 * One request and its answer. It receives the request's body and hands it to the attempt under way, which hands the answer
 * back. It ends exactly once.
 */
export class Exchange implements BodyReceiver, DeadlineOwner {
  readonly head: RequestHead
  /** Where the answer goes; a route may put something in between. */
  stream: ServerStream
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
  /** What goes on beside it, as its route wants. */
  routed: RoutedRequest | undefined
  /** The endpoint of its session: to be asked first. */
  pinned: Target | undefined
  /** Where it is counted; set as soon as an endpoint was chosen. */
  series: TrafficSeries | undefined
  /** The answer's head, once it came. */
  response: ResponseHead | undefined
  /** What must not be chosen again. */
  tried: EndpointLoad[] | undefined
  /** Decides about its tries; `undefined` where neither route nor destination say how to treat it. */
  tries: Tries | undefined
  /** What became of each try; `undefined` while none has failed. */
  attemptLog: LoggedAttempt[] | undefined
  attempts = 0
  requestBytes = 0
  responseBytes = 0
  /** What the client speaks, perhaps to a proxy before this one. */
  readonly version: HttpVersion
  /** Set when the request is a call of gRPC. */
  readonly grpc: GrpcCall | undefined
  readonly #home: ExchangeHome
  readonly startedUs: number
  #attempt: Attempt | undefined
  #status = 0
  #isRequestOver = false
  #trailers: Fields | undefined
  /** What is in memory of the request's body; `undefined`: nothing ever was. */
  #body: RequestBody | undefined
  /** Whether the client takes no more of the answer for now. */
  #isBlocked = false
  #isEnded = false
  /** Since when octets of another protocol flow. */
  #upgradedUs: number | undefined

  constructor(home: ExchangeHome, stream: ServerStream, head: RequestHead) {
    this.#home = home
    this.stream = stream
    this.head = head
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

  get isRequestOver(): boolean {
    return this.#isRequestOver
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
    return this.#attempt?.target
  }

  /** Moves the deadline: {@link timeOut} is called after so many ms without another call. */
  expectWithin(delayMs: number): void {
    this.deadlineMs = this.core.ticker.in(delayMs)
    this.#home.expectBy(this.deadlineMs)
  }

  /** Octets went either way; the time in which more must come begins anew. */
  touch(): void {
    this.expectWithin(this.core.limits[this.#silenceLimit()])
  }

  /** From now on `attempt` gets the body. */
  use(attempt: Attempt): void {
    this.#attempt = attempt
  }

  /** Nobody gets the body for now. */
  detach(): void {
    this.#attempt = undefined
  }

  /** The attempt is ready for the body: what was held back goes to it. */
  release(attempt: Attempt): void {
    const held = this.#body?.takeHeld()
    if (held !== undefined) {
      for (const bytes of held) {
        if (attempt.mayBeRefused || this.tries?.keepsBody === true) this.#body!.keep(bytes)
        attempt.sendData(bytes)
      }
    }
    if (this.#isRequestOver && this.head.bodyLength !== 0) attempt.sendEnd(this.#trailers)
    if (held !== undefined) this.stream.resumeBody()
  }

  onData(bytes: Uint8Array): void {
    this.requestBytes += bytes.length
    this.routed?.sawData(bytes)
    const attempt = this.#attempt
    if (attempt?.isSending === true) {
      this.touch()
      if ((attempt.mayBeRefused || this.tries?.keepsBody === true) && !this.isAnswered) this.#bodyInMemory().keep(bytes)
      if (!attempt.sendData(bytes)) this.stream.pauseBody()
      return
    }
    this.#bodyInMemory().hold(bytes)
    this.stream.pauseBody()
  }

  /** Gives `copy` the body that came before it was there. */
  replayHeld(copy: BodyCopy): void {
    this.#body?.replayHeld((bytes) => copy.data(bytes))
    if (this.#isRequestOver) copy.end(this.#trailers)
  }

  /** Gives `attempt`, which is one beside another, all of the request's body. */
  replay(attempt: Attempt): void {
    if (this.head.bodyLength === 0) return
    this.#body?.replay((bytes) => attempt.sendData(bytes))
    attempt.sendEnd(this.#trailers)
  }

  /** Whether {@link rewind} can do what it says. */
  get mayRewind(): boolean {
    return this.#body?.mayRewind !== false
  }

  /** Goes back to the begin of the request's body. @returns false when that is not there any more */
  rewind(): boolean {
    return this.#body?.rewind() !== false
  }

  onEnd(trailers: Fields | undefined): void {
    this.#isRequestOver = true
    this.#trailers = trailers
    this.routed?.sawEnd(trailers)
    const attempt = this.#attempt
    if (attempt?.isSending !== true) return
    attempt.sendEnd(trailers)
    if (!this.isAnswered) this.touch()
  }

  onAbort(reset: StreamReset): void {
    if (reset.error !== undefined && reset.kind === 'protocol') this.#home.faulted(reset.error)
    const code = reset.kind === 'protocol' ? 'client_protocol_error' : 'client_reset'
    this.breakOff(new ProxyError(code, reset.detail))
  }

  onWritable(): void {
    this.#isBlocked = false
    this.#attempt?.resumeAnswer()
  }

  /**
   * It was silent for too long: fails with what was being waited for.
   * @param limit - that was reached, where it is not the usual one
   */
  timeOut(limit?: LimitName): void {
    const isSending = this.#attempt?.isSending === true
    if (!this.isAnswered && !isSending) this.#expire('pending_timeout', limit ?? 'pendingMs')
    else if (this.isAnswered || this.grpc !== undefined) this.#expire('idle_timeout', limit ?? this.#silenceLimit())
    else this.#expire(this.#isRequestOver ? 'response_timeout' : 'request_timeout', limit ?? this.#silenceLimit())
  }

  /** The deadline passed that the client had set. */
  deadlinePassed(): void {
    const { turn } = this.core
    turn.enter()
    try {
      const detail = `${this.head.path} ${this.hop.name}: not done after ${this.grpc?.timeoutMs} ms`
      this.fail(new ProxyError('deadline_exceeded', detail))
    } finally {
      turn.leave()
    }
  }

  /** The answer's head goes to the client. */
  answer(head: ResponseHead, hasBody: boolean): void {
    this.#status = head.status
    this.#body?.forgetKept()
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
  answerData(bytes: Uint8Array): boolean {
    this.responseBytes += bytes.length
    this.touch()
    this.#isBlocked = !this.stream.sendData(bytes)
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
    this.#attempt?.giveUp(error.message)
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
    this.#endWith(this.hop.direction === 'inbound' ? asUnprocessed(reply) : reply, error)
  }

  #endWith(reply: LocalReply, error: ProxyError | undefined): void {
    const named =
      error === undefined ? reply : { ...reply, headers: { ...reply.headers, [REQUEST_ID]: requestIdOf(this) } }
    const answer = this.grpc === undefined ? named : toGrpcReply(this.grpc, named, error)
    this.#status = answer.status
    sendLocalReply(this.stream, this.head, answer)
    this.finish(error)
  }

  /** Ends an answer that has begun: trailers of gRPC can still tell why, unless the client is too slow to get to them. */
  #cutShort(error: ProxyError, code: number): void {
    const { grpc, response } = this
    const hasTrailers = grpc?.kind === 'grpc' && response?.bodyLength === undefined
    if (!hasTrailers || this.#isBlocked) {
      this.stream.reset({ kind: 'local', detail: error.message, code })
      return
    }
    const trailers = toGrpcTrailers(grpc, error)
    trailers.set(REQUEST_ID, requestIdOf(this))
    this.stream.sendEnd(trailers)
  }

  /**
   * Ends without an answer, or with half of one: the client is gone, or is to see a broken stream.
   * @param code - of HTTP/2; CANCEL unless stated
   */
  breakOff(error: ProxyError, code?: number): void {
    if (this.#isEnded) return
    this.#attempt?.giveUp(error.message)
    this.stream.reset({ kind: 'local', detail: error.message, ...(code !== undefined && { code }) })
    this.finish(error)
  }

  /** The one end of every exchange: counters, log, and the connection's next state. */
  finish(error: ProxyError | undefined): void {
    if (this.#isEnded) return
    this.#isEnded = true
    const { core, hop, filters } = this.#home
    const series = this.series ?? hop.seriesOf(this.state, undefined, this.version)
    const nowUs = core.turn.nowUs()
    this.grpc?.end()
    this.routed?.ended()
    const upgradedUs = this.#upgradedUs
    if (upgradedUs !== undefined) core.upgrades.ended(nowUs - upgradedUs)
    const outcome = {
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
    this.tries?.exchangeEnded(outcome)
    series.requestEnded(outcome)
    if (error !== undefined) core.failed(error.code, error.spec.source)
    if (filters.length > 0) runEndFilters(filters, this, outcome)
    this.#home.exchangeEnded(this)
  }

  #bodyInMemory(): RequestBody {
    this.#body ??= new RequestBody(this.core.limits.replayBytes)
    return this.#body
  }

  /** What bounds the time in which nothing comes from either side. */
  #silenceLimit(): LimitName {
    if (this.isUpgraded) return 'websocketIdleMs'
    if (this.grpc !== undefined) return 'grpcIdleMs'
    if (this.isAnswered) return 'bodyIdleMs'
    const isWhole = this.head.bodyLength === 0 || this.#isRequestOver
    return isWhole ? 'responseHeadMs' : 'bodyIdleMs'
  }

  #expire(code: ProxyErrorCode, limit: LimitName): void {
    const { core, head, hop } = this
    core.limitReached(limit)
    this.fail(new ProxyError(code, `${head.method} ${hop.name}: nothing for ${core.limits[limit]} ms`))
  }
}
