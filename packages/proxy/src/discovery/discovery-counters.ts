import type { Counter, Registry } from '@heddle/telemetry/registry'

/** What is counted of the stream of the control plane. */
export interface DiscoveryCounters {
  readonly connections: Counter
  readonly messages: Counter
  readonly refused: Counter
}

/** What is measured when somebody looks. */
interface Measured {
  readonly isConnected: boolean
  readonly table: { readonly size: number }
}

/** Registers the counters of discovery, and the gauges that `client` is asked for. */
export function createDiscoveryCounters(registry: Registry, client: Measured): DiscoveryCounters {
  registry.gauge('heddle_discovery_connected', 'Whether the stream of the control plane is open', () =>
    client.isConnected ? 1 : 0,
  )
  registry.gauge('heddle_discovery_destinations', 'Destinations that are asked for', () => client.table.size)
  return {
    connections: registry.counter('heddle_discovery_connections_total', 'Times that the stream was opened'),
    messages: registry.counter('heddle_discovery_messages_total', 'Messages of the control plane that had content'),
    refused: registry.counter('heddle_discovery_refused_total', 'Messages of which nothing was applied'),
  }
}
