import { Direction, type Series } from '@heddle/api/telemetry'

/** Who counted. */
export interface Reporter {
  readonly namespace: string
  readonly workload: string
  readonly instance: string
  /** SPIFFE id that the report came with. */
  readonly identity: string
}

/** What was counted about: one peer and service, seen from one side. */
export interface SeriesFacts {
  readonly reporter: Reporter
  readonly direction: 'inbound' | 'outbound'
  readonly serviceNamespace: string
  readonly service: string
  readonly port: number
  readonly peerNamespace: string
  readonly peerWorkload: string
  readonly peerInstance: string
  readonly peerIdentity: string
  readonly security: string
  readonly protocol: string
}

/** What a series of a report is about. */
export function factsOf(reporter: Reporter, series: Series): SeriesFacts {
  return {
    reporter,
    direction: series.direction === Direction.OUTBOUND ? 'outbound' : 'inbound',
    serviceNamespace: series.serviceNamespace,
    service: series.service,
    port: series.port,
    peerNamespace: series.peerNamespace,
    peerWorkload: series.peerWorkload,
    peerInstance: series.peerInstance,
    peerIdentity: series.peerIdentity,
    security: series.security,
    protocol: series.protocol,
  }
}

/** What is counted together: the sums of a workload stay right when there are too many series; who talked to whom is lost. */
export function foldedFacts(facts: SeriesFacts): SeriesFacts {
  const { reporter, direction, security, protocol } = facts
  const peer = { peerNamespace: '', peerWorkload: 'other', peerInstance: '', peerIdentity: '' }
  const service = { serviceNamespace: '', service: 'other', port: 0 }
  return { reporter: { ...reporter, instance: '' }, direction, security, protocol, ...service, ...peer }
}

/** Equal for equal facts. */
export function keyOfFacts({ reporter, ...facts }: SeriesFacts): string {
  return JSON.stringify([reporter.namespace, reporter.workload, reporter.instance, ...Object.values(facts)])
}
