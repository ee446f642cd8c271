import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { candidatesOf, seeded } from '../../test/candidates.ts'
import { type Candidate, putOut } from './candidate.ts'
import { Maglev } from './maglev.ts'
import { RingHash } from './ring-hash.ts'

const KEYS = 20_000
const RULES = { rampUs: 0, isPanic: false }
const PICKERS = {
  'ring hash': (candidates: readonly Candidate[]) => new RingHash(candidates, RULES),
  maglev: (candidates: readonly Candidate[]) => new Maglev(candidates, RULES),
}

function draw(key: number | undefined, seed = 1) {
  const hashKey = key === undefined ? undefined : `user-${key}`
  return { nowUs: 1, random: seeded(seed), tried: undefined, hashKey }
}

function ownersOf(kind: keyof typeof PICKERS, candidates: readonly Candidate[]): string[] {
  const picker = PICKERS[kind](candidates)
  return Array.from({ length: KEYS }, (_one, key) => candidates[picker.pick(draw(key))]!.id)
}

/** Shares of the keys that move when the endpoint at `gone` goes: its own, and others. */
function movesOf(kind: keyof typeof PICKERS, candidates: readonly Candidate[], gone: number) {
  const before = ownersOf(kind, candidates)
  const after = ownersOf(
    kind,
    candidates.filter((_one, at) => at !== gone),
  )
  const moved = before.filter((owner, key) => owner !== after[key])
  const own = moved.filter((owner) => owner === candidates[gone]!.id).length
  return { moved: moved.length / KEYS, others: (moved.length - own) / KEYS }
}

const clusters = fc
  .record({ count: fc.integer({ min: 2, max: 60 }), seed: fc.nat(1_000_000) })
  .map(({ count, seed }) => candidatesOf(Array.from({ length: count }, (_one, at) => ({ id: `shop/w-${seed}-${at}` }))))

/** The same clusters in each run: shares stray by chance, and of a million clusters some go beyond any of these bounds. */
const SEED = 20

describe('when an endpoint goes', () => {
  test('ring hash moves at most 1.5/n of the keys, and only those of that endpoint', () => {
    fc.assert(
      fc.property(clusters, fc.nat(), (candidates, pick) => {
        const { moved, others } = movesOf('ring hash', candidates, pick % candidates.length)
        expect(moved).toBeLessThanOrEqual(1.5 / candidates.length)
        expect(others).toBe(0)
      }),
      { numRuns: 30, seed: SEED },
    )
  })

  // Of 2,500 random clusters of 3 to 6 endpoints 6 moved more than 1 in 100 of the others' keys, one 1 in 30.
  test('maglev moves at most 1.25/n of the keys, and of all others mostly 1 in 100, never more than 1 in 10', () => {
    const shares: number[] = []
    fc.assert(
      fc.property(clusters, fc.nat(), (candidates, pick) => {
        const { moved, others } = movesOf('maglev', candidates, pick % candidates.length)
        expect(moved - others).toBeLessThanOrEqual(1.25 / candidates.length)
        expect(others).toBeLessThanOrEqual(0.1)
        shares.push(others)
      }),
      { numRuns: 15, seed: SEED },
    )
    expect(shares.toSorted((a, b) => a - b)[7]).toBeLessThanOrEqual(0.01)
  })
})

describe.each([{ kind: 'ring hash' }, { kind: 'maglev' }] as const)('$kind', ({ kind }) => {
  test('sends the same key to the same endpoint, in whatever order the endpoints are told', () => {
    const candidates = candidatesOf(Array.from({ length: 12 }, () => ({})))
    expect(ownersOf(kind, candidates.toReversed())).toEqual(ownersOf(kind, candidates))
  })

  test('shares the keys by weight', () => {
    const owners = ownersOf(kind, candidatesOf([{ id: 'light' }, { id: 'heavy', weight: 3 }]))
    const heavy = owners.filter((owner) => owner === 'heavy').length / KEYS
    expect(heavy).toBeGreaterThan(0.65)
    expect(heavy).toBeLessThan(0.85)
  })

  test('spreads the keys of an endpoint that is passed over, and moves no others', () => {
    const candidates = candidatesOf(Array.from({ length: 10 }, () => ({})))
    const before = ownersOf(kind, candidates)
    putOut(candidates[4]!, 100, 'a test')
    const after = ownersOf(kind, candidates)
    const moved = before.flatMap((owner, key) => (owner === after[key] ? [] : [{ owner, to: after[key] }]))
    expect(new Set(moved.map(({ owner }) => owner))).toEqual(new Set([candidates[4]!.id]))
    expect(new Set(moved.map(({ to }) => to)).size).toBe(9)
  })

  test('draws an endpoint for a request without a key', () => {
    const candidates = candidatesOf([{}, {}, {}])
    const picker = PICKERS[kind](candidates)
    const taken = new Set(Array.from({ length: 100 }, (_one, seed) => picker.pick(draw(undefined, seed))))
    expect(taken.size).toBe(3)
  })
})

test('a ring of very many points gives each endpoint fewer of them, and still all of the keys', () => {
  const candidates = candidatesOf(Array.from({ length: 40 }, (_one, at) => ({ weight: at < 20 ? 100 : 50 })))
  const owners = ownersOf('ring hash', candidates)
  const heavy = owners.filter((owner) => candidates.slice(0, 20).some(({ id }) => id === owner)).length / KEYS
  expect(Math.abs(heavy - 2 / 3)).toBeLessThan(0.03)
})
