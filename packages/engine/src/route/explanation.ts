import type { Precedence } from './precedence.ts'
import type { RefusalCause } from './route-decision.ts'
import type { RouteRef } from './route-table.ts'

/** Everything that led to a decision, as plain data. */
export interface RouteExplanation {
  readonly request: { readonly method: string; readonly path: string; readonly authority: string }
  readonly routes: readonly RouteRef[]
  readonly outcome: ExplainedOutcome
  /** What the rule does with a request that it takes, one sentence each. */
  readonly effects: readonly string[]
  readonly draw: ExplainedDraw | undefined
  /** Every rule of the table, in the order of the routes. */
  readonly rules: readonly RuleTrial[]
  /** What it would take for another rule to be chosen; the nearest ones first. */
  readonly alternatives: readonly Alternative[]
}

/** What was decided. */
export interface ExplainedOutcome {
  readonly kind: 'own-endpoints' | 'forward' | 'redirect' | 'preflight' | 'refused'
  /** The rule that takes the request. */
  readonly rule: RulePlace | undefined
  /** Key of the backend, when it is forwarded. */
  readonly backend: string | undefined
  readonly cause: RefusalCause | undefined
  /** HTTP status of the proxy's own answer, when that is known already; 200 for a call of gRPC. */
  readonly status: number | undefined
  /** Of gRPC, when the proxy answers a call itself. */
  readonly grpcStatus: number | undefined
  /** Why it is refused, one sentence. */
  readonly reason: string | undefined
  /** What to do about it, one sentence. */
  readonly remedy: string | undefined
}

/** Names a rule, and the match by which it takes a request. */
export interface RulePlace {
  readonly route: RouteRef
  readonly ruleIndex: number
  readonly name: string
  /** -1: the rule names none and takes everything. */
  readonly matchIndex: number
}

/** How a backend was chosen. */
export interface ExplainedDraw {
  /** `only`: there is no other of any weight; `session`: the request says where it was before. */
  readonly by: 'only' | 'weight' | 'session' | 'none'
  /** What was drawn, 0 to below 1; `undefined` unless by weight. */
  readonly point: number | undefined
  readonly backends: readonly ExplainedBackend[]
}

/** A backend that could have been drawn; `key` is its discovery key. */
export interface ExplainedBackend {
  readonly key: string
  readonly weight: number
  /** Of the requests, 0 to 1. */
  readonly share: number
  readonly isChosen: boolean
  /** Why there is nothing behind it. */
  readonly unresolved: string | undefined
}

/** How one rule fared; `outranked`: it fits as well, but another one has precedence. */
export interface RuleTrial {
  readonly route: RouteRef
  readonly ruleIndex: number
  readonly name: string
  readonly outcome: 'chosen' | 'outranked' | 'mismatch'
  readonly matches: readonly MatchTrial[]
}

/** How one match of a rule fared. */
export interface MatchTrial {
  /** -1: the rule names none and takes everything. */
  readonly matchIndex: number
  readonly outcome: 'chosen' | 'outranked' | 'mismatch'
  /** All that does not hold, the first one first; empty unless `mismatch`. */
  readonly mismatches: readonly Mismatch[]
  /** Why the chosen match has, or would have, precedence over this one; `undefined`: it has not, or there is none. */
  readonly outrankedBy: Precedence | undefined
}

/** One condition that does not hold. */
export interface Mismatch {
  readonly field: 'path' | 'grpc-service' | 'grpc-method' | 'method' | 'header' | 'query'
  /** Of the header or query parameter; else empty. */
  readonly name: string
  /** As people write it: `exactly "v2"`, `prefix "/api"`. */
  readonly wanted: string
  /** `undefined`: the request has none. */
  readonly got: string | undefined
}

/** Another rule, and what it would take for it to be chosen. */
export interface Alternative extends RulePlace {
  /** One sentence each. */
  readonly needs: readonly string[]
}
