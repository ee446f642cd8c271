import type { RouteFilters } from './route-filters.ts'
import type { CompiledBackend, CompiledMatch, CompiledRule } from './route-table.ts'
import type { Trace } from './trace.ts'

/** Where a request goes. The objects are made once and shared: compare and keep them, but never change them. */
export type RouteDecision = OwnEndpoints | Forward | Redirected | Preflight | Refused

/** No route is attached: the destination's own endpoints take it. */
export interface OwnEndpoints {
  readonly kind: 'own-endpoints'
}

/** To one of the endpoints of `backend.key`, after `filters.requestSteps`. */
export interface Forward {
  readonly kind: 'forward'
  readonly match: CompiledMatch
  /** With timeouts, retry, session, circuit breaker and faults. */
  readonly rule: CompiledRule
  readonly backend: CompiledBackend
  /** Of the rule, then of the backend. */
  readonly filters: RouteFilters
}

/** `filters.redirect` answers it: see `redirectLocation`. */
export interface Redirected {
  readonly kind: 'redirect'
  readonly match: CompiledMatch
  readonly rule: CompiledRule
  readonly filters: RouteFilters
}

/** A cross-origin preflight, which `filters.cors` answers: see `answerPreflight`. */
export interface Preflight {
  readonly kind: 'preflight'
  readonly match: CompiledMatch
  readonly rule: CompiledRule
  readonly filters: RouteFilters
}

/** The proxy answers itself, with the error that `REFUSALS` names for the cause. */
export interface Refused {
  readonly kind: 'refused'
  readonly cause: RefusalCause
  /** One sentence for the person who reads the error. */
  readonly reason: string
  /** `undefined`: no rule fits. */
  readonly match: CompiledMatch | undefined
  readonly rule: CompiledRule | undefined
}

/**
 * `no_match`: routes are attached, but no rule fits; `no_backend`: the rule has none, or all weigh 0; `path_too_long` and
 * `header_too_long`: to be matched with all the expressions of the rules, see `MatchMeter`.
 */
export type RefusalCause = 'no_match' | 'no_backend' | 'unresolved_backend' | 'path_too_long' | 'header_too_long'

/** What a decision depends on beside table and request. One object for all requests will do. */
export interface DecideContext {
  /** 0 to below 1. */
  readonly random: () => number
  /** ms since the Unix epoch; only asked where a rule keeps sessions. */
  readonly nowMs: () => number
  /** As of `MatchMeter`; MAX_MATCH_STEPS unless stated. */
  readonly matchSteps?: number
  /** Collects the steps; `undefined` on the hot path. */
  readonly trace?: Trace | undefined
}
