import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { equalCandidates, seeded } from '../../test/candidates.ts'
import { createBalancer } from '../balance/balancer.ts'
import type { Candidate } from '../balance/candidate.ts'
import { type EndpointOutcome, outcomeOf } from './outcome.ts'
import { OutlierDetector, toOutlierOptions } from './outlier-detector.ts'

const SECOND = 1_000_000
const POLICY = {
  consecutiveFailures: 3,
  intervalMs: 10_000,
  baseEjectionMs: 5_000,
  maxEjectionMs: 20_000,
  maxEjectionPercent: 50,
}

function watch(count: number, policy = {}) {
  const candidates = equalCandidates(count)
  const detector = new OutlierDetector(toOutlierOptions({ ...POLICY, ...policy }))
  detector.update(candidates, 0)
  const observe = (at: number, outcomes: string, nowUs = 1) =>
    [...outcomes].map((sign) => detector.observe(candidates[at]!, OUTCOMES[sign]!, nowUs)).at(-1)
  const out = (nowUs: number) => candidates.flatMap(({ ejectedUntilUs }, at) => (ejectedUntilUs > nowUs ? [at] : []))
  return { candidates, detector, observe, out }
}

const OUTCOMES: Record<string, EndpointOutcome> = { o: 'success', x: 'failure', t: 'throttled', '-': 'none' }

describe('consecutive failures', () => {
  test.each([
    { name: 'as many as the policy says', outcomes: 'xxx', isOut: true },
    { name: 'one fewer', outcomes: 'xx', isOut: false },
    { name: 'a success between', outcomes: 'xxoxx', isOut: false },
    { name: 'what says nothing between', outcomes: 'xx--x', isOut: true },
    { name: 'being throttled between, which is neither', outcomes: 'xxtx', isOut: true },
    { name: 'being throttled only', outcomes: 'tttttt', isOut: false },
  ])('put out or not: $name', ({ outcomes, isOut }) => {
    const { observe, out } = watch(4)
    observe(1, outcomes)
    expect(out(1)).toEqual(isOut ? [1] : [])
  })

  test('say what they decided, for people and counters', () => {
    const { observe, candidates } = watch(2)
    expect(observe(0, 'xxx')).toEqual({
      candidate: candidates[0],
      cause: 'consecutive_failures',
      isEjected: true,
      forUs: 5 * SECOND,
      reason: '3 failures in a row',
    })
    expect(candidates[0]!.ejectedFor).toBe('3 failures in a row')
    expect(observe(1, 'xxx')).toMatchObject({
      isEjected: false,
      reason: '3 failures in a row; it stays, since no other endpoint can be used',
    })
  })

  test('are not judged where the policy does not ask for it', () => {
    const { observe, out } = watch(4, { consecutiveFailures: 0 })
    expect(observe(0, 'x'.repeat(50))).toBeUndefined()
    expect(out(1)).toEqual([])
  })

  test('put out for longer each time, up to the maximum, and forget with time', () => {
    const { observe, candidates } = watch(4)
    let nowUs = 0
    const timesOut: number[] = []
    for (let n = 0; n < 6; n++) {
      observe(0, 'xxx', nowUs)
      timesOut.push((candidates[0]!.ejectedUntilUs - nowUs) / SECOND)
      nowUs = candidates[0]!.ejectedUntilUs + 1
    }
    expect(timesOut).toEqual([5, 10, 15, 20, 20, 20])
    nowUs += 42 * SECOND
    observe(0, 'xxx', nowUs)
    expect((candidates[0]!.ejectedUntilUs - nowUs) / SECOND).toBe(15)
  })

  test('of requests that were under way when it was put out do not count again', () => {
    const { observe, candidates } = watch(4)
    observe(0, 'xxx')
    const untilUs = candidates[0]!.ejectedUntilUs
    observe(0, 'xxxxxx', 2)
    expect(candidates[0]!.ejectedUntilUs).toBe(untilUs)
  })
})

