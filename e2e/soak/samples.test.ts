import { expect, test } from 'vitest'
import { findGrowth, judgedIn, MEMORY_FROM_MS, type Sample } from './samples.ts'

const WARM_UP_MS = 20_000

/** A process that gains so much a second. */
function growing(perSecond: Partial<Omit<Sample, 'atMs'>>): readonly Sample[] {
  const { descriptors = 0, rssKb = 0, privateKb = 0 } = perSecond
  return Array.from({ length: 60 }, (_, second) => ({
    atMs: second * 1_000,
    descriptors: 20 + descriptors * second,
    rssKb: 80_000 + rssKb * second,
    privateKb: 40_000 + privateKb * second,
  }))
}

test.each([
  { what: 'descriptors', perSecond: { descriptors: 1 } },
  { what: 'rssKb', perSecond: { rssKb: 1_000 } },
  { what: 'privateKb', perSecond: { privateKb: 1_000 } },
])('a long run finds that $what grows', ({ what, perSecond }) => {
  const found = findGrowth('p', growing(perSecond), { warmUpMs: WARM_UP_MS, judged: judgedIn(MEMORY_FROM_MS) })
  expect(found).toEqual([expect.stringMatching(`^p: ${what} grew by `)])
})

test('a short run judges descriptors alone', () => {
  const about = { warmUpMs: WARM_UP_MS, judged: judgedIn(MEMORY_FROM_MS - 1) }
  expect(findGrowth('p', growing({ rssKb: 1_000, privateKb: 1_000 }), about)).toEqual([])
  expect(findGrowth('p', growing({ descriptors: 1, rssKb: 1_000 }), about)).toHaveLength(1)
})

test('what grows before the warm-up is over, or stays within noise, is no growth', () => {
  const about = { warmUpMs: WARM_UP_MS, judged: judgedIn(MEMORY_FROM_MS) }
  const early = growing({ privateKb: 1_000 }).map((sample) => ({
    ...sample,
    privateKb: Math.min(sample.privateKb, 40_000 + WARM_UP_MS),
  }))
  expect(findGrowth('p', early, about)).toEqual([])
  expect(findGrowth('p', growing({ descriptors: 0.1, rssKb: 100, privateKb: 100 }), about)).toEqual([])
})
