import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { candidatesOf, seeded } from '../../test/candidates.ts'
import { type Candidate, createCandidates } from './candidate.ts'
import { RoundRobin } from './round-robin.ts'

const RULES = { rampUs: 0, isPanic: false }
const DRAW = { nowUs: 1, random: seeded(1), tried: undefined }

function turns(candidates: readonly Candidate[], count: number, seed = 1): number[] {
  const picker = new RoundRobin(candidates, RULES, seeded(seed))
  return Array.from({ length: count }, () => picker.pick(DRAW))
}

describe('RoundRobin', () => {
  test('gives every endpoint exactly its weight in every round, and none of them late', () => {
    const weights = fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1, maxLength: 8 })
    fc.assert(
      fc.property(weights, fc.nat(), fc.integer({ min: 1, max: 5 }), (each, seed, rounds) => {
        const total = each.reduce((sum, weight) => sum + weight, 0)
        const order = turns(
          each.map((weight) => candidatesOf([{ weight }])[0]!),
          total * rounds,
          seed,
        )
        for (const [at, weight] of each.entries()) {
          let taken = 0
          for (const [picks, one] of order.entries()) {
            if (one === at) taken += 1
            expect(Math.abs(taken - (weight * (picks + 1)) / total)).toBeLessThan(each.length)
          }
          expect(Math.abs(taken - weight * rounds)).toBeLessThanOrEqual(1)
        }
      }),
    )
  })

  test('spreads the turns of a heavy endpoint', () => {
    const order = turns(candidatesOf([{ weight: 5 }, { weight: 1 }, { weight: 1 }]), 70).join('')
    expect(order).not.toContain('000000')
  })

  test('does not begin with the same endpoint everywhere', () => {
    const first = new Set(Array.from({ length: 40 }, (_one, seed) => turns(candidatesOf([{}, {}, {}, {}]), 1, seed)[0]))
    expect(first.size).toBe(4)
  })

  test('goes on where it was when another endpoint comes', () => {
    const before = candidatesOf([{}, {}, {}])
    const picker = new RoundRobin(before, RULES, seeded(2))
    const taken = [picker.pick(DRAW), picker.pick(DRAW)]
    const [added] = candidatesOf([{ id: 'shop/added:80' }])
    const after = createCandidates([...before, added!], before, 5)
    const next = new RoundRobin(after, RULES, seeded(2))
    expect([...taken, next.pick(DRAW)].toSorted()).toEqual([0, 1, 2])
    expect(new Set([next.pick(DRAW), next.pick(DRAW), next.pick(DRAW), next.pick(DRAW)])).toContain(3)
  })

  test('comes around among ten thousand as well', () => {
    const picker = new RoundRobin(candidatesOf(Array.from({ length: 10_000 }, () => ({}))), RULES, seeded(3))
    const seen = new Set(Array.from({ length: 10_000 }, () => picker.pick(DRAW)))
    expect(seen.size).toBe(10_000)
  })
})
