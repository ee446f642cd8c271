import type { FaultJson, RouteJson, RouteMatchJson, RouteRuleJson } from '@heddle/api/discovery/route'
import { compileRule, formatRoute, listRules, type RuleParts, routeRef, ruleContext } from './compile-rule.ts'
import { hasRegex, type RegexCompiler } from './field-match.ts'
import { buildIndex } from './match-index.ts'
import { MatchMeter } from './match-meter.ts'
import { sortMatches } from './precedence.ts'
import type { Refused, RouteDecision } from './route-decision.ts'
import type { CompiledMatch, CostlyMatching, RouteRef, RouteTable } from './route-table.ts'

/** What {@link compileRoutes} needs beside the routes. */
export interface CompileOptions {
  /** `undefined` will do where {@link needsRegex} says no; see `compileRegex`, which is to be loaded only then. */
  readonly regex: RegexCompiler | undefined
}

/** A table is taken whole or refused whole. */
export type CompiledRoutes =
  | { readonly kind: 'compiled'; readonly table: RouteTable }
  /** One sentence each, with the rule that has it. */
  | { readonly kind: 'refused'; readonly problems: readonly string[] }

/** The table of a destination that nothing is attached to. */
export const NO_ROUTES: RouteTable = {
  kind: 'none',
  routes: [],
  rules: [],
  matches: [],
  index: buildIndex([]),
  unmatched: { kind: 'own-endpoints' },
  costly: undefined,
}

/**
 * Compiles the HTTPRoutes or GRPCRoutes of a destination, once per change. Nothing that is in the table can fail later.
 *
 * @param routes - all of one kind, in the order in which they win ties
 */
export function compileRoutes(routes: readonly RouteJson[], options: CompileOptions): CompiledRoutes {
  const [first] = routes
  if (first === undefined) return { kind: 'compiled', table: NO_ROUTES }
  const refs = routes.map(routeRef)
  const kind = refs[0]!.kind
  const problems = refs
    .filter((ref) => ref.kind !== kind || (kind !== 'HTTPRoute' && kind !== 'GRPCRoute'))
    .map((ref) => `${formatRoute(ref)} cannot be in a table of ${kind}s for requests`)
  const context = { regex: options.regex, meter: new MatchMeter() }
  const parts = listRules(routes).map((source) => compileRule(source, ruleContext(source.ref, context, problems)))
  if (problems.length > 0) return { kind: 'refused', problems }
  const table = buildTable(refs, parts, kind === 'GRPCRoute' ? 'grpc' : 'http')
  return { kind: 'compiled', table: { ...table, costly: needsRegex(routes) ? costlyWith(context.meter) : undefined } }
}

/** Whether {@link compileRoutes}, or whoever compiles the faults of `routes`, needs a compiler of regular expressions. */
export function needsRegex(routes: readonly RouteJson[]): boolean {
  return routes.some(({ rules }) => rules?.some(isRegexRule) === true)
}

function buildTable(
  routes: readonly RouteRef[],
  parts: readonly RuleParts[],
  kind: 'http' | 'grpc',
): Omit<RouteTable, 'costly'> {
  const ordered = sortMatches(parts.flatMap((part) => part.matches))
  const matches = ordered.map((match, rank): CompiledMatch => ({ ...match, rank }))
  const rules = parts.map(({ rule }) => rule)
  return {
    kind,
    routes,
    rules,
    matches,
    index: buildIndex(matches),
    unmatched: refuseUnmatched(routes),
  }
}

function refuseUnmatched(routes: readonly RouteRef[]): RouteDecision {
  const [first] = routes
  const more = routes.length === 1 ? '' : ` nor of ${routes.length - 1} more`
  return {
    kind: 'refused',
    cause: 'no_match',
    reason: `no rule of ${formatRoute(first!)}${more} fits the request`,
    match: undefined,
    rule: undefined,
  }
}

function costlyWith(meter: MatchMeter): CostlyMatching {
  const refuse = (what: string): Omit<Refused, 'cause'> => ({
    kind: 'refused',
    reason: `the request has too long ${what} for all the regular expressions that it would have to be matched with`,
    match: undefined,
    rule: undefined,
  })
  return {
    meter,
    path: { ...refuse('a path'), cause: 'path_too_long' },
    header: { ...refuse('a header'), cause: 'header_too_long' },
  }
}

function isRegexRule({ matches, faults }: RouteRuleJson): boolean {
  return matches?.some(isRegexMatch) === true || faults?.some(isRegexFault) === true
}

function isRegexMatch({ path, headers, queryParams, grpc }: RouteMatchJson): boolean {
  const types = [path?.type, grpc?.type]
  return types.includes('MATCH_TYPE_REGULAR_EXPRESSION') || hasRegex(headers) || hasRegex(queryParams)
}

function isRegexFault({ headers }: FaultJson): boolean {
  return hasRegex(headers)
}
