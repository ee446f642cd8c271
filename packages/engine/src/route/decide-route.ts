import { formatRule } from './compile-rule.ts'
import { isPreflight } from './cors.ts'
import { findMatch } from './match-index.ts'
import { MAX_MATCH_STEPS } from './match-meter.ts'
import type { RequestFacts } from './request-facts.ts'
import type { DecideContext, RouteDecision } from './route-decision.ts'
import type { RouteFilters } from './route-filters.ts'
import type { BackendSet, CompiledBackend, CompiledMatch, CompiledRule, RouteTable } from './route-table.ts'
import { readSession } from './session.ts'

/**
 * Where `request` goes: Gateway API, HTTPRoute and GRPCRoute. Never throws. The decision is an object of the table, so nothing is
 * allocated but for what headers, query or cookies a rule asks for.
 */
export function decideRoute(table: RouteTable, request: RequestFacts, context: DecideContext): RouteDecision {
  if (table.kind === 'none') return table.unmatched
  table.costly?.meter.begin(context.matchSteps ?? MAX_MATCH_STEPS)
  const match = findMatch(table.index, request)
  const over = table.costly?.meter.end()
  if (over !== undefined) return table.costly![over]
  context.trace?.looked(match)
  if (match === undefined) return table.unmatched
  if (match.fixed !== undefined && context.trace === undefined) return match.fixed
  const decision = decideByRule(match, request, context)
  if (isFixed(match.rule)) match.fixed = decision
  return decision
}

function decideByRule(match: CompiledMatch, request: RequestFacts, context: DecideContext): RouteDecision {
  const { rule, decisions } = match
  if (rule.filters.cors !== undefined && isPreflight(request)) return preflight(match, rule.filters)
  if (rule.filters.redirect !== undefined) {
    decisions.withoutBackend ??= { kind: 'redirect', match, rule, filters: rule.filters }
    return decisions.withoutBackend
  }
  const backend = chooseBackend(rule, request, context)
  if (backend === undefined) {
    decisions.withoutBackend ??= refuseWithoutBackend(match)
    return decisions.withoutBackend
  }
  const { filters, unresolved, index } = backend
  if (filters.cors !== undefined && unresolved === undefined && isPreflight(request)) return preflight(match, filters)
  const decision = decisions.byBackend[index] ?? decideByBackend(match, backend)
  decisions.byBackend[index] = decision
  return decision
}

/** Whether neither the request nor chance has a say once the rule is found. */
function isFixed({ filters, session, sole, totalWeight }: CompiledRule): boolean {
  if (filters.cors !== undefined || sole?.filters.cors !== undefined) return false
  return filters.redirect !== undefined || (session === undefined && (sole !== undefined || totalWeight === 0))
}

/** Draws a backend by weight; `undefined` when there is none with a weight. */
export function drawBackend(set: BackendSet, context: DrawContext): CompiledBackend | undefined {
  const { backends, totalWeight, sole } = set
  if (sole !== undefined || totalWeight === 0) {
    context.trace?.drew({ by: sole === undefined ? 'none' : 'only', point: undefined, chosen: sole, set })
    return sole
  }
  const point = context.random() * totalWeight
  let passed = 0
  for (let at = 0; at < backends.length; at++) {
    passed += backends[at]!.weight
    if (point >= passed) continue
    context.trace?.drew({ by: 'weight', point, chosen: backends[at], set })
    return backends[at]
  }
  return undefined
}

/** What a draw depends on. */
export type DrawContext = Pick<DecideContext, 'random' | 'trace'>

/** A session stays at its backend, also when that has no weight any more (GEP-1619, traffic splitting). */
function chooseBackend(rule: CompiledRule, request: RequestFacts, context: DecideContext): CompiledBackend | undefined {
  const { session } = rule
  if (session !== undefined) {
    const token = readSession(session, request, context.nowMs())
    const chosen = token === undefined ? undefined : rule.backends[session.backends.indexOf(token.backend)]
    if (chosen !== undefined && chosen.unresolved === undefined) {
      context.trace?.drew({ by: 'session', point: undefined, chosen, set: rule })
      return chosen
    }
  }
  return drawBackend(rule, context)
}

function preflight(match: CompiledMatch, filters: RouteFilters): RouteDecision {
  return { kind: 'preflight', match, rule: match.rule, filters }
}

function decideByBackend(match: CompiledMatch, backend: CompiledBackend): RouteDecision {
  const { rule } = match
  const { filters, unresolved } = backend
  if (unresolved !== undefined) {
    const reason = `${formatRule(rule)}: backend ${backend.index + 1} of ${rule.backends.length} leads nowhere: ${unresolved}`
    return { kind: 'refused', cause: 'unresolved_backend', reason, match, rule }
  }
  if (filters.redirect !== undefined) return { kind: 'redirect', match, rule, filters }
  return { kind: 'forward', match, rule, backend, filters }
}

function refuseWithoutBackend(match: CompiledMatch): RouteDecision {
  const { rule } = match
  const why = rule.backends.length === 0 ? 'it has no backend' : 'all of its backends have a weight of 0'
  const reason = `${formatRule(rule)} takes the request, but ${why}`
  return { kind: 'refused', cause: 'no_backend', reason, match, rule }
}
