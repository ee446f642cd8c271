import type { RouteDecision } from '@heddle/engine/route/decision'
import { answerOfRefusal, answerOfStatus, formatOwnAnswer, type Spoken } from '@heddle/engine/route/own-answer'
import { createRequestFacts } from '@heddle/engine/route/request'
import type { BackendSet, RuleRef } from '@heddle/engine/route/table'

/** What becomes of requests that are decided so, as one sentence without its subject; equal for draws of one rule. */
export function describeDecision(decision: RouteDecision, request: Spoken): string {
  switch (decision.kind) {
    case 'own-endpoints':
      return 'goes to the endpoints of the Service itself'
    case 'forward':
      return describeBackends(decision.rule, request)
    case 'redirect':
      return `is redirected with ${formatOwnAnswer(answerOfStatus(decision.filters.redirect!.status, request))}`
    case 'preflight':
      return 'is answered as a cross-origin preflight'
    case 'refused':
      if (decision.rule !== undefined && decision.rule.totalWeight > 0) return describeBackends(decision.rule, request)
      return `is refused with ${formatOwnAnswer(answerOfRefusal(decision.cause, request))}: ${decision.reason}`
  }
}

/** `goes to KEY`, or the share of each backend. */
export function describeBackends({ backends, totalWeight }: BackendSet, request: Spoken): string {
  const weighted = backends.filter(({ weight }) => weight > 0)
  if (weighted.length === 0)
    return `is refused with ${formatOwnAnswer(answerOfRefusal('no_backend', request))}: the rule has no backend with a weight`
  const parts = weighted.map(({ key, weight, unresolved }) => {
    const share = weighted.length === 1 ? '' : `${Number(((weight / totalWeight) * 100).toPrecision(3))} % `
    if (unresolved === undefined) return `${share}to ${key}`
    return `${share}nowhere, ${formatOwnAnswer(answerOfRefusal('unresolved_backend', request))} (${unresolved})`
  })
  return `goes ${parts.join(', ')}`
}

/** What a rule is for, where no request is at hand. */
export function speakersOf({ route }: RuleRef): Spoken {
  return route.kind === 'GRPCRoute' ? CALL : REQUEST
}

const REQUEST = createRequestFacts({})
const CALL = createRequestFacts({ method: 'POST', headers: [['content-type', 'application/grpc']] })
