import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { BUCKET_COUNT, indexOf, LatencyHistogram, lowerBoundUs } from './latency-histogram.ts'

const latency = fc.double({ min: 0, max: 2 ** 26 - 1, noNaN: true })

describe('indexOf()', () => {
  test.each([
    { us: 0, index: 0 },
    { us: 3.9, index: 0 },
    { us: 4, index: 1 },
    { us: 63, index: 15 },
    { us: 64, index: 16 },
    { us: 127.5, index: 31 },
    { us: 128, index: 32 },
    { us: 2 ** 26 - 1, index: BUCKET_COUNT - 2 },
    { us: 2 ** 26, index: BUCKET_COUNT - 1 },
    { us: 1e15, index: BUCKET_COUNT - 1 },
    { us: Number.POSITIVE_INFINITY, index: BUCKET_COUNT - 1 },
    { us: -1, index: 0 },
    { us: Number.NaN, index: 0 },
  ])('puts $us µs into bucket $index', ({ us, index }) => {
    expect(indexOf(us)).toBe(index)
  })

  test('covers 64 µs to 60 s', () => {
    expect(indexOf(60e6)).toBeLessThan(BUCKET_COUNT - 1)
    expect(lowerBoundUs(BUCKET_COUNT - 1)).toBeGreaterThanOrEqual(60e6)
  })

  test('finds the bucket whose bounds enclose the latency, never wider than a sixteenth of it', () => {
    fc.assert(
      fc.property(latency, (us) => {
        const index = indexOf(us)
        const lower = lowerBoundUs(index)
        const upper = lowerBoundUs(index + 1)
        expect(lower).toBeLessThanOrEqual(us)
        expect(upper).toBeGreaterThan(us)
        expect(upper - lower).toBeLessThanOrEqual(Math.max(4, us / 16))
      }),
    )
  })
})

describe('LatencyHistogram', () => {
  test('estimates quantiles within 6.25 % of the true ones', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 64, max: 60_000_000 }), { minLength: 1, maxLength: 300 }),
        fc.double({ min: 0.01, max: 1, noNaN: true }),
        (latencies, quantile) => {
          const histogram = of(latencies)
          const sorted = latencies.toSorted((a, b) => a - b)
          const exact = sorted[Math.ceil(quantile * sorted.length) - 1]!
          expect(Math.abs(histogram.quantileUs(quantile)! - exact)).toBeLessThanOrEqual(exact / 16 + 1)
        },
      ),
    )
  })

  test('has no quantile while nothing was recorded', () => {
    expect(new LatencyHistogram().quantileUs(0.5)).toBeUndefined()
  })

  test('interpolates within a bucket', () => {
    const histogram = of([1000, 1000, 1000, 1000])
    expect(histogram.quantileUs(0.5)).toBe(992 + 16)
    expect(histogram.quantileUs(1)).toBe(992 + 32)
  })

  test('says 67 s for everything longer', () => {
    expect(of([1e9]).quantileUs(0.99)).toBe(2 ** 26)
  })

  test('merging, and adding what came over the wire, both equal recording all in one', () => {
    fc.assert(
      fc.property(fc.array(latency), fc.array(latency), (first, second) => {
        const all = of([...first, ...second])
        const merged = of(first)
        merged.merge(of(second))
        const wired = of(first)
        const other = of(second)
        const json = JSON.parse(JSON.stringify(other.toBuckets())) as { index: number; count: string }[]
        wired.addBuckets(json, other.sumUs)
        for (const histogram of [merged, wired]) {
          expect(histogram.toBuckets()).toEqual(all.toBuckets())
          expect(histogram.count).toBe(all.count)
          expect(histogram.sumUs).toBeCloseTo(all.sumUs, 0)
        }
      }),
    )
  })

  test('counts buckets of an unknown layout as the longest latency', () => {
    const histogram = new LatencyHistogram()
    histogram.addBuckets([{ index: 5_000, count: 2n }], 1)
    expect(histogram.toBuckets()).toEqual([{ index: BUCKET_COUNT - 1, count: '2' }])
  })

  test('is empty after clear()', () => {
    const histogram = of([1, 2, 3])
    histogram.clear()
    expect(histogram.toBuckets()).toEqual([])
    expect([histogram.count, histogram.sumUs]).toEqual([0, 0])
  })
})

function of(latencies: readonly number[]): LatencyHistogram {
  const histogram = new LatencyHistogram()
  for (const us of latencies) histogram.record(us)
  return histogram
}
