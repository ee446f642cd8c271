import type { RouteDecision } from './route-decision.ts'
import { NO_FILTERS } from './route-filters.ts'
import type { CompiledBackend, CompiledRule } from './route-table.ts'

/**
 * What a decision does to a request, as text to compare: equal for decisions of two tables that treat a request alike, whatever the
 * rules are called and however the backend was drawn. So a plan can say which requests a change would answer otherwise.
 *
 * @param ownKey - key of the Service that was asked for: without a route it is treated as by one that leads to itself and does no more
 */
export function fingerprintDecision(decision: RouteDecision, ownKey: string): string {
  const rule = 'rule' in decision ? decision.rule : undefined
  const isDrawn = decision.kind === 'forward' || (decision.kind === 'refused' && rule !== undefined)
  if (isDrawn && rule !== undefined) return stringify(describeRule(rule))
  switch (decision.kind) {
    case 'own-endpoints':
      return stringify(describeRule(toItself(ownKey)))
    case 'refused':
      return stringify({ kind: decision.kind, cause: decision.cause })
    default:
      return stringify({ kind: decision.kind, filters: decision.filters })
  }
}

/** What of a rule makes a difference. */
type Treatment = Pick<
  CompiledRule,
  | 'filters'
  | 'requestTimeoutMs'
  | 'backendRequestTimeoutMs'
  | 'retry'
  | 'session'
  | 'circuitBreaker'
  | 'faults'
  | 'totalWeight'
> & { readonly backends: readonly Pick<CompiledBackend, 'key' | 'weight' | 'filters' | 'unresolved'>[] }

function toItself(key: string): Treatment {
  return {
    backends: [{ key, weight: 1, filters: NO_FILTERS, unresolved: undefined }],
    totalWeight: 1,
    filters: NO_FILTERS,
    requestTimeoutMs: 0,
    backendRequestTimeoutMs: 0,
    retry: undefined,
    session: undefined,
    circuitBreaker: undefined,
    faults: [],
  }
}

function describeRule(rule: Treatment): unknown {
  const { filters, requestTimeoutMs, backendRequestTimeoutMs, retry, session, circuitBreaker, faults } = rule
  const weighted = rule.backends.filter(({ weight }) => weight > 0)
  const backends = weighted.map((backend) => ({
    // A reason does not matter to the client: both are answered with 500.
    key: backend.unresolved === undefined ? backend.key : '',
    share: backend.weight / rule.totalWeight,
    filters: backend.filters,
  }))
  // Its names of the backends follow from the route's own.
  const sticky = session === undefined ? undefined : { ...session, backends: undefined }
  return {
    backends,
    filters,
    requestTimeoutMs,
    backendRequestTimeoutMs,
    retry,
    session: sticky,
    circuitBreaker,
    faults,
  }
}

function stringify(value: unknown): string {
  return JSON.stringify(value, (_key, item: unknown) => (item instanceof Set ? [...item] : item))
}
