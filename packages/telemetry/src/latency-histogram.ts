import type { BucketJson } from '@heddle/api/telemetry'

/*
 * The layout: a first row of 16 buckets of 4 µs each (0 to 64 µs), then for each power of two from 64 µs on a row of 16
 * buckets, each a sixteenth of the row's start wide. So a bucket is never wider than 1/16 of what it counts. The last
 * bucket holds everything from 2^26 µs (67 s) on. The layout is part of telemetry.proto and never changes.
 */
const ROW_BUCKETS = 16
const FIRST_ROW_END_US = 64
const FIRST_ROW_END_LOG2 = 6
const LAST_LOG2 = 26
const OVERFLOW_US = 2 ** LAST_LOG2

/** How many buckets there are; indexes are 0 to this minus 1. */
export const BUCKET_COUNT = ROW_BUCKETS * (LAST_LOG2 - FIRST_ROW_END_LOG2 + 1) + 1

/** The bucket that a latency falls in; negative and NaN count as 0. */
export function indexOf(latencyUs: number): number {
  if (latencyUs >= OVERFLOW_US) return BUCKET_COUNT - 1
  if (!(latencyUs >= FIRST_ROW_END_US)) return latencyUs > 0 ? latencyUs >> 2 : 0
  const log2 = 31 - Math.clz32(latencyUs)
  const within = (latencyUs >> (log2 - 4)) & (ROW_BUCKETS - 1)
  return (log2 - FIRST_ROW_END_LOG2 + 1) * ROW_BUCKETS + within
}

/** The smallest latency in µs that falls in the bucket; of the one behind the last, infinity. */
export function lowerBoundUs(index: number): number {
  if (index >= BUCKET_COUNT) return Number.POSITIVE_INFINITY
  const row = Math.floor(index / ROW_BUCKETS)
  const within = index % ROW_BUCKETS
  if (row === 0) return within * 4
  return 2 ** (row - 1 + FIRST_ROW_END_LOG2 - 4) * (ROW_BUCKETS + within)
}

/** Counts of latencies, each known to within a sixteenth: 1.3 KB, whatever was recorded. */
export class LatencyHistogram {
  readonly #counts = new Uint32Array(BUCKET_COUNT)
  #count = 0
  #sumUs = 0

  get count(): number {
    return this.#count
  }

  get sumUs(): number {
    return this.#sumUs
  }

  record(latencyUs: number): void {
    const index = indexOf(latencyUs)
    this.#counts[index] = this.#counts[index]! + 1
    this.#count += 1
    this.#sumUs += latencyUs
  }

  /**
   * Adds what {@link toBuckets} gave, possibly on another machine. Buckets that this version does not know are counted
   * as the longest latency rather than lost.
   */
  addBuckets(buckets: readonly BucketCount[], sumUs: number): void {
    for (const { index, count } of buckets) {
      const at = index >= 0 && index < BUCKET_COUNT ? index : BUCKET_COUNT - 1
      this.#counts[at] = this.#counts[at]! + Number(count)
      this.#count += Number(count)
    }
    this.#sumUs += sumUs
  }

  merge(other: LatencyHistogram): void {
    for (let index = 0; index < BUCKET_COUNT; index++) {
      this.#counts[index] = this.#counts[index]! + other.#counts[index]!
    }
    this.#count += other.#count
    this.#sumUs += other.#sumUs
  }

  /**
   * The latency in µs that the share `quantile` (0 to 1) of all stayed within, as if latencies were spread evenly in
   * their bucket; `undefined` when nothing was recorded.
   */
  quantileUs(quantile: number): number | undefined {
    if (this.#count === 0) return undefined
    const rank = Math.min(1, Math.max(0, quantile)) * this.#count
    let below = 0
    for (let index = 0; index < BUCKET_COUNT; index++) {
      const here = this.#counts[index]!
      if (here > 0 && below + here >= rank) return interpolate(index, (rank - below) / here)
      below += here
    }
    return OVERFLOW_US
  }

  /** The buckets that are not empty, as telemetry.proto has them in JSON. */
  toBuckets(): BucketJson[] {
    const buckets: BucketJson[] = []
    for (let index = 0; index < BUCKET_COUNT; index++) {
      const count = this.#counts[index]!
      if (count > 0) buckets.push({ index, count: String(count) })
    }
    return buckets
  }

  clear(): void {
    this.#counts.fill(0)
    this.#count = 0
    this.#sumUs = 0
  }
}

/** A bucket as it comes from the wire, in JSON or as a message. */
export interface BucketCount {
  readonly index: number
  readonly count: number | bigint | string
}

function interpolate(index: number, share: number): number {
  const lower = lowerBoundUs(index)
  if (index === BUCKET_COUNT - 1) return lower
  return lower + (lowerBoundUs(index + 1) - lower) * share
}
