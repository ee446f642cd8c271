import type { RouteDecision } from '@heddle/engine/route/decision'
import { statusOfRefusal } from '@heddle/engine/route/refusals'
import type { BackendSet } from '@heddle/engine/route/table'

/** What becomes of requests that are decided so, as one sentence without its subject; equal for draws of one rule. */
export function describeDecision(decision: RouteDecision): string {
  switch (decision.kind) {
    case 'own-endpoints':
      return 'goes to the endpoints of the Service itself'
    case 'forward':
      return describeBackends(decision.rule)
    case 'redirect':
      return `is redirected with status ${decision.filters.redirect?.status}`
    case 'preflight':
      return 'is answered as a cross-origin preflight'
    case 'refused':
      if (decision.rule !== undefined && decision.rule.totalWeight > 0) return describeBackends(decision.rule)
      return `is refused with status ${statusOfRefusal(decision.cause)}: ${decision.reason}`
  }
}

/** `goes to KEY`, or the share of each backend. */
export function describeBackends({ backends, totalWeight }: BackendSet): string {
  const weighted = backends.filter(({ weight }) => weight > 0)
  if (weighted.length === 0)
    return `is refused with status ${statusOfRefusal('no_backend')}: the rule has no backend with a weight`
  const parts = weighted.map(({ key, weight, unresolved }) => {
    const share = weighted.length === 1 ? '' : `${Number(((weight / totalWeight) * 100).toPrecision(3))} % `
    return unresolved === undefined
      ? `${share}to ${key}`
      : `${share}nowhere, status ${statusOfRefusal('unresolved_backend')} (${unresolved})`
  })
  return `goes ${parts.join(', ')}`
}
