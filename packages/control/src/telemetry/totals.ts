import { GRPC_STATUS, GRPC_STATUS_NAMES } from '@heddle/api/grpc-status'
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
  /**
   * Buckets of `@heddle/telemetry/latency-histogram` that are not empty: index, count, index, count, ... ascending. A
   * plain array: of hundreds of thousands of small typed arrays, the objects around the numbers are most of the memory.
   */
  latency: number[]
  /** Of gRPC: status, count, status, count, ... ascending. */
  grpc: number[]
  /** How long the reporters counted, in ms, added up. */
  coveredMs: number
}

/** The order in the file of a snapshot: names are added at the end, never moved. */
const COUNTS = [
  'success',
  'failure',
  'latencySumUs',
  'opened',
  'closed',
  'readBytes',
  'writtenBytes',
  'coveredMs',
] as const
type CountName = (typeof COUNTS)[number]

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
    latency: [],
    grpc: [],
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
    grpc: sparse(series.grpcStatuses.map(({ status, count }) => ({ index: toKnownStatus(status), count }))),
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
  into.grpc = mergeSparse(into.grpc, more.grpc)
}

/** The counts in a fixed order, then how many numbers there are of gRPC, then these, then the buckets; for a file. */
export function toNumbers({ latency, grpc, ...counts }: Totals): number[] {
  return [...COUNTS.map((name) => counts[name]), grpc.length, ...grpc, ...latency]
}

/** What {@link toNumbers} gave before there were numbers of gRPC, as it gives them now. */
export function withoutGrpc(numbers: readonly number[]): number[] {
  return numbers.toSpliced(COUNTS.length, 0, 0)
}

/**
 * The inverse of {@link toNumbers}.
 *
 * @throws {RangeError} when these are no totals
 */
export function fromNumbers(numbers: readonly number[]): Totals {
  const grpcAt = COUNTS.length + 1
  const latencyAt = grpcAt + (numbers[COUNTS.length] ?? 0)
  const isWhole =
    latencyAt <= numbers.length && (latencyAt - grpcAt) % 2 === 0 && (numbers.length - latencyAt) % 2 === 0
  if (!isWhole || !numbers.every((number) => Number.isFinite(number) && number >= 0)) throw new RangeError('no totals')
  const counts = Object.fromEntries(COUNTS.map((name, at) => [name, numbers[at]!])) as Record<CountName, number>
  return { ...counts, grpc: numbers.slice(grpcAt, latencyAt), latency: numbers.slice(latencyAt) }
}

/** Whether anything was counted. */
export function hasTraffic(totals: Totals): boolean {
  const { success, failure, opened, closed, readBytes, writtenBytes } = totals
  return success + failure + opened + closed + readBytes + writtenBytes > 0
}

/** A status that does not exist is UNKNOWN, as clients have it; so their number is bounded. */
function toKnownStatus(status: number): number {
  return status < GRPC_STATUS_NAMES.length ? status : GRPC_STATUS.UNKNOWN
}

/** A proxy sends each index once and ascending; one that does not is put right instead of trusted. */
function sparse(buckets: readonly { readonly index: number; readonly count: bigint }[]): number[] {
  const counts = new Map<number, number>()
  for (const { index, count } of buckets) counts.set(index, (counts.get(index) ?? 0) + Number(count))
  return [...counts].sort(([a], [b]) => a - b).flat()
}

/** Both are ascending by index, so is what comes out. Mostly `b` has no new index: then `a` is added to in place. */
function mergeSparse(a: number[], b: readonly number[]): number[] {
  if (b.length === 0) return a
  if (a.length === 0) return [...b]
  let atA = 0
  let atB = 0
  while (atB < b.length) {
    while (atA < a.length && a[atA]! < b[atB]!) atA += 2
    if (a[atA] !== b[atB]) return mergeNew(a, b, atB)
    a[atA + 1] = a[atA + 1]! + b[atB + 1]!
    atB += 2
  }
  return a
}

/** @param from - what of `b` is before this was added to `a` already */
function mergeNew(a: readonly number[], b: readonly number[], from: number): number[] {
  const merged: number[] = []
  let atA = 0
  let atB = from
  while (atA < a.length || atB < b.length) {
    const indexA = a[atA] ?? Number.POSITIVE_INFINITY
    const indexB = b[atB] ?? Number.POSITIVE_INFINITY
    merged.push(Math.min(indexA, indexB), (indexA <= indexB ? a[atA + 1]! : 0) + (indexB <= indexA ? b[atB + 1]! : 0))
    atA += indexA <= indexB ? 2 : 0
    atB += indexB <= indexA ? 2 : 0
  }
  return merged
}
