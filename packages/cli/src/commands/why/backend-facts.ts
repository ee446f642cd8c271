import type { ServiceEndpoint } from '@heddle/api/admin'
import type { ServiceJson } from '@heddle/api/discovery'
import type { DecisionRecord, EndpointState } from '@heddle/api/discovery/decision'
import type { BalancerTypeJson } from '@heddle/api/discovery/policy'
import { outcomeOf } from '@heddle/engine/outlier/outcome'
import type { ControlClient } from '../../client/control-client.ts'
import { toIsoTime } from '../certificate-life.ts'
import { compileDestination } from '../routing/destination-routing.ts'

/** A destination whose endpoints may get the request, as far as anybody but the proxy knows them. */
export interface BackendFacts {
  readonly key: string
  /** How an endpoint is chosen. */
  readonly balancer: string
  /** NAMESPACE/NAME of the BackendPolicy; empty: the defaults. */
  readonly policy: string
  readonly endpoints: readonly EndpointFacts[]
  /** Hosts of the clients, of whose endpoints each is given those of its own; absent: all clients are given all. */
  readonly ownHostOf?: readonly string[]
}

/** One endpoint, ready or not. */
export interface EndpointFacts {
  readonly id: string
  readonly address: string
  readonly isReady: boolean
  /** Why it is not. */
  readonly reason: string
  readonly zone: string
  /** Empty: not known. */
  readonly host: string
  /** What this client's recorded tries at it came to; `undefined`: there are none. */
  readonly recent: RecentTries | undefined
  /** How one of the client's proxies saw it last; `undefined`: no record says. */
  readonly seen: SeenEndpoint | undefined
}

/** An endpoint as a proxy saw it when a recorded request ended. */
export interface SeenEndpoint {
  readonly state: EndpointState
  readonly at: string
}

export interface RecentTries {
  readonly tries: number
  readonly failed: number
  readonly medianUs: number
}

/** Whose tries are looked at. */
export interface BackendClient {
  readonly namespace: string
  /** Empty: any. */
  readonly workload: string
  readonly instance: string
}

const MAX_RECORDS = 500
const WAIT_MS = 1_000

/** What the records of a client say of endpoints, by their id. */
export interface RecentByEndpoint {
  readonly tries: ReadonlyMap<string, RecentTries>
  readonly seen: ReadonlyMap<string, SeenEndpoint>
}

export const NOTHING_RECENT: RecentByEndpoint = { tries: new Map(), seen: new Map() }

/** Finds the endpoints of a key, as clients of the namespace are told. */
export async function findBackend(
  { admin }: ControlClient,
  key: string,
  { clientNamespace, clientHosts, recent }: Known,
): Promise<BackendFacts> {
  const { destination } = await admin.getDestination({ key, clientNamespace })
  const routing = compileDestination(destination)
  const { policy, localEndpointsOnly = false }: ServiceJson = 'service' in routing ? routing.service : {}
  const base = {
    key,
    balancer: BALANCERS[policy?.balancer?.type ?? 'BALANCER_TYPE_UNSPECIFIED'],
    policy: policy?.policy ?? '',
    ...(localEndpointsOnly && { ownHostOf: clientHosts }),
  }
  const [, service, namespace, port] = /^name:([^.]+)\.([^:]+):(\d+)$/.exec(key) ?? []
  if (service === undefined || namespace === undefined) return { ...base, endpoints: [] }
  const { endpoints } = await admin.listEndpoints({ namespace, service, port: Number(port) })
  return { ...base, endpoints: endpoints.map((one) => toFacts(one, recent)) }
}

/** What is known already. */
export interface Known {
  readonly clientNamespace: string
  /** Those that its instances run on. */
  readonly clientHosts: readonly string[]
  readonly recent: RecentByEndpoint
}

const BALANCERS = {
  BALANCER_TYPE_UNSPECIFIED: 'peak EWMA of two drawn',
  BALANCER_TYPE_PEAK_EWMA: 'peak EWMA of two drawn',
  BALANCER_TYPE_LEAST_REQUEST: 'fewest requests of two drawn',
  BALANCER_TYPE_ROUND_ROBIN: 'round robin',
  BALANCER_TYPE_RANDOM: 'chance',
  BALANCER_TYPE_RING_HASH: 'ring hash',
  BALANCER_TYPE_MAGLEV: 'Maglev hash',
} as const satisfies Record<BalancerTypeJson, string>

function toFacts({ endpoint, ready, reason, host }: ServiceEndpoint, recent: RecentByEndpoint): EndpointFacts {
  const { id = '', address = '', port = 0, locality } = endpoint ?? {}
  return {
    id,
    address: `${address}:${port}`,
    isReady: ready,
    reason,
    zone: locality?.zone ?? '',
    host,
    recent: recent.tries.get(id),
    seen: recent.seen.get(id),
  }
}

/** What the recorded tries of a client came to, endpoint by endpoint. */
export async function findRecent(
  { admin }: ControlClient,
  { namespace, workload, instance }: BackendClient,
): Promise<RecentByEndpoint> {
  const query = { limit: MAX_RECORDS }
  const { records } = await admin.listDecisions({ query, namespace, workload, instance, waitMs: WAIT_MS })
  const tries = new Map<string, { readonly durations: number[]; failed: number }>()
  for (const { endpoint, durationUs, error, status, grpcStatus } of records.flatMap(({ attempts }) => attempts)) {
    const known = tries.get(endpoint) ?? { durations: [], failed: 0 }
    known.durations.push(Number(durationUs))
    if (error !== '' || status === 0 || outcomeOf(status, grpcStatus) === 'failure') known.failed += 1
    tries.set(endpoint, known)
  }
  const summed = [...tries].map(([endpoint, { durations, failed }]) => {
    const medianUs = durations.sort((a, b) => a - b)[durations.length >> 1] ?? 0
    return [endpoint, { tries: durations.length, failed, medianUs }] as const
  })
  return { tries: new Map(summed), seen: findSeen(records) }
}

/** @param records - newest first */
function findSeen(records: readonly DecisionRecord[]): ReadonlyMap<string, SeenEndpoint> {
  const seen = new Map<string, SeenEndpoint>()
  for (const { endpoints, startedMs, durationUs } of records) {
    const at = toIsoTime(startedMs + durationUs / 1000n)
    for (const state of endpoints) if (!seen.has(state.endpoint)) seen.set(state.endpoint, { state, at })
  }
  return seen
}
