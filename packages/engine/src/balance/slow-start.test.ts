import { describe, expect, test } from 'vitest'
import { BALANCER_TYPES, seeded } from '../../test/candidates.ts'
import { createLoad } from '../balance.ts'
import { createBalancer } from './balancer.ts'
import { type CandidateFacts, createCandidates } from './candidate.ts'

const HERE = { region: '', zone: '' }
const SECOND = 1_000_000
const WINDOW_MS = 10_000
const PICKS = 20_000

function facts(id: string): CandidateFacts {
  return { id, region: '', zone: '', load: createLoad(1, 0) }
}

/** Three endpoints that are known, and one that came at second 100. */
function withNewcomer(type: (typeof BALANCER_TYPES)[keyof typeof BALANCER_TYPES]) {
  const known = createCandidates(['a', 'b', 'c'].map(facts), [], 0)
  const candidates = createCandidates([...known, facts('new')], known, 100 * SECOND)
  const policy = { balancer: { type }, slowStartMs: WINDOW_MS }
  const balancer = createBalancer(policy, candidates, { here: HERE, random: seeded(1) })
  const random = seeded(2)
  const shareAt = (second: number) => {
    let taken = 0
    for (let i = 0; i < PICKS; i++)
      if (balancer.pick({ nowUs: second * SECOND, random, tried: undefined }) === 3) taken += 1
    return taken / PICKS
  }
  return { balancer, shareAt, candidates }
}

describe.each([{ kind: 'peak-ewma' }, { kind: 'least-request' }, { kind: 'round-robin' }, { kind: 'random' }] as const)(
  'slow start with $kind',
  ({ kind }) => {
    test.each([
      { after: 0, warmth: 0.1 },
      { after: 2.5, warmth: 0.25 },
      { after: 5, warmth: 0.5 },
      { after: 10, warmth: 1 },
      { after: 60, warmth: 1 },
    ])('gives a new endpoint $warmth of its weight after $after s', ({ after, warmth }) => {
      const share = withNewcomer(BALANCER_TYPES[kind]).shareAt(100 + after)
      expect(Math.abs(share - warmth / (3 + warmth))).toBeLessThan(0.025)
    })
  },
)

test('endpoints of a new destination start with their whole share', () => {
  const candidates = createCandidates(['a', 'b'].map(facts), [], 100 * SECOND)
  const policy = { balancer: { type: BALANCER_TYPES.random }, slowStartMs: WINDOW_MS }
  const balancer = createBalancer(policy, candidates, { here: HERE, random: seeded(1) })
  // Each draw counts, so that no second number is drawn for any of them.
  let draws = 0
  const random = () => {
    draws += 1
    return 0.5
  }
  balancer.pick({ nowUs: 100 * SECOND, random, tried: undefined })
  expect(draws).toBe(1)
})

describe('createCandidates()', () => {
  test('keeps what is known of an endpoint, but not of one at another address or place', () => {
    const before = createCandidates(['a', 'b', 'c'].map(facts), [], 0)
    before[0]!.record.failuresInARow = 3
    const moved = { ...before[1]!, load: createLoad(1, 0) }
    const after = createCandidates([moved, before[0]!, { ...before[2]!, zone: 'other' }], before, 7)
    expect(after[1]).toBe(before[0])
    expect(after[0]).toMatchObject({ id: 'b', warmFromUs: 7 })
    expect(after[2]).toMatchObject({ id: 'c', zone: 'other', warmFromUs: 7 })
  })
})
