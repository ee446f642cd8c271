import type { EndpointOutcome } from '@heddle/engine/outlier/outcome'
import type { RetryVerdict, TryOutcome } from '@heddle/engine/retry'
import { parseRetryAfterMs } from '@heddle/engine/retry/after'
import type { ResponseHead } from '@heddle/http/message'
import { ProxyError } from '../errors/proxy-error.ts'
import { type Exchange, SWITCHING_PROTOCOLS } from '../exchange/exchange.ts'
import { inTurn } from '../exchange/in-turn.ts'
import type { Outcome } from '../filters/filter.ts'
import type { Deadline } from '../grpc/deadlines.ts'
import { nameFailure } from '../records/request-id.ts'
import { askRetry } from './ask-retry.ts'
import { Attempt } from './attempt.ts'
import { type AttemptEnd, logAttempt } from './attempt-log.ts'
import type { AnswerHead, AttemptOwner, BrokenEnd } from './attempt-owner.ts'
import type { CircuitGuest, CircuitPlace } from './circuit.ts'
import { type DestinationState, noTarget } from './destination-state.ts'
import { type HedgeOwner, Hedging } from './hedging.ts'
import { LiveTries } from './live-tries.ts'
import { pickAgain, pickUntried, readHashKeyOf } from './pick-untried.ts'
import type { TryKind } from './resilience-counters.ts'
import { mayAskAnother, mayRepeatAnew, mayRepeatUnread, SAFE_REPEAT } from './safe-repeats.ts'
import type { Target } from './target.ts'
import type { Treatment } from './treatment.ts'
import { Try, type TryOwner } from './try.ts'
import { isOwnFailure } from './try-outcome.ts'

const TOO_MANY_REQUESTS = 429
const UNAVAILABLE = 503
const GATEWAY_TIMEOUT = 504

