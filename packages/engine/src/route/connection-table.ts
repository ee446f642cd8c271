import type { RouteJson } from '@heddle/api/discovery/route'
import { compileBackends, formatRoute, formatRule, listRules, type RuleSource, routeRef } from './compile-rule.ts'
import { type DrawContext, drawBackend } from './decide-route.ts'
import { NO_FILTERS } from './route-filters.ts'
import type { BackendSet, CompiledBackend, RouteRef, RuleRef } from './route-table.ts'

/** TLSRoutes or TCPRoutes of one destination, compiled. */
export interface ConnectionTable {
  /** `none`: nothing is attached, connections go to the destination's own endpoints. */
  readonly kind: 'none' | 'tls' | 'tcp'
  readonly routes: readonly RouteRef[]
  readonly rules: readonly ConnectionRule[]
  readonly byName: ReadonlyMap<string, ConnectionRule>
  /** By what follows the asterisk: ".example.com". */
  readonly bySuffix: ReadonlyMap<string, ConnectionRule>
  /** Takes what no name fits. */
  readonly any: ConnectionRule | undefined
}

/** One rule of a TLSRoute or TCPRoute. */
export interface ConnectionRule extends RuleRef, BackendSet {
  /** In lower case, exact or with a leading "*."; empty: any. */
  readonly serverNames: readonly string[]
}

/** Where a connection goes. */
export type ConnectionDecision =
  | { readonly kind: 'own-endpoints' }
  | { readonly kind: 'forward'; readonly rule: ConnectionRule; readonly backend: CompiledBackend }
  /** It is closed. */
  | {
      readonly kind: 'refused'
      readonly cause: 'no_match' | 'no_backend' | 'unresolved_backend'
      /** One sentence. */
      readonly reason: string
      readonly rule: ConnectionRule | undefined
    }

/** What {@link compileConnectionRoutes} makes of routes. */
export type CompiledConnections =
  | { readonly kind: 'compiled'; readonly table: ConnectionTable }
  | { readonly kind: 'refused'; readonly problems: readonly string[] }

const HOSTNAME = /^(\*\.)?[a-z0-9_-]+(\.[a-z0-9_-]+)*$/

/**
 * Compiles the TLSRoutes or TCPRoutes of a destination. Of several rules for one server name, or of several without, the
 * first counts.
 *
 * @param routes - all of one kind, in the order in which they win ties
 */
export function compileConnectionRoutes(routes: readonly RouteJson[]): CompiledConnections {
  const refs = routes.map(routeRef)
  const kind = refs[0]?.kind ?? 'TCPRoute'
  const problems = refs
    .filter((ref) => ref.kind !== kind || (kind !== 'TLSRoute' && kind !== 'TCPRoute'))
    .map((ref) => `${formatRoute(ref)} cannot be in a table of ${kind}s for connections`)
  const rules = listRules(routes).map((source) => compileConnectionRule(source, problems))
  if (problems.length > 0) return { kind: 'refused', problems }
  return { kind: 'compiled', table: buildConnectionTable(refs, rules) }
}

/**
 * Where a connection goes: by its server name exactly, else by the name with an asterisk that has most labels, else by a rule for
 * any (Gateway API, TLSRouteSpec.hostnames).
 *
 * @param serverName - of the TLS hello; `undefined`: it has none, or this is not TLS
 */
export function decideConnection(
  table: ConnectionTable,
  serverName: string | undefined,
  context: DrawContext,
): ConnectionDecision {
  if (table.kind === 'none') return { kind: 'own-endpoints' }
  const rule = findByServerName(table, serverName)
  if (rule === undefined) {
    const name = serverName === undefined ? 'a connection without a server name' : `the server name ${serverName}`
    return {
      kind: 'refused',
      cause: 'no_match',
      reason: `no rule of ${formatRoute(table.routes[0]!)} is for ${name}`,
      rule,
    }
  }
  const backend = drawBackend(rule, context)
  if (backend === undefined) {
    const reason = `${formatRule(rule)} takes the connection, but none of its backends has a weight above 0`
    return { kind: 'refused', cause: 'no_backend', reason, rule }
  }
  if (backend.unresolved === undefined) return { kind: 'forward', rule, backend }
  const reason = `${formatRule(rule)}: backend ${backend.index + 1} leads nowhere: ${backend.unresolved}`
  return { kind: 'refused', cause: 'unresolved_backend', reason, rule }
}

function findByServerName(table: ConnectionTable, serverName: string | undefined): ConnectionRule | undefined {
  if (table.kind === 'tcp' || serverName === undefined) return table.any
  const name = normalizeName(serverName)
  const exact = table.byName.get(name)
  if (exact !== undefined) return exact
  for (let dot = name.indexOf('.'); dot !== -1; dot = name.indexOf('.', dot + 1)) {
    const rule = dot === 0 ? undefined : table.bySuffix.get(name.slice(dot))
    if (rule !== undefined) return rule
  }
  return table.any
}

function compileConnectionRule({ ref, json }: RuleSource, problems: string[]): ConnectionRule {
  const serverNames = (json.matches ?? []).flatMap((match) => match.serverNames ?? []).map(normalizeName)
  for (const name of serverNames) {
    if (!HOSTNAME.test(name)) problems.push(`${formatRule(ref)}: ${JSON.stringify(name)} cannot be a server name`)
  }
  return { ...ref, ...compileBackends(json.backends, () => NO_FILTERS), serverNames }
}

function buildConnectionTable(routes: readonly RouteRef[], rules: readonly ConnectionRule[]): ConnectionTable {
  const byName = new Map<string, ConnectionRule>()
  const bySuffix = new Map<string, ConnectionRule>()
  for (const rule of rules) {
    for (const name of rule.serverNames) {
      const [map, key] = name.startsWith('*') ? [bySuffix, name.slice(1)] : [byName, name]
      if (!map.has(key)) map.set(key, rule)
    }
  }
  const [first] = routes
  return {
    kind: first === undefined ? 'none' : first.kind === 'TLSRoute' ? 'tls' : 'tcp',
    routes,
    rules,
    byName,
    bySuffix,
    any: rules.find(({ serverNames }) => serverNames.length === 0),
  }
}

function normalizeName(name: string): string {
  return (name.endsWith('.') ? name.slice(0, -1) : name).toLowerCase()
}
