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

/** Whether requests of a route are let through. One per rule, changed in place. */
export interface CircuitBreaker {
  readonly state: 'closed' | 'open' | 'half-open'
  /** Under way. */
  readonly requests: number
  readonly waiting: number
  /** A request comes. */
  ask(nowMs: number): Admission
  /** The one that waits longest is to go on, since {@link leave} said so; never answers `wait`. */
  askAgain(nowMs: number): Admission
  /** One that waits gives up. */
  quit(): void
  /**
   * One that was let go has ended.
   *
   * @returns whether one of those that wait may {@link askAgain}
   */
  leave(end: RequestEnd, nowMs: number): boolean
}

/** How a request ended, as a circuit breaker sees it. */
export interface RequestEnd {
  readonly outcome: 'success' | 'failure' | 'throttled' | 'none'
  readonly isProbe: boolean
  /** What the last answer asked for. */
  readonly retryAfterMs: number | undefined
}
