import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { BALANCER_TYPES, candidatesOf, equalCandidates, seeded } from '../../test/candidates.ts'
import { type BalancerKind, createBalancer, type Draw } from './balancer.ts'
import { type Candidate, pauseEndpoint, putOut } from './candidate.ts'
import { createPickTrace, explainPick, type PickReason, type PickTrace } from './pick-trace.ts'

const NOW_US = 1_000_000
const LATER_US = 9_000_000
const HERE = { region: 'north', zone: 'north-1' }

/** Of picks among endpoints that are all well. */
const REASONS: Readonly<Record<BalancerKind, PickReason>> = {
  'peak-ewma': 'faster',
  'least-request': 'fewer-requests',
  'round-robin': 'turn',
  random: 'drawn',
  'ring-hash': 'key',
  maglev: 'key',
}

function balance(kind: BalancerKind, candidates: readonly Candidate[]) {
  const balancer = createBalancer({ balancer: { type: BALANCER_TYPES[kind] } }, candidates, {
    here: HERE,
    random: seeded(3),
  })
  const random = seeded(5)
  const pick = (draw: Partial<Draw> = {}) => balancer.pick({ nowUs: NOW_US, random, tried: undefined, ...draw })
  return { balancer, pick, picks: (count: number) => Array.from({ length: count }, () => pick()) }
}

describe.each(Object.keys(BALANCER_TYPES).map((kind) => ({ kind: kind as BalancerKind })))('$kind', ({ kind }) => {
  test('has nothing to pick of nothing', () => {
    expect(balance(kind, []).pick()).toBe(-1)
  })

  test('takes the only endpoint also when it is out, but not when it was tried', () => {
    const only = equalCandidates(1)
    const { pick } = balance(kind, only)
    putOut(only[0]!, LATER_US, 'a test')
    expect(pick()).toBe(0)
    expect(pick({ tried: [] })).toBe(0)
    expect(pick({ tried: [only[0]!.load] })).toBe(-1)
  })

  test('gives every endpoint its part', () => {
    const taken = balance(kind, equalCandidates(4)).picks(400)
    for (const at of [0, 1, 2, 3]) expect(taken.filter((one) => one === at).length).toBeGreaterThan(50)
  })

  test.each([
    { why: 'could not be connected to', leave: ({ load }: Candidate) => (load.avoidUntilUs = LATER_US) },
    { why: 'outlier detection put out', leave: (candidate: Candidate) => putOut(candidate, LATER_US, 'a test') },
    {
      why: 'asked to be left alone',
      leave: (candidate: Candidate) => pauseEndpoint(candidate, (LATER_US - NOW_US) / 1000, NOW_US),
    },
  ])('passes over what $why, until its time is over', ({ leave }) => {
    const candidates = equalCandidates(4)
    const { picks, pick } = balance(kind, candidates)
    for (const candidate of candidates.slice(1)) leave(candidate)
    expect(new Set(picks(100))).toEqual(new Set([0]))
    leave(candidates[0]!)
    expect(pick()).toBeGreaterThanOrEqual(0)
    const later = Array.from({ length: 200 }, () => pick({ nowUs: LATER_US }))
    expect(new Set(later).size).toBe(4)
  })

  test('never takes what was tried', () => {
    const candidates = equalCandidates(5)
    const { pick } = balance(kind, candidates)
    const tried = candidates.slice(0, 4).map(({ load }) => load)
    for (let i = 0; i < 50; i++) expect(pick({ tried, hashKey: `user-${i}` })).toBe(4)
    expect(pick({ tried: candidates.map(({ load }) => load) })).toBe(-1)
  })

  test('tells why, and decides the same whether it is asked to or not', () => {
    const [told, untold] = [balance(kind, equalCandidates(7)), balance(kind, equalCandidates(7))]
    for (let i = 0; i < 50; i++) {
      const trace = createPickTrace()
      const hashKey = `user-${i}`
      const at = told.pick({ trace, hashKey })
      expect(at).toBe(untold.pick({ hashKey }))
      expect(trace.reason).toBe(REASONS[kind])
      const isCompared = kind === 'peak-ewma' || kind === 'least-request'
      expect([trace.other !== -1, trace.other !== at, trace.cost > 0]).toEqual([isCompared, true, isCompared])
    }
  })
})

