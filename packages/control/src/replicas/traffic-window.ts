import type { Clock } from '@heddle/base/clock'
import { mergeReports } from '../telemetry/merge-reports.ts'
import { fromReporterTraffic } from '../telemetry/report-message.ts'
import type { SeriesWindow } from '../telemetry/series-window.ts'
import type { TelemetryStore } from '../telemetry/telemetry-store.ts'
import type { Replicas } from './replicas.ts'

export interface TrafficWindowDeps {
  readonly store: TelemetryStore
  readonly replicas: Replicas
  readonly clock: Clock
}

/** All that was counted in the window that ends now, whichever replica it was reported to. */
export async function trafficWindow(windowMs: number, deps: TrafficWindowDeps): Promise<Iterable<SeriesWindow>> {
  const { store, replicas, clock } = deps
  if (replicas.list().length === 0) return store.window(windowMs)
  const { answers } = await replicas.ask((client, signal) => client.listTraffic({ windowMs }, { signal }))
  const others = answers.map(({ reporters }) => reporters.map(fromReporterTraffic))
  return mergeReports([store.reports(windowMs), ...others], { windowMs, nowMs: clock.nowMs() })
}
