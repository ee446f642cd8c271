import type { RouteBackendJson, RouteJson, RouteKindJson, RouteRuleJson } from '@heddle/api/discovery/route'
import type { CompileContext, MatchContext } from './field-match.ts'
import { hashName } from './name-hash.ts'
import type { Ranked } from './precedence.ts'
import { compileFilters, joinFilters, type RouteFilters } from './route-filters.ts'
import { CONDITION, compileMatch, MATCH_ALL, type RequestMatch } from './route-match.ts'
import type { BackendSet, CompiledBackend, CompiledRule, RouteRef, RuleRef } from './route-table.ts'
import { compileSession, type Session } from './session.ts'

/** A rule that waits for its place in a table. */
export interface RuleSource {
  readonly ref: RuleRef
  readonly json: RouteRuleJson
}

/** A rule with its matches, which have no rank yet. */
export interface RuleParts {
  readonly rule: CompiledRule
  readonly matches: readonly Ranked[]
}

const KIND_NAMES = {
  ROUTE_KIND_UNSPECIFIED: 'HTTPRoute',
  ROUTE_KIND_HTTP: 'HTTPRoute',
  ROUTE_KIND_GRPC: 'GRPCRoute',
  ROUTE_KIND_TLS: 'TLSRoute',
  ROUTE_KIND_TCP: 'TCPRoute',
} as const satisfies Record<RouteKindJson, RouteRef['kind']>

/** All rules of `routes`, in their order. */
export function listRules(routes: readonly RouteJson[]): readonly RuleSource[] {
  const sources: RuleSource[] = []
  routes.forEach((json, routeIndex) => {
    const route = routeRef(json)
    json.rules?.forEach((rule, ruleIndex) => {
      const id = `${route.namespace}/${route.name}#${ruleIndex}`
      const ref = { index: sources.length, id, route, routeIndex, ruleIndex, name: rule.name ?? '' }
      sources.push({ ref, json: rule })
    })
  })
  return sources
}

/** Names a route to people. */
export function routeRef({ kind = 'ROUTE_KIND_UNSPECIFIED', namespace = '', name = '' }: RouteJson): RouteRef {
  return { kind: KIND_NAMES[kind], namespace, name }
}

/** A context that says of each problem which rule has it. */
export function ruleContext(ref: RuleRef, context: Omit<MatchContext, 'onProblem'>, problems: string[]): MatchContext {
  return { ...context, onProblem: (problem) => problems.push(`${formatRule(ref)}: ${problem}`) }
}

/** A rule as people call it: `HTTPRoute emojivote/voting, rule 2 (canary)`; rules are counted from 1. */
export function formatRule({ route, ruleIndex, name }: Pick<RuleRef, 'route' | 'ruleIndex' | 'name'>): string {
  return `${formatRoute(route)}, rule ${ruleIndex + 1}${name === '' ? '' : ` (${name})`}`
}

/** A route as people call it. */
export function formatRoute({ kind, namespace, name }: RouteRef): string {
  return `${kind} ${namespace}/${name}`
}

/** Compiles one rule of an HTTPRoute or GRPCRoute. */
export function compileRule({ ref, json }: RuleSource, context: MatchContext): RuleParts {
  const matches = (json.matches ?? []).map((match) => compileMatchOf(ref, compileMatch(match, context)))
  const path = singlePath(matches)
  const prefix = path?.kind === 'prefix' ? path.prefix : undefined
  const filters = compileFilters(json.filters, prefix, context)
  const rule: CompiledRule = {
    ...ref,
    ...compileBackends(json.backends, (backend) =>
      joinFilters(filters, compileFilters(backend.filters, prefix, context)),
    ),
    filters,
    requestTimeoutMs: json.requestTimeoutMs ?? 0,
    backendRequestTimeoutMs: json.backendRequestTimeoutMs ?? 0,
    retry: json.retry,
    session: compileRuleSession({ ref, json }, path, context),
    circuitBreaker: json.circuitBreaker,
    faults: json.faults ?? [],
  }
  if (matches.length === 0) return { rule, matches: [rankable(rule, MATCH_ALL, -1)] }
  return { rule, matches: matches.map((match, matchIndex) => rankable(rule, match, matchIndex)) }
}

/** The backends of a rule with their weights; one without a weight in JSON has 0, as protobuf says. */
export function compileBackends(
  backends: readonly RouteBackendJson[] | undefined,
  filtersOf: (backend: RouteBackendJson) => RouteFilters,
): BackendSet {
  const compiled = (backends ?? []).map((json, index): CompiledBackend => {
    const { key = '', weight = 0, unresolved = '' } = json
    const reason = unresolved === '' && key === '' ? 'the backend has no destination' : unresolved
    return {
      index,
      key,
      weight,
      filters: filtersOf(json),
      unresolved: reason === '' ? undefined : reason,
    }
  })
  const weighted = compiled.filter(({ weight }) => weight > 0)
  return {
    backends: compiled,
    totalWeight: weighted.reduce((total, { weight }) => total + weight, 0),
    sole: weighted.length === 1 ? weighted[0] : undefined,
  }
}

/** A gRPC name is a path already, so a GRPCRoute has no other one; an HTTPRoute knows of no gRPC names. */
function compileMatchOf(ref: RuleRef, match: RequestMatch): RequestMatch {
  return ref.route.kind === 'GRPCRoute' ? { ...match, path: MATCH_ALL.path } : { ...match, grpc: undefined }
}

function rankable(rule: CompiledRule, match: RequestMatch, matchIndex: number): Ranked {
  return {
    ...match,
    rule,
    matchIndex,
    checkFrom: firstUnindexed(match),
    decisions: { byBackend: rule.backends.map(() => undefined), withoutBackend: undefined },
    fixed: undefined,
  }
}

/** The index looks exact values and prefixes up; expressions have to be tried. */
function firstUnindexed({ path, grpc }: RequestMatch): number {
  if (path.kind === 'pattern') return CONDITION.path
  const hasPattern = grpc?.service?.kind === 'pattern' || grpc?.method?.kind === 'pattern'
  return hasPattern ? CONDITION.service : CONDITION.method
}

/** The path that all matches of a rule have in common. */
function singlePath(matches: readonly RequestMatch[]): RequestMatch['path'] | undefined {
  const first = matches[0]?.path ?? MATCH_ALL.path
  if (matches.length <= 1) return first
  return matches.every(({ path }) => JSON.stringify(path) === JSON.stringify(first)) ? first : undefined
}

function compileRuleSession(
  { ref, json }: RuleSource,
  path: RequestMatch['path'] | undefined,
  context: CompileContext,
): Session | undefined {
  if (json.sessionPersistence === undefined) return undefined
  const scope = formatRoute(ref.route)
  const backends = (json.backends ?? []).map(({ key = '' }) => hashName(scope, key))
  const place = { defaultName: `heddle-session-${hashName(scope, ref.id)}`, path: cookiePath(path), backends }
  return compileSession(json.sessionPersistence, place, context)
}

function cookiePath(path: RequestMatch['path'] | undefined): string | undefined {
  if (path === undefined || path.kind === 'pattern') return undefined
  if (path.kind === 'exact') return path.path
  return path.prefix === '' ? '/' : path.prefix
}
