import { readHashKey } from '@heddle/engine/balance/hash-key'
import type { EndpointOutcome } from '@heddle/engine/outlier/outcome'
import { mayRetry, type RetryVerdict, type TryOutcome } from '@heddle/engine/retry'
import { parseRetryAfterMs } from '@heddle/engine/retry/after'
import { IDEMPOTENT_METHODS } from '@heddle/engine/retry/policy'
import { ProxyError } from '../errors/proxy-error.ts'
import { type Exchange, SWITCHING_PROTOCOLS } from '../exchange/exchange.ts'
import { inTurn } from '../exchange/in-turn.ts'
import type { Outcome } from '../filters/filter.ts'
import type { Deadline } from '../grpc/deadlines.ts'
import { nameFailure } from '../records/request-id.ts'
import { Attempt } from './attempt.ts'
import { type AttemptEnd, logAttempt } from './attempt-log.ts'
import type { AnswerHead, AttemptOwner, BrokenEnd } from './attempt-owner.ts'
import type { CircuitGuest, CircuitPlace } from './circuit.ts'
import { type DestinationState, noTarget, pickTarget } from './destination-state.ts'
import { type HedgeOwner, Hedging } from './hedging.ts'
import type { TryKind } from './resilience-counters.ts'
import type { Target } from './target.ts'
import type { Treatment } from './treatment.ts'
import { Try, type TryOwner } from './try.ts'
import { isOwnFailure, isUsable, outcomeOfExchange } from './try-outcome.ts'

const TOO_MANY_REQUESTS = 429
const UNAVAILABLE = 503
const GATEWAY_TIMEOUT = 504

/**
 * The tries of one request whose route or destination says how to treat it. Others have none of this: see `startAttempt`.
 *
 * ```
 * circuit --admitted--> try --answer that may go on--> settled --> end
 *   |                    |  \--silent for long--> a second try beside it; the first answer settles
 *   |                    \--failed--> [wait] --> another try, or the failure goes to the client
 *   \--refused--> end
 * ```
 */
export class Tries implements AttemptOwner, CircuitGuest, HedgeOwner, TryOwner {
  readonly #exchange: Exchange
  readonly #state: DestinationState
  readonly #treatment: Treatment
  readonly #hashKey: string | undefined
  /** Under way: mostly one, with hedging more. */
  #live: Try[] = []
  /** Tries so far, without hedges and those that reached nobody. */
  #count = 0
  #place: CircuitPlace | undefined
  #isAdmitted = false
  #isProbe = false
  #backoff: Deadline | undefined
  #hedging: Hedging | undefined
  /** Of the last answer. */
  #retryAfterMs: number | undefined
  /** Why nothing followed on the answer that went to the client. */
  #why = ''

  constructor(exchange: Exchange, treatment: Treatment) {
    const state = exchange.state!
    this.#exchange = exchange
    this.#state = state
    this.#treatment = treatment
    const { circuit, service } = treatment
    // Without it nobody can tell which endpoint is to be left alone.
    if (circuit?.honoursRetryAfter === true) state.backend ??= service.decideFor(state.targets)
    const hashOn = state.backend?.hashOn
    if (hashOn === undefined || hashOn.length === 0) return
    const { fields, path } = exchange.head
    this.#hashKey = readHashKey(hashOn, { fields, path, source: exchange.source })
  }

  /** Whether the request's body may be needed again. */
  get keepsBody(): boolean {
    return this.#treatment.retry !== undefined || this.#treatment.service.hedging !== undefined
  }

