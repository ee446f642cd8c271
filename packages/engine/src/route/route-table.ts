import type { CircuitBreakerJson, FaultJson, RetryPolicyJson } from '@heddle/api/discovery/route'
import type { MatchIndex } from './match-index.ts'
import type { MatchMeter, MatchPlace } from './match-meter.ts'
import type { Refused, RouteDecision } from './route-decision.ts'
import type { RouteFilters } from './route-filters.ts'
import type { RequestMatch } from './route-match.ts'
import type { Session } from './session.ts'

/** Routes of one destination, compiled. Whatever counts per rule is kept outside, by `CompiledRule.index` or `.id`. */
export interface RouteTable {
  /** `none`: nothing is attached, requests go to the destination's own endpoints. */
  readonly kind: 'none' | 'http' | 'grpc'
  readonly routes: readonly RouteRef[]
  /** In the order of the routes. */
  readonly rules: readonly CompiledRule[]
  /** All matches of all rules, best first: of two that fit a request, the earlier one wins. */
  readonly matches: readonly CompiledMatch[]
  readonly index: MatchIndex
  /** The decision for whatever fits no rule. */
  readonly unmatched: RouteDecision
  /** Of a table with expressions. */
  readonly costly: CostlyMatching | undefined
}

/** What bounds the time that expressions take, and the decision for a request whose path or header is too long for them. */
export interface CostlyMatching extends Readonly<Record<MatchPlace, Refused>> {
  readonly meter: MatchMeter
}

/** Names a route to people. */
export interface RouteRef {
  readonly kind: 'HTTPRoute' | 'GRPCRoute' | 'TLSRoute' | 'TCPRoute'
  readonly namespace: string
  readonly name: string
}

/** Names a rule to people and to counters. */
export interface RuleRef {
  /** Its place among the rules of its table, for arrays of counters. */
  readonly index: number
  /** "NAMESPACE/NAME#RULE": the same in the next version of the table, for states that shall outlive a change. */
  readonly id: string
  readonly route: RouteRef
  /** Place of the route in its table. */
  readonly routeIndex: number
  /** Place of the rule in its route. */
  readonly ruleIndex: number
  /** As the user named it; often empty. */
  readonly name: string
}

/** Where a rule sends to. */
export interface BackendSet {
  readonly backends: readonly CompiledBackend[]
  readonly totalWeight: number
  /** The only one with a weight, where there is only one. */
  readonly sole: CompiledBackend | undefined
}

/** One rule of a route. */
export interface CompiledRule extends RuleRef, BackendSet {
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
  /** "name:SERVICE.NAMESPACE:PORT"; may be empty where `unresolved` is set. */
  readonly key: string
  /** Share beside the other backends. */
  readonly weight: number
  /** Of the rule and the backend, in that order. */
  readonly filters: RouteFilters
  /** Why there is nothing behind it; its share is refused. */
  readonly unresolved: string | undefined
}

/** One of the matches of a rule. */
export interface CompiledMatch extends RequestMatch {
  /** Its place among all matches of the table; the lower one wins. */
  readonly rank: number
  readonly rule: CompiledRule
  /** Its place within the rule; -1: the rule names none and takes everything. */
  readonly matchIndex: number
  /** The first condition (see `findMismatch`) of which the index does not make sure already. */
  readonly checkFrom: number
  readonly decisions: MatchDecisions
  /** The decision where it depends on nothing but the match; set when it is first made. */
  fixed: RouteDecision | undefined
}

/** Decisions are the same for every request that goes the same way, so each object is made once, when it is first needed. */
export interface MatchDecisions {
  readonly byBackend: (RouteDecision | undefined)[]
  withoutBackend: RouteDecision | undefined
}
