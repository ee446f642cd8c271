import { formatLabels, formatMetricHead, formatSample } from '@heddle/telemetry/prometheus'
import type { Counter, Family, Registry } from '@heddle/telemetry/registry'
import type { IdentityService } from './ca/identity-service.ts'
import { formatProblems } from './config/configuration-problems.ts'
import type { DiscoveryHub } from './discovery/discovery-hub.ts'
import type { Model } from './model/model.ts'
import type { Source } from './sources/source.ts'
import type { TelemetryStore } from './telemetry/telemetry-store.ts'

/** Counters that are added to where calls come in. */
export interface CallMetrics {
  readonly calls: Family<Counter>
  readonly refused: Family<Counter>
  readonly handshakesFailed: Counter
  readonly connectionsOusted: Counter
}

/** Registers what is counted where calls come in. */
export function createCallMetrics(registry: Registry): CallMetrics {
  return {
    calls: registry.counters('heddle_control_calls_total', {
      help: 'Calls by method and outcome; streams count when they end',
      labels: ['method', 'code'],
    }),
    refused: registry.counters('heddle_control_refused_calls_total', {
      help: 'Calls refused before they were read, by reason',
      labels: ['reason'],
    }),
    handshakesFailed: registry.counter('heddle_control_failed_handshakes_total', 'TLS handshakes that failed'),
    connectionsOusted: registry.counter(
      'heddle_control_ousted_connections_total',
      'Connections to the API that were ended for others, since too many came from their address',
    ),
  }
}

/** What is asked of the parts when metrics are read. */
export interface ObservedParts {
  readonly model: Model
  readonly hub: DiscoveryHub
  readonly store: TelemetryStore
  readonly source: Source
  readonly identity: IdentityService
}

/** Registers what is read off the parts whenever metrics are asked for. */
export function observeParts(registry: Registry, { model, hub, store, source, identity }: ObservedParts): void {
  registry.gauge('heddle_control_streams', 'Proxies connected', () => hub.streamCount)
  registry.gauge('heddle_control_destinations', 'Destinations that proxies ask for', () => hub.keyCount)
  registry.counterOf(
    'heddle_control_unfollowed_destinations_total',
    'Destinations that do not exist and were answered but not followed, since their identity asked for too many',
    () => hub.unfollowedCount,
  )
  registry.gauge('heddle_control_instances', 'Instances of workloads', () => model.instances('').length)
  registry.gauge('heddle_control_configuration_problems', 'Problems of the configuration, 0: it is in force', () => {
    return formatProblems(source.status().problems, 'error').length
  })
  registry.gauge('heddle_control_telemetry_series', 'Series in the telemetry store', () => store.seriesCount)
  registry.gauge('heddle_control_telemetry_totals', 'Totals of times in the telemetry store', () => store.cellCount)
  registry.gauge('heddle_control_telemetry_history_ratio', 'Share of the six hours there is room for', () => {
    return store.historyShare
  })
  registry.gauge('heddle_control_resident_memory_bytes', 'Resident memory', () => process.memoryUsage.rss())
  registry.collect({ render: () => renderSigned(identity) })
}

function renderSigned({ answers }: IdentityService): string {
  const name = 'heddle_control_sign_requests_total'
  const head = formatMetricHead(name, 'counter', 'Requests for certificates by outcome')
  const lines = [...answers].map(([outcome, count]) => formatSample(name, formatLabels(['outcome'], [outcome]), count))
  return lines.length === 0 ? '' : head + lines.join('')
}
