import type { Candidate } from '@heddle/engine/balance/candidate'
import type { Locality } from '@heddle/engine/balance/locality'
import type { Endpoint } from '@heddle/engine/endpoint'
import type { HttpVersion } from '../exchange/http-version.ts'
import type { SeriesKey, TrafficRecorder, TrafficSeries } from '../workload.ts'
import type { RemoteEndpoint } from './remote-endpoint.ts'

type SeriesProtocol = SeriesKey['protocol']

/** Which Service a target is addressed through; empty when by address. */
export interface ServiceName {
  readonly namespace: string
  readonly name: string
  readonly port: number
}

export interface TargetOptions {
  /** As discovery has it; empty for what it does not name. */
  readonly id: string
  readonly endpoint: RemoteEndpoint
  readonly version: HttpVersion | undefined
  /** `undefined`: not known. */
  readonly place?: Locality
  readonly key: Omit<SeriesKey, 'protocol'>
  readonly traffic: TrafficRecorder
}

const NOWHERE: Locality = { region: '', zone: '' }

/** One endpoint as part of a destination: where to send, and where to count. */
export class Target {
  readonly id: string
  readonly endpoint: RemoteEndpoint
  /** What to speak; `undefined`: what the client speaks. */
  readonly version: HttpVersion | undefined
  readonly place: Locality
  /** Set where a policy or a session needs to tell the endpoints apart. */
  candidate: Candidate | undefined
  readonly #key: Omit<SeriesKey, 'protocol'>
  readonly #traffic: TrafficRecorder
  readonly #series: Partial<Record<SeriesProtocol, TrafficSeries>> = {}

  constructor({ id, endpoint, version, place = NOWHERE, key, traffic }: TargetOptions) {
    this.id = id
    this.place = place
    this.endpoint = endpoint
    this.version = version
    this.#key = key
    this.#traffic = traffic
  }

  /** Resolved once, then only a property. */
  seriesOf(protocol: SeriesProtocol): TrafficSeries {
    const known = this.#series[protocol]
    if (known !== undefined) return known
    const series = this.#traffic.series({ ...this.#key, protocol })
    this.#series[protocol] = series
    if (protocol === 'http1' || protocol === 'http2') this.endpoint.series ??= series
    return series
  }
}

/** What the series of requests that got to no endpoint is about, apart from the protocol. */
export function toUnreachedKey(service: ServiceName): Omit<SeriesKey, 'protocol'> {
  return { ...toOutboundKey(service, undefined), security: 'unreached' }
}

/** What the series of requests to `endpoint` is about, apart from the protocol. */
export function toOutboundKey(service: ServiceName, endpoint: Endpoint | undefined): Omit<SeriesKey, 'protocol'> {
  return {
    direction: 'outbound',
    serviceNamespace: service.namespace,
    service: service.name,
    port: service.port,
    peerNamespace: endpoint?.namespace ?? '',
    peerWorkload: endpoint?.workload ?? '',
    peerInstance: endpoint?.instance ?? '',
    peerIdentity: endpoint?.identity ?? '',
    security: endpoint?.identity === undefined ? 'destination_unmeshed' : 'mtls',
  }
}
