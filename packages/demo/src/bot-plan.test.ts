import fc from 'fast-check'
import { expect, test } from 'vitest'
import { planRound, toRequest } from './bot-plan.ts'
import { CATALOGUE } from './emoji-catalogue.ts'
import { BROKEN_SHORTCODE } from './vote-store.ts'

const SHORTCODES = CATALOGUE.map(({ shortcode }) => shortcode)

/** A random source that fast-check chooses and shrinks. */
const shares = fc.infiniteStream(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }))

function toRandom(stream: Iterator<number>): () => number {
  return () => stream.next().value as number
}

test('planRound() opens the list, votes once for each emoji and looks at the leaderboard once', () => {
  fc.assert(
    fc.property(shares, (stream) => {
      const [first, ...rest] = planRound(SHORTCODES, toRandom(stream))
      expect(first).toEqual({ kind: 'list' })
      expect(rest.filter(({ kind }) => kind === 'leaderboard')).toHaveLength(1)
      const votes = rest.flatMap((visit) => (visit.kind === 'vote' ? [visit.shortcode] : []))
      expect(votes.toSorted()).toEqual(SHORTCODES.toSorted())
    }),
  )
})

test('in any ten seconds of the default rate 88 to 95 % of the requests succeed', () => {
  const windowRequests = 100
  fc.assert(
    fc.property(shares, fc.nat(20), (stream, skipped) => {
      const random = toRandom(stream)
      const visits = Array.from({ length: 10 }, () => planRound(SHORTCODES, random)).flat()
      const seen = visits.slice(skipped, skipped + windowRequests)
      const failing = seen.filter((visit) => visit.kind === 'vote' && visit.shortcode === BROKEN_SHORTCODE)
      const successRate = 1 - failing.length / windowRequests
      expect(successRate).toBeGreaterThanOrEqual(0.88)
      expect(successRate).toBeLessThanOrEqual(0.95)
    }),
  )
})

test.each([
  { visit: { kind: 'list' } as const, method: 'GET', path: '/api/list' },
  { visit: { kind: 'leaderboard' } as const, method: 'GET', path: '/leaderboard' },
  { visit: { kind: 'vote', shortcode: ':bee:' } as const, method: 'POST', path: '/api/vote?choice=%3Abee%3A' },
])('a visit of kind $visit.kind asks for $path', ({ visit, method, path }) => {
  expect(toRequest(visit)).toEqual({ method, path })
})
