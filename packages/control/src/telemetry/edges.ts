import { compareTexts } from '@heddle/base/compare-texts'
import {
  isInScope,
  peerOf,
  type ResourceName,
  type ResourceScope,
  reporterOf,
  type ScopeKind,
} from './resource-scope.ts'
import type { SeriesFacts } from './series-facts.ts'
import type { SeriesWindow } from './series-window.ts'
import type { Totals } from './totals.ts'

/** Stands for a client without a proxy; no resource can have such a name. */
const UNMESHED_CLIENT = '(unmeshed)'
/** Stands for a destination outside of the mesh. */
const EXTERNAL = '(external)'

/** Who talks to whom, and how. */
export interface TrafficEdge {
  readonly source: ResourceName
  readonly target: ResourceName
  /** Both proven by the handshake; empty in plain. */
  readonly clientIdentity: string
  readonly serverIdentity: string
  readonly security: string
}

/**
 * Who talked to whom, by what the clients' proxies counted. Of clients without a proxy only the servers' proxies know.
 * An edge that was secured for some connections and not for others is two.
 */
export function findEdges(scope: ResourceScope, series: Iterable<SeriesWindow>): TrafficEdge[] {
  const edges = new Map<string, TrafficEdge>()
  for (const { facts, totals } of series) {
    if (facts.security === 'probe' || isOnlyAConnection(facts, totals)) continue
    const edge = facts.direction === 'outbound' ? clientEdge(scope.kind, facts) : unmeshedEdge(scope.kind, facts)
    if (edge === undefined) continue
    if (isInScope(scope, edge.source) || isInScope(scope, edge.target)) edges.set(JSON.stringify(edge), edge)
  }
  return [...edges.values()].sort(byNames)
}

/** Kubelets probe by connections in which nothing is said, and so do load balancers: that is no traffic. */
function isOnlyAConnection({ direction, security, protocol }: SeriesFacts, totals: Totals): boolean {
  if (direction === 'outbound' || security !== 'peer_not_meshed') return false
  if (totals.success + totals.failure > 0) return false
  return protocol === 'http1' || protocol === 'http2' || totals.readBytes + totals.writtenBytes === 0
}

function clientEdge(kind: ScopeKind, facts: SeriesFacts): TrafficEdge | undefined {
  const source = reporterOf(clientKind(kind), facts)
  if (source === undefined || facts.peerWorkload === 'other') return undefined
  // The proxy answered by itself, so there is no other side.
  if (facts.security === 'unreached') return undefined
  const target = peerOf(kind, facts) ?? peerOf('service', facts) ?? { namespace: '', name: EXTERNAL }
  const isSecured = facts.security === 'mtls'
  const clientIdentity = isSecured ? facts.reporter.identity : ''
  const serverIdentity = isSecured ? facts.peerIdentity : ''
  return { source, target, clientIdentity, serverIdentity, security: facts.security }
}

function unmeshedEdge(kind: ScopeKind, facts: SeriesFacts): TrafficEdge | undefined {
  const target = reporterOf(clientKind(kind), facts)
  if (target === undefined || facts.security !== 'peer_not_meshed') return undefined
  const source = { namespace: '', name: UNMESHED_CLIENT }
  return { source, target, clientIdentity: '', serverIdentity: '', security: facts.security }
}

/** Workloads call Services, not Services each other. */
function clientKind(kind: ScopeKind): ScopeKind {
  return kind === 'service' ? 'deployment' : kind
}

function byNames(a: TrafficEdge, b: TrafficEdge): number {
  return compareTexts(textOf(a), textOf(b))
}

function textOf({ source, target, security }: TrafficEdge): string {
  return [source.namespace, source.name, target.namespace, target.name, security].join(' ')
}
