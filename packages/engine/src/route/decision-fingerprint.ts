import type { RouteDecision } from './route-decision.ts'
import type { CompiledRule } from './route-table.ts'

/**
 * What a decision does to a request, as text to compare: equal for decisions of two tables that treat a request alike, whatever the
 * rules are called and however the backend was drawn. So a plan can say which requests a change would answer otherwise.
 */
export function fingerprintDecision(decision: RouteDecision): string {
  const rule = 'rule' in decision ? decision.rule : undefined
  const isDrawn = decision.kind === 'forward' || (decision.kind === 'refused' && rule !== undefined)
  if (isDrawn && rule !== undefined) return stringify(describeRule(rule))
  switch (decision.kind) {
    case 'own-endpoints':
      return stringify({ kind: decision.kind })
    case 'refused':
      return stringify({ kind: decision.kind, status: decision.status })
    default:
      return stringify({ kind: decision.kind, filters: decision.filters })
  }
}

function describeRule(rule: CompiledRule): unknown {
  const { filters, requestTimeoutMs, backendRequestTimeoutMs, retry, session, circuitBreaker, faults } = rule
  const weighted = rule.backends.filter(({ weight }) => weight > 0)
  const backends = weighted.map((backend) => ({
    // A reason does not matter to the client: both are answered with 500.
    key: backend.unresolved === undefined ? backend.key : '',
    share: backend.weight / rule.totalWeight,
    filters: backend.filters,
  }))
  return { backends, filters, requestTimeoutMs, backendRequestTimeoutMs, retry, session, circuitBreaker, faults }
}

function stringify(value: unknown): string {
  return JSON.stringify(value, (_key, item: unknown) => (item instanceof Set ? [...item] : item))
}
