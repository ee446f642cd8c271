import type { Certificate } from '@heddle/api/telemetry'
import { RollingTotals } from './rolling-totals.ts'
import type { Reporter } from './series-facts.ts'
import { createTotals } from './totals.ts'

/** What is known of one instance's reports. */
export interface KnownReporter {
  reporter: Reporter
  certificate: Certificate | undefined
  epoch: string
  sequence: bigint
  intervalMs: number
  firstMs: number
  lastReportMs: number
  readonly covered: RollingTotals
}

/** A reporter that misses so many of its own intervals is silent; a proxy says something every 10 s at least. */
const SILENT_INTERVALS = 3
const LEAST_SILENCE_MS = 15_000
/** An interval is long when the control plane was away; that says nothing of the next one. */
const MOST_SILENCE_MS = 60_000
/** A first report may come at once, and one request in no time is no rate. */
const LEAST_SPAN_MS = 1_000

/** @param firstMs - when it began to count */
export function createKnownReporter(reporter: Reporter, firstMs: number): KnownReporter {
  return {
    reporter,
    certificate: undefined,
    epoch: '',
    sequence: 0n,
    intervalMs: 0,
    firstMs,
    lastReportMs: 0,
    covered: new RollingTotals(),
  }
}

/**
 * What counts of a reporter are to be divided by: the time it says that it counted. That is right for one which has just
 * started, and for one which reports minutes at once because the control plane was away. One that fell silent counted
 * nothing since.
 */
export function spanOf(known: KnownReporter | undefined, windowMs: number, nowMs: number): number {
  if (known === undefined) return windowMs
  const totals = createTotals()
  known.covered.sum(totals, windowMs, nowMs)
  return spanOfCovered({ ...known, coveredMs: totals.coveredMs }, windowMs, nowMs)
}

/** What is known of when somebody reported. */
export type ReportTimes = Pick<KnownReporter, 'firstMs' | 'lastReportMs' | 'intervalMs'>

/** As {@link spanOf}, where it was added up already how long it counted in the window. */
export function spanOfCovered(
  times: ReportTimes & { readonly coveredMs: number },
  windowMs: number,
  nowMs: number,
): number {
  const { coveredMs, firstMs } = times
  if (!isSilent(times, nowMs) && coveredMs > 0) return coveredMs
  return Math.max(coveredMs, Math.min(windowMs, nowMs - firstMs), LEAST_SPAN_MS)
}

/** Whether an instance has stopped to report. */
export function isSilent(known: Pick<ReportTimes, 'lastReportMs' | 'intervalMs'>, nowMs: number): boolean {
  const silenceMs = Math.max(LEAST_SILENCE_MS, Math.min(MOST_SILENCE_MS, SILENT_INTERVALS * known.intervalMs))
  return nowMs - known.lastReportMs > silenceMs
}
