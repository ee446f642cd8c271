import type { Series } from '@heddle/api/telemetry'

/** What was counted in some time. */
export interface Totals {
  success: number
  failure: number
  latencySumUs: number
  opened: number
  closed: number
  readBytes: number
  writtenBytes: number
  /** Buckets of `@heddle/telemetry/latency-histogram` that are not empty: index, count, index, count, ... ascending. */
  latency: Uint32Array
  /** How long the reporters counted, in ms, added up. */
  coveredMs: number
}

const NO_BUCKETS = new Uint32Array(0)

/** Totals of nothing. */
export function createTotals(): Totals {
  return {
    success: 0,
    failure: 0,
    latencySumUs: 0,
    opened: 0,
    closed: 0,
    readBytes: 0,
    writtenBytes: 0,
    latency: NO_BUCKETS,
    coveredMs: 0,
  }
}

/** What one series of a report says. */
export function totalsOf(series: Series): Totals {
  return {
    success: Number(series.requestsSuccess),
    failure: Number(series.requestsFailure),
    latencySumUs: Number(series.latencySumUs),
    opened: Number(series.connectionsOpened),
    closed: Number(series.connectionsClosed),
    readBytes: Number(series.readBytes),
    writtenBytes: Number(series.writtenBytes),
    latency: sparse(series.latency),
    coveredMs: 0,
  }
}

/** Adds `more` to `into`. */
export function addTotals(into: Totals, more: Totals): void {
  into.success += more.success
  into.failure += more.failure
  into.latencySumUs += more.latencySumUs
  into.opened += more.opened
  into.closed += more.closed
  into.readBytes += more.readBytes
  into.writtenBytes += more.writtenBytes
  into.coveredMs += more.coveredMs
  into.latency = mergeSparse(into.latency, more.latency)
}

/** Whether anything was counted. */
export function hasTraffic(totals: Totals): boolean {
  const { success, failure, opened, closed, readBytes, writtenBytes } = totals
  return success + failure + opened + closed + readBytes + writtenBytes > 0
}

/** A proxy sends each index once and ascending; one that does not is put right instead of trusted. */
function sparse(buckets: Series['latency']): Uint32Array {
  const counts = new Map<number, number>()
  for (const { index, count } of buckets) counts.set(index, (counts.get(index) ?? 0) + Number(count))
  const ascending = [...counts].sort(([a], [b]) => a - b)
  return ascending.length === 0 ? NO_BUCKETS : Uint32Array.from(ascending.flat())
}

/** Both are ascending by index, so is what comes out. */
function mergeSparse(a: Uint32Array, b: Uint32Array): Uint32Array {
  if (b.length === 0) return a
  if (a.length === 0) return b
  const merged = new Uint32Array(a.length + b.length)
  let length = 0
  let atA = 0
  let atB = 0
  while (atA < a.length || atB < b.length) {
    const indexA = a[atA] ?? Number.POSITIVE_INFINITY
    const indexB = b[atB] ?? Number.POSITIVE_INFINITY
    merged[length] = Math.min(indexA, indexB)
    merged[length + 1] = (indexA <= indexB ? a[atA + 1]! : 0) + (indexB <= indexA ? b[atB + 1]! : 0)
    atA += indexA <= indexB ? 2 : 0
    atB += indexB <= indexA ? 2 : 0
    length += 2
  }
  return merged.slice(0, length)
}
