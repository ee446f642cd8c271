/** What a series of counters is about. Bounded: services talked to, times the instances of their workloads. */
export interface SeriesKey {
  /** Which side of the proxy that counts; `inbound` is towards its own application. */
  readonly direction: 'inbound' | 'outbound'
  /** Outbound: the Service addressed; empty strings when addressed otherwise. Inbound: empty. */
  readonly serviceNamespace: string
  readonly service: string
  /** Service port (outbound) or the workload's own port (inbound). */
  readonly port: number
  readonly peerNamespace: string
  readonly peerWorkload: string
  readonly peerInstance: string
  /** SPIFFE id of the other side, empty in plain. */
  readonly peerIdentity: string
  /** `mtls`, else why not. */
  readonly security: string
  readonly protocol: string
}

/** All fields of a key, with the labels under which Prometheus sees them. */
export const SERIES_LABELS: { readonly [Field in keyof SeriesKey]: string } = {
  direction: 'direction',
  serviceNamespace: 'namespace',
  service: 'service',
  port: 'port',
  peerNamespace: 'peer_namespace',
  peerWorkload: 'peer_workload',
  peerInstance: 'peer_instance',
  peerIdentity: 'peer_identity',
  security: 'security',
  protocol: 'protocol',
}

const FIELDS = Object.keys(SERIES_LABELS) as (keyof SeriesKey)[]
/** Fields of a key have no control characters, so this cannot be in one. */
const SEPARATOR = '\u0000'

/** The values in the order of {@link SERIES_LABELS}. */
export function valuesOfKey(key: SeriesKey): readonly (string | number)[] {
  return FIELDS.map((field) => key[field])
}

/** Equal for equal keys, and only for these. */
export function textOfKey(key: SeriesKey): string {
  return valuesOfKey(key).join(SEPARATOR)
}

/** What is counted together once there are too many series: sums stay right, who talked to whom is lost. */
export function toFoldedKey({ direction, security, protocol }: SeriesKey): SeriesKey {
  return {
    direction,
    serviceNamespace: '',
    service: 'other',
    port: 0,
    peerNamespace: '',
    peerWorkload: 'other',
    peerInstance: '',
    peerIdentity: '',
    security,
    protocol,
  }
}
