import type { FaultJson, RouteJson } from '@heddle/api/discovery/route'
import { compileFaults, type FaultTable } from '@heddle/engine/fault/table'
import { compileRoutes, needsRegex } from '@heddle/engine/route/compile'
import { type ConnectionTable, compileConnectionRoutes } from '@heddle/engine/route/connection'
import { hasRegex, type RegexCompiler } from '@heddle/engine/route/field-match'
import type { RedirectOrigin } from '@heddle/engine/route/redirect'
import type { CompiledRule, RouteTable } from '@heddle/engine/route/table'

/** What is attached to a Service and decides about its requests or connections; compiled once per change. */
export interface Routing {
  /** Of kind `none` where nothing is said about requests. */
  readonly requests: RouteTable
  /** By TLSRoutes or TCPRoutes; `undefined`: there are none. */
  readonly connections: ConnectionTable | undefined
  /** `undefined`: nothing is made to go wrong. */
  readonly faults: RoutingFaults | undefined
  /** What clients address. */
  readonly origin: RedirectOrigin
}

/** What is made to go wrong, on purpose. */
export interface RoutingFaults {
  /** Of requests that no rule takes. */
  readonly service: FaultTable
  /** By the index of a rule: its own faults, then those of the Service. */
  readonly byRule: readonly FaultTable[]
}

/** A Service with what is attached to it, as the control plane tells it. */
export interface RoutedService {
  readonly name: string
  readonly namespace: string
  readonly port: number
  readonly routes?: readonly RouteJson[] | undefined
  readonly faults?: readonly FaultJson[] | undefined
}

/** What compiling needs beside its subject. */
export interface RoutingContext {
  /** `undefined` will do where {@link needsExpressions} says no. */
  readonly regex: RegexCompiler | undefined
  /** What was in force before: runs of faults that are in both go on. */
  readonly previous?: Routing | undefined
}

/** Routing is taken whole or refused whole. */
export type CompiledRouting =
  /** `undefined`: nothing is attached, so that a request has no more to look at. */
  | { readonly kind: 'compiled'; readonly routing: Routing | undefined }
  /** One sentence each. */
  | { readonly kind: 'refused'; readonly problems: readonly string[] }

const NO_FAULTS: readonly FaultJson[] = []

/** Compiles what is attached to a Service. Nothing of what is compiled can fail later. */
export function compileRouting(service: RoutedService, context: RoutingContext): CompiledRouting {
  const { routes = [], faults = NO_FAULTS } = service
  if (routes.length === 0 && faults.length === 0) return { kind: 'compiled', routing: undefined }
  const isOfConnections = routes[0]?.kind === 'ROUTE_KIND_TLS' || routes[0]?.kind === 'ROUTE_KIND_TCP'
  const requests = compileRoutes(isOfConnections ? [] : routes, { regex: context.regex })
  const connections = isOfConnections ? compileConnectionRoutes(routes) : undefined
  if (requests.kind === 'refused') return requests
  if (connections?.kind === 'refused') return connections
  const problems: string[] = []
  const routing: Routing = {
    requests: requests.table,
    connections: connections?.table,
    faults: compileAllFaults({ rules: requests.table.rules, faults }, context, problems),
    origin: { host: `${service.name}.${service.namespace}`, port: service.port },
  }
  return problems.length > 0 ? { kind: 'refused', problems } : { kind: 'compiled', routing }
}

/** Whether {@link compileRouting} needs a compiler of regular expressions. */
export function needsExpressions({
  routes = [],
  faults = NO_FAULTS,
}: Pick<RoutedService, 'routes' | 'faults'>): boolean {
  return needsRegex(routes) || faults.some(({ headers }) => hasRegex(headers))
}

/** The faults for requests that `rule` takes, or no rule. */
export function faultsOf(faults: RoutingFaults, rule: CompiledRule | undefined): FaultTable {
  return rule === undefined ? faults.service : faults.byRule[rule.index]!
}

function compileAllFaults(
  subject: { readonly rules: readonly CompiledRule[]; readonly faults: readonly FaultJson[] },
  { regex, previous }: RoutingContext,
  problems: string[],
): RoutingFaults | undefined {
  const { rules, faults } = subject
  if (faults.length === 0 && rules.every((rule) => rule.faults.length === 0)) return undefined
  const compileContext = { regex, onProblem: (problem: string) => problems.push(problem) }
  const service = compileFaults(faults, previous?.faults?.service, compileContext)
  const byRule = rules.map((rule) => {
    const before = previous === undefined ? undefined : findFaults(previous, rule.id)
    // The Service's last: all rules share the runs of its faults.
    const known = { faults: [...(before?.faults ?? []), ...service.faults] }
    return compileFaults([...rule.faults, ...faults], known, compileContext)
  })
  return { service, byRule }
}

/** What the rule had before, wherever it stood then. */
function findFaults({ requests, faults }: Routing, ruleId: string): FaultTable | undefined {
  const before = requests.rules.find(({ id }) => id === ruleId)
  return before === undefined || faults === undefined ? undefined : faults.byRule[before.index]
}