/**
 * The tries of one request whose route or destination says how to treat it. Others have none of this: see `startAttempt`. What is decided is
 * elsewhere (`ask-retry.ts`, `circuit.ts`, `hedging.ts`, `live-tries.ts`); this is the one state machine between them.
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
  readonly live: LiveTries
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
    this.live = new LiveTries(exchange, treatment.service)
    const { circuit, service } = treatment
    // Without it nobody can tell which endpoint is to be left alone.
    if (circuit?.honoursRetryAfter === true) state.backend ??= service.decideFor(state.targets)
    this.#hashKey = readHashKeyOf(exchange, state)
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
    const one = this.live.drop(attempt, isOwnFailure(error.code) ? 'none' : 'failure')
    if (one === undefined || this.#isLeftToOthers(one, error)) return
    const next = mayAskAnother(exchange, error) ? this.#pick() : undefined
    if (next !== undefined) {
      this.live.log(one, { error, next: SAFE_REPEAT.unsent })
      this.#send(next, 'again')
      return
    }
    this.#failed(one, { kind: 'not-sent', status: error.spec.status }, error)
  }

  brokeOff(exchange: Exchange, attempt: Attempt, { error, trace }: BrokenEnd): void {
    const one = this.live.drop(attempt, trace === 'likely' ? 'failure' : 'none')
    if (one === undefined || this.#isLeftToOthers(one, error)) return
    if (mayRepeatAnew(exchange, attempt, trace)) {
      this.live.log(one, { error, next: SAFE_REPEAT.idleClosed })
      this.#send(pickAgain(exchange, attempt.target), 'again', 'anew')
      return
    }
    if (mayRepeatUnread(exchange, trace) && exchange.rewind()) {
      this.live.log(one, { error, next: SAFE_REPEAT.unread })
      this.#send(this.#pick() ?? pickAgain(exchange, attempt.target), 'again')
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
      if (this.live.drop(attempt, 'failure') === undefined) return
      attempt.giveUp(detail)
      if (!this.#isLeftToOthers(one, error)) this.#failed(one, { kind: 'timeout', status: GATEWAY_TIMEOUT }, error)
    })
  }

  /** @returns whether the answer goes to the client; else `attempt` is over */
  takesAnswer(attempt: Attempt, { head, hasBody, grpcStatus, outcome }: AnswerHead): boolean {
    const { status } = head
    if (status < 400 && (grpcStatus ?? 0) === 0) {
      this.#settle(attempt, status)
      return true
    }
    const retryAfterMs = this.#readRetryAfter(attempt, head)
    if (this.live.count > 1 && outcome !== 'success') {
      this.#passOver(attempt, { status, grpcStatus, next: 'another try is under way' }, outcome)
      attempt.discard(head, hasBody)
      return false
    }
    const verdict = this.#askRetry({ kind: 'answer', status, grpcStatus, retryAfterMs })
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
    const said = this.live.end(outcome, this.#why)
    if (!this.#isAdmitted) return
    this.#treatment.circuit?.leave({ outcome: said, isProbe: this.#isProbe, retryAfterMs: this.#retryAfterMs })
  }

  /** When the endpoint wants to be asked again, in ms from now; until then it is left alone, where the circuit says so. */
  #readRetryAfter({ target }: Attempt, { status, fields }: ResponseHead): number | undefined {
    const retryAfterMs = parseRetryAfterMs(fields.get('retry-after'), this.#exchange.core.clock.nowMs())
    this.#retryAfterMs = retryAfterMs
    if (retryAfterMs !== undefined && (status === TOO_MANY_REQUESTS || status === UNAVAILABLE)) {
      const { circuit, service } = this.#treatment
      if (circuit?.honoursRetryAfter === true) service.pause(target, retryAfterMs)
    }
    return retryAfterMs
  }

  #sendFirst(): void {
    const { service } = this.#treatment
    service.budget.countRequest(this.#exchange.core.turn.nowUs() / 1000)
    const target = this.#pick()
    if (target === undefined) {
      this.#exchange.fail(noTarget(this.#state))
      return
    }
    this.#count = 1
    this.#send(target, 'first')
    if (service.hedging !== undefined) this.#hedging = Hedging.start(this, this.#exchange, this.#treatment)
  }

  pickBeside(): Target | undefined {
    const exchange = this.#exchange
    const { tried } = exchange
    exchange.tried = [...(tried ?? []), ...this.live.loads()]
    const target = this.#pick()
    exchange.tried = tried
    return target
  }

  sendBeside(target: Target): void {
    this.#send(target, 'hedge')
  }

  /** One that was not tried yet. */
  #pick(): Target | undefined {
    return pickUntried(this.#exchange, this.#state, this.#hashKey)
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
    this.live.add(one)
    const { tryTimeoutMs } = this.#treatment
    if (tryTimeoutMs > 0) one.deadline = core.deadlines.add(beganUs + tryTimeoutMs * 1000, one)
    if (connection === 'anew') attempt.beginAnew()
    else attempt.begin()
  }

  /** A try came to nothing, and no other is under way. */
  #failed(one: Try, outcome: TryOutcome, error: ProxyError): void {
    const verdict = this.#askRetry(outcome)
    this.live.log(one, { error, next: verdict.reason })
    if (verdict.kind === 'retry') {
      this.#retryIn(verdict.waitMs)
      return
    }
    const why = this.#treatment.service.whyAllOut(this.#state.targets)
    const told = why === '' ? error : new ProxyError(error.code, `${error.message}; ${why}`, error)
    if (outcome.kind === 'not-sent') this.#exchange.failUnsent(told)
    else this.#exchange.fail(told)
  }

  #askRetry(outcome: TryOutcome): RetryVerdict {
    return askRetry(this.#exchange, this.#treatment, { tries: this.#count, outcome })
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
    if (this.live.count > 1) {
      const exchange = this.#exchange
      this.live.settleOn(attempt)
      exchange.use(attempt)
      exchange.series = exchange.hop.seriesOf(this.#state, attempt.target, exchange.version)
    }
    // What it was upgraded to may live for days.
    if (status === SWITCHING_PROTOCOLS) this.live.first?.deadline?.cancel()
  }

  /** Its answer does not go to the client. */
  #passOver(attempt: Attempt, end: Omit<AttemptEnd, 'beganUs'>, outcome: EndpointOutcome): void {
    const one = this.live.drop(attempt, outcome)
    if (one === undefined) return
    logAttempt(this.#exchange, attempt, { ...end, beganUs: one.beganUs })
    this.#useAnother()
  }

  /** Whether a try that failed need not be followed, as another is under way. */
  #isLeftToOthers(one: Try, error: ProxyError): boolean {
    if (this.live.count === 0) return false
    this.live.log(one, { error, next: 'another try is under way' })
    this.#useAnother()
    return true
  }

  #useAnother(): void {
    const other = this.live.first
    if (other !== undefined) this.#exchange.use(other.attempt)
  }
}
