import type { EndedRequest } from '@heddle/telemetry/ended-request'
import type { SeriesKey, TrafficRecorder, TrafficSeries } from '../../src/workload.ts'

/** Counters of one key, readable. */
export class TestSeries implements TrafficSeries {
  readonly key: SeriesKey
  readonly statuses: number[] = []
  readonly grpcStatuses: number[] = []
  readonly errors: string[] = []
  readonly latenciesUs: number[] = []
  opened = 0
  closed = 0
  readBytes = 0
  writtenBytes = 0

  constructor(key: SeriesKey) {
    this.key = key
  }

  requestEnded({ status, grpcStatus, error, latencyUs }: EndedRequest): void {
    this.statuses.push(status)
    this.latenciesUs.push(latencyUs)
    if (grpcStatus !== undefined) this.grpcStatuses.push(grpcStatus)
    if (error !== undefined) this.errors.push(error)
  }

  connectionOpened(): void {
    this.opened += 1
  }

  connectionClosed(error: string | undefined): void {
    this.closed += 1
    if (error !== undefined) this.errors.push(error)
  }

  addReadBytes(count: number): void {
    this.readBytes += count
  }

  addWrittenBytes(count: number): void {
    this.writtenBytes += count
  }
}

/** Keeps all series for a test to look at. */
export class TestTraffic implements TrafficRecorder {
  readonly all: TestSeries[] = []

  series(key: SeriesKey): TestSeries {
    const text = JSON.stringify(key)
    const known = this.all.find((series) => JSON.stringify(series.key) === text)
    if (known !== undefined) return known
    const series = new TestSeries(key)
    this.all.push(series)
    return series
  }

  get statuses(): readonly number[] {
    return this.all.flatMap((series) => series.statuses)
  }

  get grpcStatuses(): readonly number[] {
    return this.all.flatMap((series) => series.grpcStatuses)
  }

  get errors(): readonly string[] {
    return this.all.flatMap((series) => series.errors)
  }

  get opened(): number {
    return this.all.reduce((sum, series) => sum + series.opened, 0)
  }

  get open(): number {
    return this.all.reduce((sum, series) => sum + series.opened - series.closed, 0)
  }
}