describe('success rate', () => {
  /** Neither interval nor least number of requests is the default. */
  const policy = {
    consecutiveFailures: 0,
    successRateStdevThousandths: 1900,
    successRateMinimumRequests: 80,
    intervalMs: 4_000,
  }
  const END_US = 4 * SECOND

  /** An interval in which the endpoints fail that share of 80 requests, evenly. */
  function interval(shares: readonly number[], { requests = 80, ...others } = {}) {
    const watched = watch(shares.length, { ...policy, ...others })
    for (const [at, share] of shares.entries())
      for (let i = 0; i < requests; i++)
        watched.observe(at, Math.floor((i + 1) * share) > Math.floor(i * share) ? 'x' : 'o')
    const decided = watched.observe(0, 'o', END_US)
    return { ...watched, decided }
  }

  test('puts out what is far below the others', () => {
    const { out, decided } = interval([0.01, 0.02, 0.5, 0, 0.01])
    expect(out(END_US)).toEqual([2])
    expect(decided).toMatchObject({ cause: 'success_rate', isEjected: true })
    expect(decided!.reason).toMatch(/^50\.0 % of 80 requests succeeded, below \d\d\.\d %; the mean of all is 89\.8 %$/)
  })

  test.each([
    { name: 'all are equally bad', shares: [0.5, 0.5, 0.5, 0.5, 0.5] },
    { name: 'the gap is small', shares: [0, 0, 0.01, 0, 0] },
    { name: 'there are too few to tell', shares: [0, 0.9] },
    { name: 'there were too few requests', shares: [0, 0, 0.9, 0, 0], requests: 50 },
    { name: 'the policy does not ask for it', shares: [0, 0, 0.9, 0, 0], successRateStdevThousandths: 0 },
  ])('puts out nothing when $name', ({ shares, ...options }) => {
    expect(interval(shares, options).out(END_US)).toEqual([])
  })

  test('starts anew with each interval', () => {
    const { candidates, observe, out } = interval([0, 0, 0.9, 0, 0])
    expect(out(END_US)).toEqual([2])
    expect(candidates.map(({ record }) => record.requests)).toEqual([1, 0, 0, 0, 0])
    observe(0, 'o', 30 * SECOND)
    expect(out(30 * SECOND)).toEqual([])
  })

  test('puts out at the end of any interval', () => {
    const { observe, out } = interval([0, 0, 0, 0, 0])
    for (let at = 0; at < 5; at++) observe(at, (at === 2 ? 'x' : 'o').repeat(80), END_US + 1)
    observe(0, 'o', 2 * END_US)
    expect(out(2 * END_US)).toEqual([2])
  })

  test('does not count what says nothing', () => {
    const { observe, out } = watch(5, policy)
    for (let at = 0; at < 5; at++) observe(at, at === 2 ? 'x'.repeat(70) + '-'.repeat(20) : 'o'.repeat(80))
    observe(0, 'o', END_US)
    expect(out(END_US)).toEqual([])
  })
})

