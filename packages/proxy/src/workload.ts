import type { BackendPolicyJson } from '@heddle/api/discovery/policy'
import type { CircuitBreakerJson, FaultJson, RouteJson } from '@heddle/api/discovery/route'
import type { ProxyErrorCode } from '@heddle/api/proxy-errors'
import type { Clock } from '@heddle/base/clock'
import type { Log } from '@heddle/base/log'
import type { Locality } from '@heddle/engine/balance/locality'
import type { Endpoint } from '@heddle/engine/endpoint'
import type { EndedRequest } from '@heddle/telemetry/ended-request'
import type { SeriesKey as AnySeriesKey } from '@heddle/telemetry/series-key'
import type { DecisionRecords } from './records/decision-records.ts'
import type { Routing } from './routing/routing.ts'
import type { TrafficManagement } from './routing/traffic-management.ts'

/**
 * All that depends on one workload. Everything hangs from here and nothing from the process, so that one process can
 * serve one workload (sidecar) or many (per host).
 */
export interface WorkloadContext {
  readonly namespace: string
  readonly workload: string
  readonly instance: string
  /** Left out: not known. */
  readonly locality?: Locality
  readonly identity: WorkloadIdentity
  readonly destinations: DestinationSource
  readonly traffic: TrafficRecorder
  readonly inbound: InboundPolicy
  /** Left out: none are kept. */
  readonly records?: DecisionRecords
  /** Addresses that a kubelet connects from; left out: there is none. */
  readonly kubelets?: AddressSet
  readonly clock: Clock
  readonly log: Log
}

/** IP literals in any spelling. */
export interface AddressSet {
  has(address: string): boolean
}

/** How bytes on a port are to be read; `detect`: look at the first ones. */
export type AppProtocol = 'detect' | 'http1' | 'http2' | 'tls' | 'opaque'

/** Certificate and key in use, and what to trust. The key is in memory only. */
export interface TlsMaterial {
  readonly certificateChainPem: string
  readonly privateKeyPem: string
  readonly trustBundlePem: string
  readonly notAfterMs: number
}

export interface WorkloadIdentity {
  /** `spiffe://TRUST_DOMAIN/ns/NAMESPACE/sa/SERVICE_ACCOUNT` */
  readonly spiffeId: string
  /** TLS server name under which this workload is asked for. */
  readonly serverName: string
  /** `undefined` until the first certificate came. */
  current(): TlsMaterial | undefined
  /** Calls `listener` at each rotation until `signal` is aborted. */
  onRotate(listener: (material: TlsMaterial) => void, signal: AbortSignal): void
}

/**
 * A destination as the proxy keeps it: the object stays the same while its content changes, so that balancer and pools
 * can hang their state on it. `version` changes with the content.
 */
export type Destination = ServiceDestination | EndpointDestination | UnmeshedDestination | MissingDestination

export interface ServiceDestination {
  readonly kind: 'service'
  readonly namespace: string
  readonly name: string
  readonly port: number
  readonly protocol: AppProtocol
  readonly endpoints: readonly Endpoint[]
  readonly version: string
  /** What is attached to the Service, as it was told; left out: nothing is. */
  readonly routes?: readonly RouteJson[]
  readonly faults?: readonly FaultJson[]
  readonly policy?: BackendPolicyJson
  readonly circuitBreaker?: CircuitBreakerJson
  /** Of `routes` and `faults`, made once when they change. */
  readonly routing?: Routing
  /** The code that does what is attached; left out: nothing is. */
  readonly management?: TrafficManagement
}

export interface EndpointDestination {
  readonly kind: 'endpoint'
  readonly endpoint: Endpoint
  readonly protocol: AppProtocol
  readonly version: string
}

/** Not of this mesh: connect as the application asked, in plain. */
export interface UnmeshedDestination {
  readonly kind: 'unmeshed'
  readonly version: string
}

export interface MissingDestination {
  readonly kind: 'missing'
  /** One sentence for the person who reads the error. */
  readonly reason: string
  /** Nothing will be told of it: it has to be asked for again. */
  readonly isUnfollowed?: boolean
  readonly version: string
}

/** Discovery on demand, as the data path sees it. Asking is using: what is not used for a while is let go. */
export interface DestinationSource {
  /**
   * @param key - `name:SERVICE.NAMESPACE:PORT` or `address:IP:PORT` (IPv6 in brackets)
   * @returns the destination at once when it is known; else a promise, which rejects with
   *   ProxyError `discovery_unavailable` when the control plane does not answer in time
   */
  resolve(key: string): Destination | Promise<Destination>
}

/** What the proxy knows of its own application's ports. */
export interface InboundPolicy {
  protocolOf(port: number): AppProtocol
}

/** Which side of the proxy; `inbound` is towards its own application. */
export type Direction = 'inbound' | 'outbound'

/** Why a hop is encrypted or not; `unreached`: there was none; `probe`: of a kubelet. The same words in metrics, edges and logs. */
export type Security = 'mtls' | 'peer_not_meshed' | 'probe' | 'destination_unmeshed' | 'unreached' | 'local'

/** What a series of counters is about, in the words of the data path. */
export interface SeriesKey extends AnySeriesKey {
  readonly security: Security
  readonly protocol: 'http1' | 'http2' | 'tls' | 'opaque'
}

/** Counters of one {@link SeriesKey}; resolved once per connection or pool, then only added to. */
export interface TrafficSeries {
  requestEnded(ended: EndedRequest): void
  connectionOpened(): void
  connectionClosed(error: ProxyErrorCode | undefined): void
  addReadBytes(count: number): void
  addWrittenBytes(count: number): void
}

export interface TrafficRecorder {
  series(key: SeriesKey): TrafficSeries
}
