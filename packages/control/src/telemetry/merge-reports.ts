import { type ReportTimes, spanOfCovered } from './known-reporter.ts'
import type { ReporterWindow, SeriesWindow } from './series-window.ts'

/** When somebody reported, over all replicas. */
interface MergedTimes extends ReportTimes {
  readonly coveredMs: number
}

/**
 * The series of a window, of which each replica of the control plane knows those that were reported to it. A proxy that went
 * from one replica to another has counted for both, one after the other: its times are added up, and its connections are
 * those of its last report.
 */
export function mergeReports(
  reports: readonly (readonly ReporterWindow[])[],
  { windowMs, nowMs }: { readonly windowMs: number; readonly nowMs: number },
): SeriesWindow[] {
  const all = reports.flat()
  const times = new Map<string, MergedTimes>()
  for (const report of all) times.set(keyOf(report), mergeTimes(times.get(keyOf(report)), report))
  return all.flatMap((report) => {
    const merged = times.get(keyOf(report))!
    const isKnown = merged.lastReportMs > 0
    const spanMs = isKnown ? spanOfCovered(merged, windowMs, nowMs) : windowMs
    const isNewest = report.lastReportMs === merged.lastReportMs
    return report.series.map(({ facts, totals, openConnections }) => {
      return { facts, totals, spanMs, openConnections: isNewest ? openConnections : 0 }
    })
  })
}

function mergeTimes(before: MergedTimes | undefined, report: ReporterWindow): MergedTimes {
  if (before === undefined) return report
  const newest = report.lastReportMs > before.lastReportMs ? report : before
  return {
    coveredMs: before.coveredMs + report.coveredMs,
    firstMs: Math.min(before.firstMs, report.firstMs),
    lastReportMs: newest.lastReportMs,
    intervalMs: newest.intervalMs,
  }
}

function keyOf({ reporter: { namespace, instance, workload } }: ReporterWindow): string {
  return instance === '' ? `${namespace} ${workload}` : `${namespace}/${instance}`
}
