import type { CircuitBreakerJson, FaultJson, RetryPolicyJson } from '@heddle/api/discovery/route'
import type { FieldMatch, TextMatch } from './field-match.ts'
import type { MatchIndex } from './match-index.ts'
import type { RouteDecision } from './route-decision.ts'
import type { RouteFilters } from './route-filters.ts'
import type { Session } from './session.ts'

/** Routes of one destination, compiled. Never changed; whatever counts per rule is kept by `CompiledRule.index` or `.id`. */
export interface RouteTable {
  /** `none`: nothing is attached, requests go to the destination's own endpoints. */
  readonly kind: 'none' | 'http' | 'grpc'
  readonly routes: readonly RouteRef[]
  readonly rules: readonly CompiledRule[]
  /** All matches of all rules, best first: of two that fit a request, the earlier one wins. */
  readonly matches: readonly CompiledMatch[]
  readonly index: MatchIndex
  /** The decision for whatever fits no rule. */
  readonly unmatched: RouteDecision
  /** Each destination that a rule or a mirror sends to, once. */
  readonly backendKeys: readonly string[]
}

/** Names a route to people. */
export interface RouteRef {
  readonly kind: 'HTTPRoute' | 'GRPCRoute' | 'TLSRoute' | 'TCPRoute'
  readonly namespace: string
  readonly name: string
}

/** One rule of a route. */
export interface CompiledRule {
  /** Its place among the rules of its table, for arrays of counters. */
  readonly index: number
  /** "NAMESPACE/NAME#RULE": the same in the next version of the table, for states that shall outlive a change. */
  readonly id: string
  readonly route: RouteRef
  /** Its place within the route. */
  readonly ruleIndex: number
  /** As the user named it; often empty. */
  readonly name: string
  readonly backends: readonly CompiledBackend[]
  readonly totalWeight: number
  /** Of the rule alone, without those of a backend. */
  readonly filters: RouteFilters
  /** Of the whole exchange with all its tries, in ms; 0: none. */
  readonly requestTimeoutMs: number
  /** Of one try, in ms; 0: none. */
  readonly backendRequestTimeoutMs: number
  readonly retry: RetryPolicyJson | undefined
  readonly session: Session | undefined
  readonly circuitBreaker: CircuitBreakerJson | undefined
  readonly faults: readonly FaultJson[]
}

/** One destination of a rule. */
export interface CompiledBackend {
  /** Its place within the rule. */
  readonly index: number
  /** "name:SERVICE.NAMESPACE:PORT"; empty where `unresolved` is set. */
  readonly key: string
  readonly weight: number
  /** Names the key within a session token. */
  readonly token: string
  /** Of the rule and the backend, in that order. */
  readonly filters: RouteFilters
  /** Why there is nothing behind it; its share is refused. */
  readonly unresolved: string | undefined
}

/** One of the matches of a rule; all of its conditions have to hold. */
export interface CompiledMatch {
  /** Its place among all matches of the table; the lower one wins. */
  readonly rank: number
  readonly rule: CompiledRule
  /** Its place within the rule; -1: the rule names none and takes everything. */
  readonly matchIndex: number
  readonly path: PathMatch
  readonly grpc: GrpcMatch | undefined
  /** `undefined`: any. */
  readonly method: string | undefined
  readonly headers: readonly FieldMatch[]
  readonly queryParams: readonly FieldMatch[]
  /** Decisions that were made by it, by backend; filled as they are needed. */
  readonly decisions: MatchDecisions
}

/** Decision objects are the same for every request that goes the same way, so each is made once. */
export interface MatchDecisions {
  readonly forward: (RouteDecision | undefined)[]
  withoutBackend: RouteDecision | undefined
  preflight: RouteDecision | undefined
}

/** `prefix` is without a slash at the end, so `/` is the empty string, which fits every path. */
export type PathMatch =
  | { readonly kind: 'exact'; readonly path: string }
  | { readonly kind: 'prefix'; readonly prefix: string }
  | { readonly kind: 'pattern'; readonly text: TextMatch }

/** Of a path `/SERVICE/METHOD`; `undefined`: any. */
export interface GrpcMatch {
  readonly service: TextMatch | undefined
  readonly method: TextMatch | undefined
}
