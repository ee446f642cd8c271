import type { ProxyErrorCode } from '@heddle/api/proxy-errors'
import type { SeriesJson } from '@heddle/api/telemetry'
import { DURATION_BOUND_COUNT, durationBoundOf } from './duration-bounds.ts'
import { type EndedRequest, isFailure } from './ended-request.ts'
import { LatencyHistogram } from './latency-histogram.ts'
import { grpcStatusOf, statusOf, toRequestCode } from './request-code.ts'
import type { SeriesKey } from './series-key.ts'

/** A count since the start of the series, and what of it was not reported yet. */
export interface Count {
  total: number
  pending: number
}

/** What of requests is counted once there was one: a series of opaque connections does without. */
export interface RequestCounts {
  /** By what {@link toRequestCode} makes of the statuses. */
  readonly codes: Map<number, Count>
  readonly success: Count
  readonly failure: Count
  /** Not reported yet. */
  readonly latency: LatencyHistogram
  /** Since the start of the series, by the bounds of the Prometheus histogram. */
  readonly durations: Float64Array
  durationSumUs: number
}

/**
 * Counters of one {@link SeriesKey}: resolved once per connection or pool, then only added to. Adding costs no lookup
 * but that of the status, and no allocation.
 */
export class Series {
  readonly key: SeriesKey
  readonly opened: Count = { total: 0, pending: 0 }
  readonly closed: Count = { total: 0, pending: 0 }
  readonly readBytes: Count = { total: 0, pending: 0 }
  readonly writtenBytes: Count = { total: 0, pending: 0 }
  readonly errors = new Map<string, Count>()
  requests: RequestCounts | undefined
  /** Whether something was counted since the last report. Owned by the table that lists the series. */
  isChanged = false
  /** When a report last had something of it, in ms. Owned by the table as well. */
  lastChangeMs = 0
  readonly #onFirstChange: (series: Series) => void

  /** @param onFirstChange - called when the first thing is counted after `isChanged` was cleared */
  constructor(key: SeriesKey, onFirstChange: (series: Series) => void) {
    this.key = key
    this.#onFirstChange = onFirstChange
  }

  get openConnections(): number {
    return this.opened.total - this.closed.total
  }

  requestEnded(ended: EndedRequest): void {
    const { status, grpcStatus, latencyUs, error } = ended
    this.#changed()
    this.requests ??= createRequestCounts()
    const requests = this.requests
    add(countOf(requests.codes, toRequestCode(status, grpcStatus)), 1)
    add(isFailure(ended) ? requests.failure : requests.success, 1)
    requests.latency.record(latencyUs)
    const bound = durationBoundOf(latencyUs)
    requests.durations[bound] = requests.durations[bound]! + 1
    requests.durationSumUs += latencyUs
    if (error !== undefined) add(countOf(this.errors, error), 1)
  }

  connectionOpened(): void {
    this.#changed()
    add(this.opened, 1)
  }

  connectionClosed(error: ProxyErrorCode | undefined): void {
    this.#changed()
    add(this.closed, 1)
    if (error !== undefined) add(countOf(this.errors, error), 1)
  }

  addReadBytes(count: number): void {
    this.#changed()
    add(this.readBytes, count)
  }

  addWrittenBytes(count: number): void {
    this.#changed()
    add(this.writtenBytes, count)
  }

  /** What was counted since the last time, for the report; gauges as they are. */
  take(): SeriesJson {
    this.isChanged = false
    return { ...toKeyJson(this.key), ...this.#takeRequests(), ...this.#takeConnections() }
  }

  #takeRequests(): SeriesJson {
    const requests = this.requests
    if (requests === undefined || requests.latency.count === 0) return {}
    const taken = {
      requestsSuccess: String(take(requests.success)),
      requestsFailure: String(take(requests.failure)),
      ...takeStatuses(requests.codes),
      latency: requests.latency.toBuckets(),
      latencySumUs: String(Math.round(requests.latency.sumUs)),
    }
    requests.latency.clear()
    return taken
  }

  #takeConnections(): SeriesJson {
    return {
      connectionsOpened: String(take(this.opened)),
      connectionsClosed: String(take(this.closed)),
      connectionsOpen: String(Math.max(0, this.openConnections)),
      readBytes: String(take(this.readBytes)),
      writtenBytes: String(take(this.writtenBytes)),
      errors: takeEach(this.errors, (error, count) => ({ error, count })),
    }
  }

  #changed(): void {
    if (this.isChanged) return
    this.isChanged = true
    this.#onFirstChange(this)
  }
}

function createRequestCounts(): RequestCounts {
  return {
    codes: new Map(),
    success: { total: 0, pending: 0 },
    failure: { total: 0, pending: 0 },
    latency: new LatencyHistogram(),
    durations: new Float64Array(DURATION_BOUND_COUNT + 1),
    durationSumUs: 0,
  }
}

function countOf<K>(counts: Map<K, Count>, key: K): Count {
  const known = counts.get(key)
  if (known !== undefined) return known
  const count = { total: 0, pending: 0 }
  counts.set(key, count)
  return count
}

function add(count: Count, by: number): void {
  count.total += by
  count.pending += by
}

function take(count: Count): number {
  const { pending } = count
  count.pending = 0
  return pending
}

function takeEach<K, T>(counts: Map<K, Count>, toJson: (key: K, count: string) => T): T[] {
  const taken: T[] = []
  for (const [key, count] of counts) {
    const pending = take(count)
    if (pending > 0) taken.push(toJson(key, String(pending)))
  }
  return taken
}

/** Sums by each of the two statuses. Requests of gRPC are in both. */
function takeStatuses(codes: Map<number, Count>): SeriesJson {
  const statuses = new Map<number, number>()
  const grpcStatuses = new Map<number, number>()
  for (const [code, count] of codes) {
    const pending = take(count)
    if (pending === 0) continue
    addTo(statuses, statusOf(code), pending)
    const grpcStatus = grpcStatusOf(code)
    if (grpcStatus !== undefined) addTo(grpcStatuses, grpcStatus, pending)
  }
  if (grpcStatuses.size === 0) return { statuses: toStatusCounts(statuses) }
  return { statuses: toStatusCounts(statuses), grpcStatuses: toStatusCounts(grpcStatuses) }
}

function addTo(sums: Map<number, number>, status: number, by: number): void {
  sums.set(status, (sums.get(status) ?? 0) + by)
}

function toStatusCounts(sums: Map<number, number>): { status: number; count: string }[] {
  return Array.from(sums, ([status, count]) => ({ status, count: String(count) }))
}

function toKeyJson(key: SeriesKey): SeriesJson {
  const { direction, ...rest } = key
  return { ...rest, direction: direction === 'inbound' ? 'DIRECTION_INBOUND' : 'DIRECTION_OUTBOUND' }
}
