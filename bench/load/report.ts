import type { LoadResult } from './load.ts'

/** The one line that a client prints when the load has ended; times in microseconds. */
export interface Report {
  readonly requests: number
  readonly duration_us: number
  readonly p50_us: number
  readonly p99_us: number
  readonly p999_us: number
  readonly errors: Readonly<Record<string, number>>
}

/**
 * Reads the report out of what a client prints.
 *
 * @throws {SyntaxError} when there is none
 */
export function parseReport(output: string): LoadResult {
  const line = output.split('\n').findLast((text) => text.startsWith('{'))
  if (line === undefined) throw new SyntaxError(`the client printed no report: ${output.slice(-200)}`)
  const report = JSON.parse(line) as Report
  return {
    requests: report.requests,
    durationUs: report.duration_us,
    p50Us: report.p50_us,
    p99Us: report.p99_us,
    p999Us: report.p999_us,
    errors: Object.values(report.errors).reduce((sum, count) => sum + count, 0),
  }
}
