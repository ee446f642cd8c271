import { describe, expect, test } from 'vitest'
import { BALANCER_TYPES, candidatesOf, equalCandidates, seeded } from '../../test/candidates.ts'
import { hashName } from '../route/session.ts'
import { type BalancerKind, createBalancer, type Draw } from './balancer.ts'
import { type Candidate, pauseEndpoint, putOut } from './candidate.ts'
import { createPickTrace } from './pick-trace.ts'

const NOW_US = 1_000_000
const LATER_US = 9_000_000
const HERE = { region: 'north', zone: 'north-1' }

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

  test('keeps a session where it is, as long as that endpoint is usable', () => {
    const candidates = equalCandidates(6)
    const { pick } = balance(kind, candidates)
    const prefer = hashName(candidates[2]!.id)
    for (let i = 0; i < 50; i++) expect(pick({ prefer, hashKey: `user-${i}` })).toBe(2)
    putOut(candidates[2]!, LATER_US, 'a test')
    for (let i = 0; i < 50; i++) expect(pick({ prefer, hashKey: `user-${i}` })).not.toBe(2)
    expect(pick({ prefer: hashName('shop/gone:80') })).toBeGreaterThanOrEqual(0)
  })

  test('tells why, and decides the same whether it is asked to or not', () => {
    const [told, untold] = [balance(kind, equalCandidates(7)), balance(kind, equalCandidates(7))]
    for (let i = 0; i < 50; i++) {
      const trace = createPickTrace()
      const hashKey = `user-${i}`
      const at = told.pick({ trace, hashKey })
      expect(at).toBe(untold.pick({ hashKey }))
      expect(trace).toMatchObject({ balancer: kind, chosen: at, isPanic: false })
      expect(trace.scores.map(({ id }) => id)).toEqual(equalCandidates(7).map(({ id }) => id))
      expect(trace.drawn).toContain(trace.scores[at]!.id)
      expect(trace.reason).toContain(trace.scores[at]!.id)
    }
  })
})

describe('createBalancer()', () => {
  test('takes peak EWMA where nothing else is asked for', () => {
    const { kind, needsHashKey } = createBalancer(undefined, equalCandidates(2), { here: HERE, random: seeded(1) })
    expect({ kind, needsHashKey }).toEqual({ kind: 'peak-ewma', needsHashKey: false })
  })

  test('says why endpoints are passed over', () => {
    const candidates = candidatesOf([{ id: 'a' }, { id: 'b' }, { id: 'c' }, { id: 'd' }])
    const { pick } = balance('least-request', candidates)
    const trace = createPickTrace()
    candidates[0]!.load.avoidUntilUs = NOW_US + 1_500_000
    putOut(candidates[1]!, NOW_US + 2_000_000, '5 failures in a row')
    expect(pick({ trace, tried: [candidates[2]!.load] })).toBe(3)
    expect(trace.scores.map(({ passedOver }) => passedOver)).toEqual([
      'could not be connected to; left out for another 1500 ms',
      'put out for another 2000 ms: 5 failures in a row',
      'tried already',
      '',
    ])
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
