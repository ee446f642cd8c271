import { Direction, type Series } from '@heddle/api/telemetry'
import { type SeriesKey, textOfKey, toFoldedKey } from '@heddle/telemetry/series-key'

/** Who counted. */
export interface Reporter {
  readonly namespace: string
  readonly workload: string
  readonly instance: string
  /** SPIFFE id that the report came with. */
  readonly identity: string
}

/** What was counted about: one peer and service, seen from one side. */
export interface SeriesFacts extends SeriesKey {
  readonly reporter: Reporter
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
export function foldedFacts({ reporter, ...key }: SeriesFacts): SeriesFacts {
  return { reporter: { ...reporter, instance: '' }, ...toFoldedKey(key) }
}

/** Equal for equal facts. */
export function textOfFacts({ reporter, ...key }: SeriesFacts): string {
  return JSON.stringify([reporter.namespace, reporter.workload, reporter.instance, textOfKey(key)])
}
