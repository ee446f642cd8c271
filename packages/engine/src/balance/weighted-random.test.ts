import { expect, test } from 'vitest'
import { candidatesOf, seeded } from '../../test/candidates.ts'
import { putOut } from './candidate.ts'
import { WeightedRandom } from './weighted-random.ts'

const RUNS = 30_000

function shares(weights: readonly number[], isOut: (at: number) => boolean = () => false): number[] {
  const candidates = candidatesOf(weights.map((weight) => ({ weight })))
  for (const [at, candidate] of candidates.entries()) if (isOut(at)) putOut(candidate, 100, 'a test')
  const picker = new WeightedRandom(candidates, { rampUs: 0, isPanic: false })
  const random = seeded(11)
  const taken = weights.map(() => 0)
  for (let i = 0; i < RUNS; i++) taken[picker.pick({ nowUs: 1, random, tried: undefined })]! += 1
  return taken.map((count) => count / RUNS)
}

test.each([
  { name: 'equal weights', weights: [1, 1, 1, 1], expected: [0.25, 0.25, 0.25, 0.25] },
  { name: 'weights of their own', weights: [1, 2, 5], expected: [0.125, 0.25, 0.625] },
  { name: 'a light one among heavy ones', weights: [100, 1, 99], expected: [0.5, 0.005, 0.495] },
])('WeightedRandom draws in proportion: $name', ({ weights, expected }) => {
  for (const [at, share] of shares(weights).entries()) expect(Math.abs(share - expected[at]!)).toBeLessThan(0.012)
})

test('WeightedRandom keeps the proportions of those that are left, also when hardly any are', () => {
  const [light = 0, heavy = 0, ...out] = shares([1, 3, 200, 200, 200], (at) => at > 1)
  expect(Math.abs(light - 0.25)).toBeLessThan(0.012)
  expect(Math.abs(heavy - 0.75)).toBeLessThan(0.012)
  expect(out).toEqual([0, 0, 0])
})
