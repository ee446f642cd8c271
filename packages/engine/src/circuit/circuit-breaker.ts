import type { CircuitBreakerJson } from '@heddle/api/discovery/route'
import type { EndpointOutcome } from '../outlier/outcome.ts'

/** What a circuit breaker says to one request. */
export type Admission =
  | { readonly kind: 'go'; readonly isProbe: boolean }
  /** To be queued, first come first served, for at most so long. */
  | { readonly kind: 'wait'; readonly timeoutMs: number }
  | {
      readonly kind: 'refuse'
      readonly cause: 'circuit_open' | 'too_many_requests'
      /** For `retry-after`; `undefined`: nobody knows. */
      readonly retryAfterMs: number | undefined
      readonly reason: string
    }

/** How a request ended, as a circuit breaker sees it. */
export interface RequestEnd {
  readonly outcome: EndpointOutcome
  /** What {@link Admission} said of it. */
  readonly isProbe: boolean
  /** What the last answer asked for. */
  readonly retryAfterMs: number | undefined
}

/** What a circuit breaker allows; `Infinity`: no limit. */
export interface CircuitOptions {
  readonly maxRequests: number
  readonly maxPendingRequests: number
  readonly pendingTimeoutMs: number
  readonly consecutiveFailures: number
  readonly openMs: number
  readonly honoursRetryAfter: boolean
}

const DEFAULT_PENDING_TIMEOUT_MS = 1_000
const DEFAULT_OPEN_MS = 5_000
/** However long an answer asks to wait, the circuit is tried again after that. */
const MAX_OPEN_MS = 60_000

const GO: Admission = { kind: 'go', isProbe: false }
const PROBE: Admission = { kind: 'go', isProbe: true }

/** The options of a policy, with the defaults for what it leaves out. */
export function toCircuitOptions(policy: CircuitBreakerJson): CircuitOptions {
  return {
    maxRequests: policy.maxRequests || Number.POSITIVE_INFINITY,
    maxPendingRequests: policy.maxPendingRequests ?? 0,
    pendingTimeoutMs: policy.pendingTimeoutMs || DEFAULT_PENDING_TIMEOUT_MS,
    consecutiveFailures: policy.consecutiveFailures || Number.POSITIVE_INFINITY,
    openMs: policy.openMs || DEFAULT_OPEN_MS,
    honoursRetryAfter: policy.honourRetryAfter ?? false,
  }
}

/**
 * Decides whether requests of a rule are let through. One per rule; the queue itself is the caller's.
 *
 * ```
 * closed    -- `consecutiveFailures` in a row -----------> open
 * open      -- a request comes after `openMs` -----------> half-open; that request is the probe
 * half-open -- the probe succeeds -----------------------> closed
 * half-open -- the probe fails or is throttled ----------> open
 * half-open -- the probe says nothing, or never ends ----> the next request is the probe
 * ```
 *
 * While it is open, and in half-open all but the probe, requests are refused. Being throttled (429) is no failure, but no
 * success either. Where `honoursRetryAfter`, it stays open for as long as the last answer asked for, up to a minute.
 */
export class CircuitBreaker {
  readonly #options: CircuitOptions
  #state: 'closed' | 'open' | 'half-open' = 'closed'
  #requests = 0
  #waiting = 0
  #failuresInARow = 0
  /** End of being open; in half-open, when the probe is given up. */
  #untilMs = 0

  constructor(options: CircuitOptions) {
    this.#options = options
  }

  get state(): 'closed' | 'open' | 'half-open' {
    return this.#state
  }

  /** Let go and not ended yet. */
  get requests(): number {
    return this.#requests
  }

  get waiting(): number {
    return this.#waiting
  }

  /** Whether the one that waits longest is to {@link askAgain}. To be looked at after each {@link leave}, until it says no. */
  get hasNext(): boolean {
    return this.#waiting > 0 && (this.#state !== 'closed' || this.#requests < this.#options.maxRequests)
  }

  /** A request comes. */
  ask(nowMs: number): Admission {
    if (this.#state !== 'closed') return this.#askOpen(nowMs)
    if (this.#requests < this.#options.maxRequests) return this.#admit(GO)
    if (this.#waiting >= this.#options.maxPendingRequests) return this.#refuseFull()
    this.#waiting += 1
    return { kind: 'wait', timeoutMs: this.#options.pendingTimeoutMs }
  }

  /** One that waits is to go on. Never answers `wait`. */
  askAgain(nowMs: number): Admission {
    this.#waiting -= 1
    if (this.#state !== 'closed') return this.#askOpen(nowMs)
    return this.#requests < this.#options.maxRequests ? this.#admit(GO) : this.#refuseFull()
  }

  /** One that waits gives up. */
  quit(): void {
    this.#waiting -= 1
  }

  /** One that was let go has ended. */
  leave(end: RequestEnd, nowMs: number): void {
    this.#requests -= 1
    if (end.isProbe && this.#state === 'half-open') this.#probeEnded(end, nowMs)
    // What was sent before it opened says nothing new.
    else if (this.#state === 'closed') this.#requestEnded(end, nowMs)
  }

  #askOpen(nowMs: number): Admission {
    if (nowMs < this.#untilMs) return this.#refuseOpen(nowMs)
    if (this.#requests >= this.#options.maxRequests) return this.#refuseFull()
    this.#state = 'half-open'
    this.#untilMs = nowMs + this.#options.openMs
    return this.#admit(PROBE)
  }

  #requestEnded(end: RequestEnd, nowMs: number): void {
    if (end.outcome === 'success') this.#failuresInARow = 0
    if (end.outcome !== 'failure') return
    this.#failuresInARow += 1
    if (this.#failuresInARow >= this.#options.consecutiveFailures) this.#open(end, nowMs)
  }

  #probeEnded(end: RequestEnd, nowMs: number): void {
    switch (end.outcome) {
      case 'success':
        this.#state = 'closed'
        this.#failuresInARow = 0
        return
      case 'none':
        this.#untilMs = nowMs
        return
      case 'failure':
      case 'throttled':
        this.#failuresInARow += 1
        this.#open(end, nowMs)
    }
  }

  #open({ retryAfterMs }: RequestEnd, nowMs: number): void {
    const { openMs, honoursRetryAfter } = this.#options
    const askedMs = honoursRetryAfter ? Math.min(MAX_OPEN_MS, retryAfterMs ?? 0) : 0
    this.#state = 'open'
    this.#untilMs = nowMs + Math.max(openMs, askedMs)
  }

  #admit(admission: Admission): Admission {
    this.#requests += 1
    return admission
  }

  #refuseOpen(nowMs: number): Admission {
    const retryAfterMs = this.#untilMs - nowMs
    const reason =
      this.#state === 'half-open'
        ? 'the circuit is open, and one request tries now whether it may be closed'
        : `the circuit is open for another ${Math.ceil(retryAfterMs)} ms, after ${this.#failuresInARow} failures in a row`
    return { kind: 'refuse', cause: 'circuit_open', retryAfterMs, reason }
  }

  #refuseFull(): Admission {
    const { maxRequests } = this.#options
    const reason = `${maxRequests} requests are under way and ${this.#waiting} wait, which is all that may`
    return { kind: 'refuse', cause: 'too_many_requests', retryAfterMs: undefined, reason }
  }
}