describe('createBalancer()', () => {
  test('takes peak EWMA where nothing else is asked for', () => {
    const { kind, needsHashKey } = createBalancer(undefined, equalCandidates(2), { here: HERE, random: seeded(1) })
    expect({ kind, needsHashKey }).toEqual({ kind: 'peak-ewma', needsHashKey: false })
  })

  test.each([
    { kind: 'peak-ewma', told: 'it was drawn, and c, which is passed over' },
    { kind: 'ring-hash', told: 'the key of the request belongs to c, which is passed over; it comes next' },
    { kind: 'maglev', told: 'the key of the request belongs to c, which is passed over; it comes next' },
  ] as const)('names the one that $kind passed over', ({ kind, told }) => {
    const candidates = candidatesOf([{ id: 'a' }, { id: 'b' }, { id: 'c' }, { id: 'd' }])
    const { pick } = balance(kind, candidates)
    putOut(candidates[2]!, NOW_US + 2_000_000, '5 failures in a row')
    const sentences = Array.from({ length: 50 }, (_one, at) => {
      const trace = createPickTrace()
      pick({ trace, hashKey: `user-${at}` })
      return explainPick(trace, (index) => candidates[index]!.id)
    })
    expect(sentences).toContain(told)
  })

  test('compares what is under way for least request, and what that costs in time for peak EWMA', () => {
    for (const { kind, chosen } of [
      { kind: 'least-request', chosen: 0 },
      { kind: 'peak-ewma', chosen: 1 },
    ] as const) {
      const candidates = equalCandidates(2)
      const { pick } = balance(kind, candidates)
      Object.assign(candidates[0]!.load, { inFlight: 1, rttUs: 300_000, observedUs: NOW_US })
      Object.assign(candidates[1]!.load, { inFlight: 2, rttUs: 20_000, observedUs: NOW_US })
      for (let i = 0; i < 20; i++) expect(pick()).toBe(chosen)
    }
  })
})

test('asking why never changes what is decided, whatever state the endpoints are in', () => {
  const states = fc.record({
    zone: fc.constantFrom('north-1', 'north-2', 'south-1'),
    weight: fc.integer({ min: 1, max: 5 }),
    inFlight: fc.nat(9),
    outMs: fc.constantFrom(0, 0, 0, 500),
    pausedMs: fc.constantFrom(0, 0, 0, 500),
    avoidMs: fc.constantFrom(0, 0, 0, 500),
    isTried: fc.boolean(),
  })
  const policies = fc.record({
    balancer: fc.constantFrom(...Object.values(BALANCER_TYPES)).map((type) => ({ type })),
    locality: fc.constantFrom({}, { mode: 'LOCALITY_MODE_PREFER_CLOSE' as const }, { panicBelowPercent: 101 }),
    slowStartMs: fc.constantFrom(0, 10_000),
  })
  fc.assert(
    fc.property(policies, fc.array(states, { maxLength: 9 }), fc.nat(), (policy, given, seed) => {
      const pickWith = (trace?: PickTrace) => {
        const candidates = candidatesOf(given.map(({ zone, weight }) => ({ zone, weight, region: zone.slice(0, 5) })))
        for (const [at, { outMs, pausedMs, avoidMs, inFlight }] of given.entries()) {
          if (outMs > 0) putOut(candidates[at]!, NOW_US + outMs * 1000, 'a test')
          if (pausedMs > 0) pauseEndpoint(candidates[at]!, pausedMs, NOW_US)
          Object.assign(candidates[at]!.load, { inFlight, avoidUntilUs: avoidMs === 0 ? 0 : NOW_US + avoidMs * 1000 })
        }
        const balancer = createBalancer(policy, candidates, { here: HERE, random: seeded(seed) })
        const tried = candidates.filter((_one, at) => given[at]!.isTried).map(({ load }) => load)
        const random = seeded(seed + 1)
        return Array.from({ length: 4 }, (_one, at) =>
          balancer.pick({ nowUs: NOW_US, random, tried, hashKey: `user-${at}`, ...(trace && { trace }) }),
        )
      }
      const trace = createPickTrace()
      const chosen = pickWith(trace)
      expect(chosen).toEqual(pickWith())
      expect(trace.reason === 'none').toBe(chosen.at(-1) === -1)
      expect(trace.other).toBeLessThan(given.length)
      const isLeft = given.some(({ isTried }) => !isTried)
      expect(chosen.every((at) => (isLeft ? !given[at]!.isTried : at === -1))).toBe(true)
      const mayPanic = !('panicBelowPercent' in policy.locality)
      const isUsable = ({ outMs, pausedMs, avoidMs, isTried }: (typeof given)[number], isOutAllowed = false) =>
        (isOutAllowed ? 0 : outMs) + pausedMs + avoidMs === 0 && !isTried
      if (given.some((one) => isUsable(one))) expect(chosen.every((at) => isUsable(given[at]!, mayPanic))).toBe(true)
    }),
    { numRuns: 300 },
  )
})