describe('the floor', () => {
  test('keeps the share that the policy says', () => {
    const { observe, out } = watch(10, { maxEjectionPercent: 30 })
    for (let at = 0; at < 10; at++) observe(at, 'xxx')
    expect(out(1)).toEqual([0, 1, 2])
    expect(observe(5, 'xxx')?.reason).toBe('3 failures in a row; it stays, since 3 of 10 are out already')
  })

  test('counts those that cannot be connected to as gone', () => {
    const { candidates, observe, out } = watch(3, { maxEjectionPercent: 100 })
    candidates[1]!.load.avoidUntilUs = 60 * SECOND
    observe(0, 'xxx')
    observe(2, 'xxx')
    expect(out(1)).toEqual([0])
  })

  test('readmits those that are back first when the others go', () => {
    const { candidates, detector, observe, out } = watch(4, { maxEjectionPercent: 75 })
    observe(0, 'xxx', 3)
    observe(1, 'xxx', 2)
    observe(2, 'xxx', 1)
    expect(out(5)).toEqual([0, 1, 2])
    detector.update(candidates.slice(0, 3), 5)
    expect(out(5)).toEqual([0, 1])
    detector.update(candidates.slice(0, 2), 5)
    expect(out(5)).toEqual([0])
    detector.update(candidates.slice(0, 1), 5)
    expect(out(5)).toEqual([])
  })

  test('readmits one when those that are left cannot be connected to', () => {
    const { candidates, detector, observe, out } = watch(4, { maxEjectionPercent: 75 })
    observe(0, 'xxx', 2)
    observe(1, 'xxx', 1)
    candidates[2]!.load.avoidUntilUs = 60 * SECOND
    detector.update(candidates.slice(0, 3), 5)
    expect(out(5)).toEqual([0])
  })

  test('readmits none that cannot be connected to itself', () => {
    const { candidates, detector, observe, out } = watch(4, { maxEjectionPercent: 75 })
    observe(0, 'xxx', 2)
    observe(1, 'xxx', 1)
    for (const at of [1, 2]) candidates[at]!.load.avoidUntilUs = 60 * SECOND
    detector.update(candidates.slice(0, 3), 5)
    expect(out(5)).toEqual([1])
  })

  test('holds whatever happens: never more out than allowed, one always in, and that one is picked', () => {
    const step = fc.oneof(
      fc.record({
        kind: fc.constant('observe' as const),
        at: fc.nat(),
        outcomes: fc.constantFrom('x', 'xxx', 'o', 't'),
      }),
      fc.record({ kind: fc.constant('wait' as const), us: fc.nat(15 * SECOND) }),
      fc.record({ kind: fc.constant('resize' as const), count: fc.integer({ min: 1, max: 8 }) }),
    )
    const policies = fc.record({
      consecutiveFailures: fc.integer({ min: 1, max: 4 }),
      maxEjectionPercent: fc.integer({ min: 1, max: 100 }),
      successRateStdevThousandths: fc.constantFrom(0, 500),
      successRateMinimumRequests: fc.constant(2),
    })
    fc.assert(
      fc.property(policies, fc.array(step, { maxLength: 60 }), fc.nat(), (policy, steps, seed) => {
        const all = equalCandidates(8)
        const detector = new OutlierDetector(toOutlierOptions({ ...POLICY, ...policy }))
        let present: readonly Candidate[] = all
        let nowUs = 0
        detector.update(present, nowUs)
        for (const one of steps) {
          if (one.kind === 'wait') nowUs += one.us
          if (one.kind === 'resize') {
            present = all.slice(0, one.count)
            detector.update(present, nowUs)
          }
          if (one.kind === 'observe')
            for (const sign of one.outcomes) detector.observe(present[one.at % present.length]!, OUTCOMES[sign]!, nowUs)
          const out = present.filter(({ ejectedUntilUs }) => ejectedUntilUs > nowUs)
          const allowed = Math.max(1, Math.floor((present.length * policy.maxEjectionPercent) / 100))
          expect(out.length).toBeLessThanOrEqual(Math.min(allowed, present.length - 1))
          const balancer = createBalancer(undefined, present, { here: { region: '', zone: '' }, random: seeded(1) })
          const picked = present[balancer.pick({ nowUs, random: seeded(seed), tried: undefined })]!
          expect(picked.ejectedUntilUs).toBeLessThanOrEqual(nowUs)
        }
      }),
    )
  })
})

test.each([
  { status: 200, grpcStatus: undefined, outcome: 'success' },
  { status: 404, grpcStatus: undefined, outcome: 'success' },
  { status: 429, grpcStatus: undefined, outcome: 'throttled' },
  { status: 500, grpcStatus: undefined, outcome: 'failure' },
  { status: 503, grpcStatus: undefined, outcome: 'failure' },
  { status: 200, grpcStatus: 0, outcome: 'success' },
  { status: 200, grpcStatus: 5, outcome: 'success' },
  { status: 200, grpcStatus: 8, outcome: 'throttled' },
  { status: 200, grpcStatus: 14, outcome: 'failure' },
])('outcomeOf() status $status, gRPC $grpcStatus is $outcome', ({ status, grpcStatus, outcome }) => {
  expect(outcomeOf(status, grpcStatus)).toBe(outcome)
})
