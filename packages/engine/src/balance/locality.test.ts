import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { BALANCER_TYPES, candidatesOf, seeded } from '../../test/candidates.ts'
import { createBalancer } from './balancer.ts'
import { putOut } from './candidate.ts'
import { levelOf, localityShares, toThresholds } from './locality.ts'

const HERE = { region: 'north', zone: 'north-1' }
const THRESHOLDS = { failoverBelow: 0.7, panicBelow: 0.5 }

function levels(...pairs: readonly (readonly [usable: number, total: number])[]) {
  return pairs.map(([usable, total]) => ({ usable, total }))
}

describe('localityShares()', () => {
  test.each([
    { name: 'all is well: the zone takes everything', of: levels([10, 10], [10, 10], [10, 10]), shares: [1, 0, 0] },
    { name: 'at the threshold the zone still does', of: levels([7, 10], [10, 10], [10, 10]), shares: [1, 0, 0] },
    { name: 'below it, the next one helps', of: levels([6, 10], [10, 10], [10, 10]), shares: [6 / 7, 1 / 7, 0] },
    { name: 'half of the zone is left', of: levels([5, 10], [10, 10], [10, 10]), shares: [5 / 7, 2 / 7, 0] },
    { name: 'the zone is gone', of: levels([0, 10], [10, 10], [10, 10]), shares: [0, 1, 0] },
    { name: 'zone and region are gone', of: levels([0, 10], [0, 10], [10, 10]), shares: [0, 0, 1] },
    { name: 'all levels help', of: levels([3, 10], [3, 10], [10, 10]), shares: [3 / 7, 3 / 7, 1 / 7] },
    { name: 'no zone of its own', of: levels([0, 0], [4, 4], [9, 9]), shares: [0, 1, 0] },
    { name: 'one big, one small level', of: levels([1, 2], [100, 100]), shares: [5 / 7, 2 / 7] },
    { name: 'not enough: in proportion to capacity', of: levels([55, 100], [1, 8]), shares: [55 / 67.5, 12.5 / 67.5] },
    { name: 'not enough, no panic yet', of: levels([6, 10], [0, 1]), shares: [1, 0] },
    {
      name: 'panic: as if there were no levels',
      of: levels([2, 10], [2, 10], [1, 20]),
      shares: [0.25, 0.25, 0.5],
      isPanic: true,
    },
    { name: 'nothing is usable', of: levels([0, 1], [0, 3]), shares: [0.25, 0.75], isPanic: true },
    { name: 'nothing is there', of: levels([0, 0], [0, 0]), shares: [0, 0] },
  ])('$name', ({ of, shares, isPanic = false }) => {
    const divided = localityShares(of, THRESHOLDS)
    expect(divided.isPanic).toBe(isPanic)
    for (const [at, share] of divided.shares.entries()) expect(share).toBeCloseTo(shares[at]!, 10)
  })

  test('adds up to 1, gives nothing to what is empty, and never less to a level for getting better', () => {
    const level = fc.tuple(fc.nat(50), fc.nat(50)).map(([a, b]) => ({ usable: Math.min(a, b), total: Math.max(a, b) }))
    const thresholds = fc.record({
      failoverBelow: fc.integer({ min: 1, max: 100 }).map((percent) => percent / 100),
      panicBelow: fc.constant(0),
    })
    fc.assert(
      fc.property(fc.array(level, { minLength: 1, maxLength: 3 }), thresholds, (of, given) => {
        const { shares } = localityShares(of, given)
        const total = of.reduce((sum, one) => sum + one.total, 0)
        expect(shares.reduce((sum, share) => sum + share, 0)).toBeCloseTo(total === 0 ? 0 : 1, 10)
        for (const [at, share] of shares.entries()) if (of[at]!.total === 0) expect(share).toBe(0)
        const usable = of.reduce((sum, one) => sum + one.usable, 0)
        if (of[0]!.usable === of[0]!.total || usable === 0) return
        const better = [{ ...of[0]!, usable: of[0]!.usable + 1 }, ...of.slice(1)]
        expect(localityShares(better, given).shares[0]!).toBeGreaterThanOrEqual(shares[0]! - 1e-9)
      }),
    )
  })
})

