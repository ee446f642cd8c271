import type { Precedence } from './precedence.ts'
import type { RouteDecision } from './route-decision.ts'
import type { BackendSet, CompiledBackend, CompiledMatch, RouteRef } from './route-table.ts'

/** Collects the steps of a decision. See `explainRoute`. */
export interface Trace {
  /** Called once, after the table was looked up. */
  looked(match: CompiledMatch | undefined): void
  /** Called when a backend is chosen among several, or none can be. */
  drew(draw: BackendDraw): void
}

/** How a backend was chosen. */
export interface BackendDraw {
  /** `only`: there is no other of any weight; `session`: the request says where it was before. */
  readonly by: 'only' | 'weight' | 'session' | 'none'
  /** What was drawn, 0 to below the total weight; `undefined` unless by weight. */
  readonly point: number | undefined
  readonly set: BackendSet
  readonly chosen: CompiledBackend | undefined
}

/** Everything that led to a decision. */
export interface RouteExplanation {
  readonly decision: RouteDecision
  readonly routes: readonly RouteRef[]
  /** Every rule of the table, in the order of the routes. */
  readonly rules: readonly RuleTrial[]
  readonly draw: BackendDraw | undefined
  /** What the request or the routes would have to be for another outcome, the nearest first. */
  readonly alternatives: readonly Alternative[]
}

/** How one rule fared. */
export interface RuleTrial {
  readonly route: RouteRef
  readonly ruleIndex: number
  readonly name: string
  /** `outranked`: it fits as well, but another one has precedence. */
  readonly outcome: 'chosen' | 'outranked' | 'mismatch'
  readonly matches: readonly MatchTrial[]
}

/** How one match of a rule fared. */
export interface MatchTrial {
  /** -1: the rule names none and takes everything. */
  readonly matchIndex: number
  readonly outcome: 'chosen' | 'outranked' | 'mismatch'
  /** All that does not fit, the first one first; empty unless `mismatch`. */
  readonly mismatches: readonly Mismatch[]
  /** Why the chosen match has precedence; set when `outranked`. */
  readonly outrankedBy: Precedence | undefined
}

/** One condition that does not hold. */
export interface Mismatch {
  readonly field: 'path' | 'grpc-service' | 'grpc-method' | 'method' | 'header' | 'query'
  /** Of the header or query parameter; else empty. */
  readonly name: string
  /** As people write it: `exactly "v2"`, `prefix /api`. */
  readonly wanted: string
  /** `undefined`: the request has none. */
  readonly got: string | undefined
}

/** Another rule, and what it would take for it to be chosen. */
export interface Alternative {
  readonly route: RouteRef
  readonly ruleIndex: number
  readonly name: string
  /** One sentence each. */
  readonly needs: readonly string[]
}
