import fc from 'fast-check'
import { expect, test } from 'vitest'
import { DURATION_BOUND_COUNT, DURATION_BOUNDS_SECONDS, durationBoundOf } from './duration-bounds.ts'

test('durationBoundOf() finds the first bound that the latency does not exceed', () => {
  const nearBounds = fc
    .constantFrom(...DURATION_BOUNDS_SECONDS)
    .chain((s) => fc.constantFrom(s * 1e6 - 1, s * 1e6, s * 1e6 + 1))
  const anywhere = fc.double({ min: 0, max: 1e8, noNaN: true })
  fc.assert(
    fc.property(fc.oneof(nearBounds, anywhere), (us) => {
      const exact = DURATION_BOUNDS_SECONDS.findIndex((seconds) => us <= seconds * 1e6)
      expect(durationBoundOf(us)).toBe(exact < 0 ? DURATION_BOUND_COUNT : exact)
    }),
    { numRuns: 2_000 },
  )
})