test.each([
  { name: 'no policy', policy: undefined, failoverBelow: 0.7, panicBelow: 0 },
  { name: 'the defaults', policy: {}, failoverBelow: 0.7, panicBelow: 0.5 },
  { name: 'its own', policy: { failoverBelowPercent: 90, panicBelowPercent: 20 }, failoverBelow: 0.9, panicBelow: 0.2 },
  { name: 'never panic', policy: { panicBelowPercent: 101 }, failoverBelow: 0.7, panicBelow: 0 },
])('toThresholds() of $name', ({ policy, failoverBelow, panicBelow }) => {
  expect(toThresholds(policy)).toEqual({ failoverBelow, panicBelow })
})

test.each([
  { here: HERE, region: 'north', zone: 'north-1', level: 'zone' },
  { here: HERE, region: 'north', zone: 'north-2', level: 'region' },
  { here: HERE, region: 'south', zone: 'north-1', level: 'rest' },
  { here: HERE, region: '', zone: '', level: 'rest' },
  { here: { region: '', zone: '' }, region: '', zone: '', level: 'rest' },
  { here: { region: '', zone: 'a' }, region: '', zone: 'a', level: 'zone' },
])('levelOf() sees $region/$zone from $here.region/$here.zone as $level', ({ here, region, zone, level }) => {
  expect(levelOf(here, candidatesOf([{ region, zone }])[0]!)).toBe(level)
})

const ZONES = [
  ...Array.from({ length: 10 }, () => ({ region: 'north', zone: 'north-1' })),
  ...Array.from({ length: 10 }, () => ({ region: 'north', zone: 'north-2' })),
  ...Array.from({ length: 10 }, () => ({ region: 'south', zone: 'south-1' })),
]
const OUT_US = 10_000_000

describe.each(Object.entries(BALANCER_TYPES).map(([kind, type]) => ({ kind, type })))(
  '$kind by locality',
  ({ type }) => {
    function world(out: number) {
      const candidates = candidatesOf(ZONES)
      for (const candidate of candidates.slice(0, out)) putOut(candidate, OUT_US, 'a test')
      const policy = { balancer: { type }, locality: { mode: 'LOCALITY_MODE_PREFER_CLOSE' as const } }
      const balancer = createBalancer(policy, candidates, { here: HERE, random: seeded(1) })
      const random = seeded(9)
      const shares = (count: number) => {
        const taken = { 'north-1': 0, 'north-2': 0, 'south-1': 0 }
        for (let i = 0; i < count; i++) {
          const at = balancer.pick({ nowUs: 1, random, tried: undefined, hashKey: `user-${i}` })
          taken[candidates[at]!.zone as 'north-1'] += 1 / count
        }
        return taken
      }
      return { candidates, balancer, shares }
    }

    test('stays in its zone while that has capacity', () => {
      const { shares } = world(3)
      expect(shares(500)['north-1']).toBeCloseTo(1, 9)
    })

    test('gives the next zone what its own cannot take', () => {
      const { shares, candidates } = world(5)
      const taken = shares(4000)
      expect(Math.abs(taken['north-1'] - 5 / 7)).toBeLessThan(0.03)
      expect(Math.abs(taken['north-2'] - 2 / 7)).toBeLessThan(0.03)
      expect(candidates.slice(0, 5).every(({ ejectedUntilUs }) => ejectedUntilUs === OUT_US)).toBe(true)
    })

    test('goes to another region when the own has nothing, and elsewhere when all of a level was tried', () => {
      const { shares, candidates, balancer } = world(20)
      expect(shares(200)['south-1']).toBeCloseTo(1, 9)
      const tried = candidates.slice(20).map(({ load }) => load)
      const at = balancer.pick({ nowUs: 1, random: seeded(4), tried })
      expect(at).toBeGreaterThanOrEqual(0)
      expect(at).toBeLessThan(20)
    })

    test('forgets that endpoints were put out when too few are left', () => {
      const { balancer, candidates, shares } = world(30)
      expect(shares(3000)['south-1']).toBeGreaterThan(0.28)
      for (const candidate of candidates.slice(1)) putOut(candidate, 0, '')
      const random = seeded(2)
      const picks = Array.from({ length: 500 }, (_one, at) =>
        balancer.pick({ nowUs: 1_000_000, random, tried: undefined, hashKey: `user-${at}` }),
      )
      expect(picks).not.toContain(0)
    })
  },
)
