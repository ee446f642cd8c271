import { listAlternatives } from './alternatives.ts'
import { decideRoute } from './decide-route.ts'
import { describeEffects } from './describe-effects.ts'
import { tryMatch } from './explain-match.ts'
import type { ExplainedDraw, ExplainedOutcome, RouteExplanation, RulePlace, RuleTrial } from './explanation.ts'
import { answerOfRefusal, answerOfStatus } from './own-answer.ts'
import type { RequestFacts } from './request-facts.ts'
import type { DecideContext, RouteDecision } from './route-decision.ts'
import type { CompiledMatch, CompiledRule, RouteTable } from './route-table.ts'
import type { BackendDraw } from './trace.ts'

/** A decision, and why it is that one. */
export interface ExplainedDecision {
  readonly decision: RouteDecision
  readonly explanation: RouteExplanation
}

/** Decides about `request` as `decideRoute` does, by calling it, and says why. Asks every rule, so it is not for the hot path. */
export function explainRoute(table: RouteTable, request: RequestFacts, context: DecideContext): ExplainedDecision {
  let match: CompiledMatch | undefined
  let draw: BackendDraw | undefined
  const trace = {
    looked: (found: CompiledMatch | undefined) => {
      match = found
    },
    drew: (drawn: BackendDraw) => {
      draw = drawn
    },
  }
  const decision = decideRoute(table, request, { ...context, trace })
  const rules = tryRules(table, request, match)
  const { method, path, authority } = request
  const explanation: RouteExplanation = {
    request: { method, path, authority },
    routes: table.routes,
    outcome: describeOutcome(decision, match, request),
    effects: match === undefined ? [] : describeEffects(match.rule, decision),
    draw: draw === undefined ? undefined : describeDraw(draw),
    rules,
    alternatives: listAlternatives(rules, match),
  }
  return { decision, explanation }
}

function tryRules(table: RouteTable, request: RequestFacts, chosen: CompiledMatch | undefined): readonly RuleTrial[] {
  const matchesOf = new Map<CompiledRule, CompiledMatch[]>(table.rules.map((rule) => [rule, []]))
  for (const match of table.matches) matchesOf.get(match.rule)?.push(match)
  return table.rules.map((rule) => {
    const ordered = matchesOf.get(rule)!.sort((a, b) => a.matchIndex - b.matchIndex)
    const matches = ordered.map((match) => tryMatch(match, request, chosen))
    const { route, ruleIndex, name } = rule
    return { route, ruleIndex, name, outcome: bestOutcome(matches), matches }
  })
}

function bestOutcome(matches: RuleTrial['matches']): RuleTrial['outcome'] {
  const outcomes = matches.map(({ outcome }) => outcome)
  if (outcomes.includes('chosen')) return 'chosen'
  return outcomes.includes('outranked') ? 'outranked' : 'mismatch'
}

function describeOutcome(
  decision: RouteDecision,
  match: CompiledMatch | undefined,
  request: RequestFacts,
): ExplainedOutcome {
  const { kind } = decision
  const rule = match === undefined ? undefined : placeOf(match)
  const none = { ...NOT_ANSWERED, backend: undefined, cause: undefined, reason: undefined, remedy: undefined }
  switch (kind) {
    case 'own-endpoints':
    case 'preflight':
      return { kind, rule, ...none }
    case 'forward':
      return { kind, rule, ...none, backend: decision.backend.key }
    case 'redirect':
      return { kind, rule, ...none, ...answerOfStatus(decision.filters.redirect!.status, request) }
    case 'refused': {
      const { cause, reason } = decision
      return { kind, rule, ...none, cause, ...answerOfRefusal(cause, request), reason, remedy: REMEDIES[cause] }
    }
  }
}

const NOT_ANSWERED = { status: undefined, grpcStatus: undefined }

const REMEDIES = {
  no_match: 'Change the request or a rule as below, or add a rule without matches, which takes everything else.',
  path_too_long: 'Shorten the path, or match by exact paths and prefixes, which cost nothing.',
  header_too_long: 'Shorten the header, or match by exact values, which cost nothing.',
  no_backend: 'Name a backend in the rule, or give one a weight above 0.',
  unresolved_backend: 'See the conditions of the route for what is missing: a Service, its port, or a ReferenceGrant.',
} as const

function placeOf({ rule, matchIndex }: CompiledMatch): RulePlace {
  return { route: rule.route, ruleIndex: rule.ruleIndex, name: rule.name, matchIndex }
}

function describeDraw({ by, point, set, chosen }: BackendDraw): ExplainedDraw {
  const { backends, totalWeight } = set
  return {
    by,
    point: point === undefined ? undefined : point / totalWeight,
    backends: backends.map((backend) => {
      const { key, weight, unresolved } = backend
      return {
        key,
        weight,
        share: totalWeight === 0 ? 0 : weight / totalWeight,
        isChosen: backend === chosen,
        unresolved,
      }
    }),
  }
}
