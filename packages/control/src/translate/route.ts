import { create } from '@bufbuild/protobuf'
import {
  type Fault,
  RouteKind,
  type RouteMatch,
  type RouteRule,
  RouteRuleSchema,
  RouteSchema,
  type Route as ToldRoute,
} from '@heddle/api/discovery/route'
import type { GrpcRouteRule } from '@heddle/api/kinds/grpc-route'
import type { HttpRouteRule } from '@heddle/api/kinds/http-route'
import type { Route } from '@heddle/api/kinds/route'
import type { ObjectLookup } from '@heddle/api/kinds/status/object-lookup'
import type { StreamRouteRule } from '@heddle/api/kinds/stream-route'
import type { TrafficPolicy } from '@heddle/api/kinds/traffic-policy'
import { translateFaults } from './fault.ts'
import { policiesInForce } from './in-force.ts'
import { translateBackend } from './route-backend.ts'
import { translateFilters } from './route-filter.ts'
import { translateGrpcMatch, translateHttpMatch, translateServerNames } from './route-match.ts'
import { translateCircuitBreaker, translateSessionPersistence, translateSettings } from './traffic-policy.ts'

/** What a route depends on beside itself. */
export interface RouteContext {
  readonly lookup: ObjectLookup
  /** Those that are attached to the Service, the one for the port first: for what the route leaves open. */
  readonly servicePolicies: readonly TrafficPolicy[]
}

const KINDS: Readonly<Record<Route['kind'], RouteKind>> = {
  HTTPRoute: RouteKind.HTTP,
  GRPCRoute: RouteKind.GRPC,
  TLSRoute: RouteKind.TLS,
  TCPRoute: RouteKind.TCP,
}

/** A route as proxies are told, with every name looked up. Pure. */
export function translateRoute(route: Route, context: RouteContext): ToldRoute {
  const { namespace, name } = route.metadata
  return create(RouteSchema, { kind: KINDS[route.kind], namespace, name, rules: toRules(route, context) })
}

function toRules(route: Route, context: RouteContext): RouteRule[] {
  switch (route.kind) {
    case 'HTTPRoute':
      return route.spec.rules.map((rule) => {
        return toRequestRule(rule, rule.matches.map(translateHttpMatch), { ...context, route })
      })
    case 'GRPCRoute':
      return route.spec.rules.map((rule) => {
        return toRequestRule(rule, rule.matches.map(translateGrpcMatch), { ...context, route })
      })
    case 'TLSRoute':
      return route.spec.rules.map((rule) => toStreamRule(rule, translateServerNames(route), { ...context, route }))
    case 'TCPRoute':
      return route.spec.rules.map((rule) => toStreamRule(rule, [], { ...context, route }))
  }
}

interface RuleContext extends RouteContext {
  readonly route: Route
}

function toRequestRule(rule: HttpRouteRule | GrpcRouteRule, matches: RouteMatch[], context: RuleContext): RouteRule {
  const { name = '', filters, backendRefs, sessionPersistence } = rule
  const policies = rulePolicies(rule, context)
  const circuitBreaker = translateCircuitBreaker(policies)
  const settings = 'timeouts' in rule ? rule : {}
  return create(RouteRuleSchema, {
    name,
    matches,
    filters: translateFilters(filters, context),
    backends: backendRefs.map((backend) => {
      const told = translateBackend(backend, context)
      told.filters = translateFilters(backend.filters, context)
      return told
    }),
    ...translateSettings(settings, [...policies, ...context.servicePolicies]),
    ...(sessionPersistence && { sessionPersistence: translateSessionPersistence(sessionPersistence) }),
    ...(circuitBreaker && { circuitBreaker }),
    faults: ruleFaults(rule, context),
  })
}

function toStreamRule(rule: StreamRouteRule, matches: RouteMatch[], context: RuleContext): RouteRule {
  const backends = rule.backendRefs.map((backend) => translateBackend(backend, context))
  return create(RouteRuleSchema, { name: rule.name ?? '', matches, backends })
}

function rulePolicies(rule: { readonly name?: string }, { route, lookup }: RuleContext): TrafficPolicy[] {
  return policiesInForce('TrafficPolicy', placeOf(rule, route), lookup)
}

/** A policy for the rule goes before one for the whole route. */
function ruleFaults(rule: { readonly name?: string }, { route, lookup }: RuleContext): Fault[] {
  const [policy] = policiesInForce('FaultPolicy', placeOf(rule, route), lookup)
  return policy === undefined ? [] : translateFaults(policy)
}

function placeOf({ name }: { readonly name?: string }, { kind, metadata }: Route) {
  return { kind, namespace: metadata.namespace, name: metadata.name, sectionName: name }
}