  start(): void {
    const { circuit } = this.#treatment
    if (circuit === undefined) {
      this.#sendFirst()
      return
    }
    this.#place = circuit.ask(this)
    const { core } = this.#exchange
    if (this.#place !== undefined) this.#exchange.expectWithin(this.#place.timeoutMs + core.limits.pendingMs)
  }

  admitted(isProbe: boolean): void {
    this.#place = undefined
    this.#isAdmitted = true
    this.#isProbe = isProbe
    this.#sendFirst()
  }

  refused(error: ProxyError): void {
    this.#place = undefined
    this.#exchange.fail(error)
  }

  notSent(exchange: Exchange, attempt: Attempt, error: ProxyError): void {
    const one = this.#drop(attempt, isOwnFailure(error.code) ? 'none' : 'failure')
    if (one === undefined || this.#isLeftToOthers(one, error)) return
    if (error.spec.retryable && exchange.attempts < exchange.core.limits.connectTries) {
      const next = this.#pick()
      if (next !== undefined) {
        this.#log(one, { error, next: 'nothing was sent, so another endpoint is tried' })
        this.#send(next, 'again')
        return
      }
    }
    this.#failed(one, { kind: 'not-sent', status: error.spec.status }, error)
  }

  brokeOff(exchange: Exchange, attempt: Attempt, { error, trace }: BrokenEnd): void {
    const mayRepeat = trace === 'unlikely' && !attempt.hasSentBody && IDEMPOTENT_METHODS.has(exchange.head.method)
    const one = this.#drop(attempt, trace === 'likely' ? 'failure' : 'none')
    if (one === undefined || this.#isLeftToOthers(one, error)) return
    if (mayRepeat && exchange.attempts === 1) {
      this.#log(one, { error, next: 'an idle connection was closed, so it goes over a new one' })
      this.#send(attempt.target, 'again', 'anew')
      return
    }
    // The server has not looked at it, so no policy is asked.
    if (trace === 'none' && exchange.attempts < exchange.core.limits.connectTries && exchange.rewind()) {
      this.#log(one, { error, next: 'the server refused it unread, so it is sent again' })
      this.#send(this.#pick() ?? attempt.target, 'again')
      return
    }
    this.#failed(one, { kind: 'reset', status: error.spec.status }, error)
  }

  tryTimedOut(one: Try): void {
    const exchange = this.#exchange
    if (exchange.isEnded) return
    inTurn(exchange, () => {
      const { attempt } = one
      const detail = `${attempt.target.endpoint.name}: not done after the ${this.#treatment.tryTimeoutMs} ms that one try may take`
      const error = new ProxyError('backend_timeout', detail)
      if (exchange.isAnswered) {
        exchange.fail(error)
        return
      }
      if (this.#drop(attempt, 'failure') === undefined) return
      attempt.giveUp(detail)
      if (!this.#isLeftToOthers(one, error)) this.#failed(one, { kind: 'timeout', status: GATEWAY_TIMEOUT }, error)
    })
  }

  /** @returns whether the answer goes to the client; else `attempt` is over */
  takesAnswer(attempt: Attempt, { head, hasBody, grpcStatus, outcome }: AnswerHead): boolean {
    const { status, fields } = head
    if (status < 400 && (grpcStatus ?? 0) === 0) {
      this.#settle(attempt, status)
      return true
    }
    const retryAfterMs = parseRetryAfterMs(fields.get('retry-after'), this.#exchange.core.clock.nowMs())
    this.#retryAfterMs = retryAfterMs
    if (retryAfterMs !== undefined && (status === TOO_MANY_REQUESTS || status === UNAVAILABLE)) {
      const { circuit, service } = this.#treatment
      if (circuit?.honoursRetryAfter === true) service.pause(attempt.target, retryAfterMs)
    }
    if (this.#live.length > 1 && outcome !== 'success') {
      this.#passOver(attempt, { status, grpcStatus, next: 'another try is under way' }, outcome)
      attempt.discard(head, hasBody)
      return false
    }
    const verdict = this.#mayRetry({ kind: 'answer', status, grpcStatus, retryAfterMs })
    if (verdict.kind !== 'retry') {
      this.#why = verdict.reason
      this.#settle(attempt, status)
      return true
    }
    nameFailure(this.#exchange, head)
    this.#passOver(attempt, { status, grpcStatus, next: verdict.reason }, outcome)
    attempt.discard(head, hasBody)
    this.#retryIn(verdict.waitMs)
    return false
  }

  /** The one end of the exchange. */
  exchangeEnded(outcome: Outcome): void {
    this.#place?.quit()
    this.#backoff?.cancel()
    this.#hedging?.cancel()
    const said = outcomeOfExchange(outcome)
    const live = this.#live
    this.#live = []
    for (const one of live) {
      const { target } = one.attempt
      one.deadline?.cancel()
      one.attempt.giveUp('the exchange is over')
      this.#treatment.service.observe(target, said)
      const { status, grpcStatus, error = '', detail } = outcome
      if (this.#exchange.attemptLog === undefined && said === 'success') continue
      logAttempt(this.#exchange, target, { beganUs: one.beganUs, status, grpcStatus, error, detail, next: this.#why })
    }
    if (!this.#isAdmitted) return
    this.#treatment.circuit?.leave({ outcome: said, isProbe: this.#isProbe, retryAfterMs: this.#retryAfterMs })
  }

  #sendFirst(): void {
    const { service } = this.#treatment
    service.budget.countRequest(this.#nowMs)
    const target = this.#pick()
    if (target === undefined) {
      this.#exchange.fail(noTarget(this.#state))
      return
    }
    this.#count = 1
    this.#send(target, 'first')
    if (service.hedging !== undefined) this.#hedging = Hedging.start(this, this.#exchange, this.#treatment)
  }

  get live(): readonly Try[] {
    return this.#live
  }

  pickBeside(): Target | undefined {
    const exchange = this.#exchange
    const { tried } = exchange
    exchange.tried = [...(tried ?? []), ...this.#live.map(({ attempt }) => attempt.target.endpoint.load)]
    const target = this.#pick()
    exchange.tried = tried
    return target
  }

  sendBeside(target: Target): void {
    this.#send(target, 'hedge')
  }

  /** One that was not tried yet. */
  #pick(): Target | undefined {
    const { tried, pinned, core } = this.#exchange
    const nowUs = core.turn.nowUs()
    if (pinned !== undefined && tried === undefined && isUsable(pinned, nowUs)) return pinned
    return pickTarget(this.#state, { nowUs, random: core.random, tried, hashKey: this.#hashKey })
  }

  /** @param connection - `anew`: not one that lies idle */
  #send(target: Target, kind: TryKind, connection: 'any' | 'anew' = 'any'): void {
    const exchange = this.#exchange
    const { core, hop, version } = exchange
    const attempt = new Attempt(exchange, target, { owner: this, isSecond: kind === 'hedge' })
    if (kind !== 'hedge') {
      exchange.series = hop.seriesOf(this.#state, target, version)
      exchange.use(attempt)
    }
    exchange.attempts += 1
    this.#treatment.service.counters.tried(kind)
    const beganUs = core.turn.nowUs()
    const one = new Try(attempt, beganUs, this)
    this.#live.push(one)
    const { tryTimeoutMs } = this.#treatment
    if (tryTimeoutMs > 0) one.deadline = core.deadlines.add(beganUs + tryTimeoutMs * 1000, one)
    if (connection === 'anew') attempt.beginAnew()
    else attempt.begin()
  }

  /** A try came to nothing, and no other is under way. */
  #failed(one: Try, outcome: TryOutcome, error: ProxyError): void {
    const verdict = this.#mayRetry(outcome)
    this.#log(one, { error, next: verdict.reason })
    if (verdict.kind === 'retry') {
      this.#retryIn(verdict.waitMs)
      return
    }
    const why = this.#treatment.service.whyAllOut(this.#state.targets)
    const told = why === '' ? error : new ProxyError(error.code, `${error.message}; ${why}`, error)
    if (outcome.kind === 'not-sent') this.#exchange.failUnsent(told)
    else this.#exchange.fail(told)
  }

  #mayRetry(outcome: TryOutcome): RetryVerdict {
    const { head, grpc, isAnswered, mayRewind, startedUs, core } = this.#exchange
    const { retry, requestTimeoutMs, service } = this.#treatment
    const wholeMs = Math.min(requestTimeoutMs || Number.POSITIVE_INFINITY, grpc?.timeoutMs ?? Number.POSITIVE_INFINITY)
    const facts = {
      tries: this.#count,
      method: head.method,
      isGrpc: grpc !== undefined,
      outcome,
      isAnswerBegun: isAnswered,
      canReplay: mayRewind && head.upgrade === undefined,
      remainingMs: wholeMs - (core.turn.nowUs() - startedUs) / 1000,
    }
    const verdict = mayRetry(retry, facts, { budget: service.budget, nowMs: this.#nowMs, random: core.random })
    if (verdict.kind === 'refuse') service.counters.refused(verdict.cause)
    return verdict
  }

  #retryIn(waitMs: number): void {
    const exchange = this.#exchange
    const { core } = exchange
    exchange.detach()
    exchange.rewind()
    if (waitMs <= 0) {
      this.#retryNow()
      return
    }
    exchange.expectWithin(waitMs + core.limits.pendingMs)
    const owner = { deadlinePassed: () => inTurn(exchange, () => this.#retryNow()) }
    this.#backoff = core.deadlines.add(core.turn.nowUs() + waitMs * 1000, owner)
  }

  /** At another endpoint, as long as there is one. */
  #retryNow(): void {
    const exchange = this.#exchange
    if (exchange.isEnded) return
    let target = this.#pick()
    if (target === undefined) {
      exchange.tried = []
      target = this.#pick()
    }
    if (target === undefined) {
      exchange.fail(noTarget(this.#state))
      return
    }
    this.#count += 1
    this.#send(target, 'retry')
  }

  /** `attempt` has the answer: all others are for nothing. */
  #settle(attempt: Attempt, status: number): void {
    this.#hedging?.cancel()
    const exchange = this.#exchange
    if (this.#live.length > 1) {
      for (const other of this.#live) {
        if (other.attempt === attempt) continue
        other.deadline?.cancel()
        other.attempt.giveUp('another endpoint was faster')
        this.#log(other, { next: 'another endpoint was faster' })
      }
      this.#live = this.#live.filter((one) => one.attempt === attempt)
      exchange.use(attempt)
      exchange.series = exchange.hop.seriesOf(this.#state, attempt.target, exchange.version)
    }
    // What it was upgraded to may live for days.
    if (status === SWITCHING_PROTOCOLS) this.#live[0]?.deadline?.cancel()
  }

  /** Its answer does not go to the client. */
  #passOver(attempt: Attempt, end: Omit<AttemptEnd, 'beganUs'>, outcome: EndpointOutcome): void {
    const one = this.#drop(attempt, outcome)
    if (one === undefined) return
    logAttempt(this.#exchange, attempt.target, { ...end, beganUs: one.beganUs })
    this.#useAnother()
  }

  /** It is not under way any more, and is not to be chosen again. */
  #drop(attempt: Attempt, outcome: EndpointOutcome): Try | undefined {
    const at = this.#live.findIndex((one) => one.attempt === attempt)
    if (at === -1) return undefined
    const [one] = this.#live.splice(at, 1)
    one!.deadline?.cancel()
    const exchange = this.#exchange
    exchange.tried ??= []
    exchange.tried.push(attempt.target.endpoint.load)
    this.#treatment.service.observe(attempt.target, outcome)
    return one
  }

  /** Whether a try that failed need not be followed, as another is under way. */
  #isLeftToOthers(one: Try, error: ProxyError): boolean {
    if (this.#live.length === 0) return false
    this.#log(one, { error, next: 'another try is under way' })
    this.#useAnother()
    return true
  }

  #useAnother(): void {
    const [other] = this.#live
    if (other !== undefined) this.#exchange.use(other.attempt)
  }

  #log({ attempt, beganUs }: Try, { error, next }: { readonly error?: ProxyError; readonly next: string }): void {
    const told = error === undefined ? {} : { error: error.code, detail: error.message }
    logAttempt(this.#exchange, attempt.target, { ...told, beganUs, next })
  }

  get #nowMs(): number {
    return this.#exchange.core.turn.nowUs() / 1000
  }
}
