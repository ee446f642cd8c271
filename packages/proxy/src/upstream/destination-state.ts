import type { EndpointLoad } from '@heddle/engine/balance'
import type { AppProtocol, Destination, SeriesKey, TrafficSeries } from '../workload.ts'
import type { Target } from './target.ts'

/** What the data path keeps for one destination: its targets in the order of their loads. */
export interface DestinationState {
  readonly kind: Destination['kind'] | 'local'
  readonly protocol: AppProtocol
  readonly targets: readonly Target[]
  /** `loads[i]` is that of `targets[i]`. */
  readonly loads: readonly EndpointLoad[]
  /** For people: what is missing or empty here. */
  readonly reason: string
  /** Where requests are counted that got to no target. */
  failureSeries(protocol: SeriesKey['protocol']): TrafficSeries
}
