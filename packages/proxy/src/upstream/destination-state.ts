import type { BackendPolicyJson } from '@heddle/api/discovery/policy'
import type { CircuitBreakerJson } from '@heddle/api/discovery/route'
import { type EndpointLoad, pickEndpoint } from '@heddle/engine/balance'
import type { Backend } from '@heddle/engine/balance/backend'
import type { Draw } from '@heddle/engine/balance/balancer'
import type { Locality } from '@heddle/engine/balance/locality'
import { ProxyError } from '../errors/proxy-error.ts'
import type { Routing } from '../routing/routing.ts'
import type { TrafficManagement } from '../routing/traffic-management.ts'
import type { AppProtocol, Destination, SeriesKey, TrafficSeries } from '../workload.ts'
import type { BackendState } from './backend-state.ts'
import type { ServiceName, Target } from './target.ts'

/** What the data path keeps for one destination: its targets in the order of their loads. */
export interface DestinationState {
  readonly kind: Destination['kind'] | 'local'
  readonly protocol: AppProtocol
  readonly targets: readonly Target[]
  /** `loads[i]` is that of `targets[i]`. */
  readonly loads: readonly EndpointLoad[]
  /** For people: what is missing or empty here. */
  readonly reason: string
  /** Which Service it is; `undefined`: none. */
  readonly name: ServiceName | undefined
  /** Where the workload is that sends to it. */
  readonly here: Locality
  /** Does what is attached to the Service; `undefined`: nothing is. */
  readonly management: TrafficManagement | undefined
  /** What is attached to the Service; `undefined`: every request goes to the targets. Does not count for a backend. */
  readonly routing: Routing | undefined
  /** How to treat the targets. */
  readonly policy: BackendPolicyJson | undefined
  /** Of the Service as a whole; that of a rule comes before. */
  readonly circuitBreaker: CircuitBreakerJson | undefined
  /** What outlives this version; only of a Service, and made when its policy, or the route of a request, first needs it. */
  service: BackendState | undefined
  /** Decides about the targets; made when the policy, or the first session, asks for it. */
  backend: Backend | undefined
  /** Where requests are counted that got to no target. */
  failureSeries(protocol: SeriesKey['protocol']): TrafficSeries
}

/** One of the targets, as the policy wants it drawn. */
export function pickTarget({ backend, loads, targets }: DestinationState, draw: Draw): Target | undefined {
  if (targets.length === 0) return undefined
  return targets[backend === undefined ? pickEndpoint(loads, draw) : backend.balancer.pick(draw)]
}

/** Why there is nothing to send a request to. */
export function noTarget(state: DestinationState): ProxyError {
  return new ProxyError(state.kind === 'missing' ? 'destination_not_found' : 'no_healthy_endpoint', state.reason)
}
