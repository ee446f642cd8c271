import fc from 'fast-check'
import { expect, test } from 'vitest'
import { renewalTimeMs, rotationSchedule } from './rotation.ts'

const HOUR_MS = 3_600_000

test.each([
  { name: 'latest: at 70 % of the life', random: 0, hours: 16.8 },
  { name: 'earliest: at 65 % of the life', random: 1, hours: 15.6 },
])('renewalTimeMs() $name', ({ random, hours }) => {
  expect(renewalTimeMs(0, 24 * HOUR_MS, () => random)).toBe(hours * HOUR_MS)
})

test('renewalTimeMs() leaves at least 30 % of the life to retry, and lies within it', () => {
  const lives = fc.tuple(
    fc.integer({ min: 0, max: 2e12 }),
    fc.integer({ min: 0, max: 1e9 }),
    fc.double({ min: 0, max: 0.999, noNaN: true }),
  )
  fc.assert(
    fc.property(lives, ([notBeforeMs, lifeMs, random]) => {
      const atMs = renewalTimeMs(notBeforeMs, notBeforeMs + lifeMs, () => random)
      expect(atMs).toBeGreaterThanOrEqual(notBeforeMs)
      expect(notBeforeMs + lifeMs - atMs).toBeGreaterThanOrEqual(Math.floor(lifeMs * 0.3))
    }),
  )
})

test('renewalTimeMs() of a certificate that was never valid is its beginning', () => {
  expect(renewalTimeMs(5000, 4000, () => 0)).toBe(5000)
})

test('rotationSchedule() warns from 80 % of the life on', () => {
  const schedule = rotationSchedule({ notBeforeMs: 0, notAfterMs: 24 * HOUR_MS }, () => 0)
  expect(schedule).toEqual({ renewAtMs: 16.8 * HOUR_MS, warnFromMs: 19.2 * HOUR_MS })
})
