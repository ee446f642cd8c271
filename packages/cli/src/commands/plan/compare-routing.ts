import type { DestinationChange } from '@heddle/api/admin'
import { formatRoute, formatRule } from '@heddle/engine/route/rule'
import type { BackendSet, RouteRef, RuleRef } from '@heddle/engine/route/table'
import { describeBackends, speakersOf } from '../routing/describe-decision.ts'
import { compileDestination, type DestinationRouting } from '../routing/destination-routing.ts'

/** A destination that proxies would be told otherwise. */
export interface PlannedDestination {
  readonly key: string
  /** Empty: of clients in every namespace that has no routes of its own for it. */
  readonly clientNamespace: string
  readonly before: DestinationRouting
  readonly after: DestinationRouting
  /** What is different, one line each; they begin with `+`, `-` or `~`. */
  readonly differences: readonly string[]
}

/** Compiles both states of a destination, and says how they differ. */
export function compareRouting(change: DestinationChange): PlannedDestination {
  const { key, clientNamespace } = change
  const [before, after] = [compileDestination(change.before), compileDestination(change.after)]
  const found = [...compareRules(before, after), ...compareAttached(before, after), ...describeTargets(before, after)]
  const differences = found.length === 0 ? ['~ something else of it'] : found
  return { key, clientNamespace, before, after, differences }
}

/** A rule as it is compiled, and as it was told. */
interface ComparedRule {
  readonly rule: BackendSet & RuleRef
  readonly told: string
}

function rulesOf(routing: DestinationRouting): readonly ComparedRule[] {
  if (routing.kind !== 'requests' && routing.kind !== 'connections') return []
  const { table, service } = routing
  return table.rules.map((rule) => ({
    rule,
    told: JSON.stringify(service.routes?.[rule.routeIndex]?.rules?.[rule.ruleIndex]),
  }))
}

function routesOf(routing: DestinationRouting): readonly RouteRef[] {
  return routing.kind === 'requests' || routing.kind === 'connections' ? routing.table.routes : []
}

function compareRules(before: DestinationRouting, after: DestinationRouting): readonly string[] {
  const [old, now] = [routesOf(before).map(formatRoute), routesOf(after).map(formatRoute)]
  return [
    ...old.filter((route) => !now.includes(route)).map((route) => `- ${route}`),
    ...now.flatMap((route) => {
      const isOfRoute = ({ rule }: ComparedRule) => formatRoute(rule.route) === route
      const rules = rulesOf(after).filter(isOfRoute)
      if (!old.includes(route))
        return [`+ ${route}`, ...rules.map(({ rule }) => `    rule ${rule.ruleIndex + 1} ${describeRule(rule)}`)]
      return compareRoute(rulesOf(before).filter(isOfRoute), rules)
    }),
  ]
}

function compareRoute(old: readonly ComparedRule[], now: readonly ComparedRule[]): readonly string[] {
  const places = Array.from({ length: Math.max(old.length, now.length) }, (_, place) => place)
  return places.flatMap((place) => {
    const [was, is] = [old[place], now[place]]
    if (was === undefined) return is === undefined ? [] : [`+ ${formatRule(is.rule)} ${describeRule(is.rule)}`]
    if (is === undefined) return [`- ${formatRule(was.rule)}`]
    if (was.told === is.told) return []
    const [from, to] = [describeRule(was.rule), describeRule(is.rule)]
    const what = from === to ? ': matches, filters or limits' : ` ${to}; before: ${from}`
    return [`~ ${formatRule(is.rule)}${what}`]
  })
}

function describeRule(rule: ComparedRule['rule']): string {
  return describeBackends(rule, speakersOf(rule))
}

function compareAttached(before: DestinationRouting, after: DestinationRouting): readonly string[] {
  const [old, now] = [before, after].map((one) => ('service' in one ? one.service : undefined))
  const parts = [
    { name: 'balancing, limits and health by BackendPolicy', was: old?.policy, is: now?.policy },
    { name: 'faults', was: old?.faults, is: now?.faults },
    { name: 'circuit breaker', was: old?.circuitBreaker, is: now?.circuitBreaker },
    { name: 'protocol', was: old?.protocol, is: now?.protocol },
    { name: "endpoints of the client's own node only", was: old?.localEndpointsOnly, is: now?.localEndpointsOnly },
  ]
  return parts.flatMap(({ name, was, is }) => {
    if (JSON.stringify(was) === JSON.stringify(is)) return []
    return was === undefined ? [`+ ${name}`] : is === undefined ? [`- ${name}`] : [`~ ${name}`]
  })
}

function describeTargets(before: DestinationRouting, after: DestinationRouting): readonly string[] {
  const [old, now] = [before, after].map((one) => {
    if (one.kind === 'elsewhere') return one.sentence
    return one.kind === 'refused' ? `proxies would refuse it: ${one.problems.join('; ')}` : 'is a Service of the mesh'
  })
  return old === now ? [] : [`~ ${now}; before: ${old}`]
}
