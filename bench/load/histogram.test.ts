import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Histogram } from './histogram.ts'

const histogramOf = (times: readonly number[]): Histogram => {
  const histogram = new Histogram()
  for (const us of times) histogram.add(us)
  return histogram
}

test('quantileUs() is the time at the rank', () => {
  const times = Array.from({ length: 1000 }, (_, i) => i + 1)
  const histogram = histogramOf(times)
  expect([0.5, 0.99, 0.999, 1].map((share) => histogram.quantileUs(share))).toEqual([500, 990, 999, 1000])
})

test('quantileUs() of nothing is 0, and a time above a second counts as one', () => {
  expect(new Histogram().quantileUs(0.5)).toBe(0)
  expect(histogramOf([3_000_000]).quantileUs(0.5)).toBe(1_000_000)
})

test('quantileUs() agrees with the sorted list', () => {
  const cases = fc.array(fc.integer({ min: 0, max: 5000 }), { minLength: 1, maxLength: 50 })
  fc.assert(
    fc.property(cases, fc.double({ min: 0.01, max: 1, noNaN: true }), (times, share) => {
      const sorted = times.toSorted((a, b) => a - b)
      expect(histogramOf(times).quantileUs(share)).toBe(sorted[Math.ceil(share * times.length) - 1])
    }),
    { numRuns: 20 },
  )
})
