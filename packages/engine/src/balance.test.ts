import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { costOf, createLoad, type EndpointLoad, observeFailure, observeRtt, pickEndpoint } from './balance.ts'

const MS = 1000
const SECOND = 1000 * MS

/** Numbers from 0 to below 1, the same for the same seed. */
function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}

describe('observeRtt()', () => {
  test('takes a slower answer at once and in full', () => {
    const load = createLoad(1, 0)
    observeRtt(load, 500 * MS, 1 * MS)
    expect(load.rttUs).toBe(500 * MS)
  })

  test('takes faster answers by and by', () => {
    const load = createLoad(1, 0)
    observeRtt(load, 1 * MS, 10 * SECOND)
    expect(load.rttUs).toBeGreaterThan(10 * MS)
    expect(load.rttUs).toBeLessThan(15 * MS)
    observeRtt(load, 1 * MS, 100 * SECOND)
    expect(load.rttUs).toBeLessThan(1.1 * MS)
  })

  test('stays between what it knew and what it saw', () => {
    const us = fc.integer({ min: 0, max: 60 * SECOND })
    fc.assert(
      fc.property(us, us, us, (first, second, gapUs) => {
        const load = createLoad(1, 0)
        observeRtt(load, first, 1)
        const before = load.rttUs
        observeRtt(load, second, 1 + gapUs)
        expect(load.rttUs).toBeGreaterThanOrEqual(Math.min(before, second) - 1e-6)
        expect(load.rttUs).toBeLessThanOrEqual(Math.max(before, second) + 1e-6)
      }),
    )
  })
})

describe('costOf()', () => {
  test('grows with what is under way, shrinks with weight and with time', () => {
    const load = createLoad(1, 0)
    const atFirst = costOf(load, 0)
    load.inFlight = 3
    expect(costOf(load, 0)).toBe(4 * atFirst)
    load.weight = 4
    expect(costOf(load, 0)).toBe(atFirst)
    expect(costOf(load, 20 * SECOND)).toBeLessThan(atFirst / 2)
  })
})

describe('pickEndpoint()', () => {
  const random = seeded(7)
  const pick = (loads: readonly EndpointLoad[], tried?: readonly EndpointLoad[]) =>
    pickEndpoint(loads, { nowUs: 1000, random, tried })

  test('has nothing to pick of nothing', () => {
    expect(pick([])).toBe(-1)
  })

  test('takes the only endpoint, also when it is avoided, but not when it was tried', () => {
    const only = createLoad(1, 0)
    only.avoidUntilUs = 5000
    expect(pick([only])).toBe(0)
    expect(pick([only], [])).toBe(0)
    expect(pick([only], [only])).toBe(-1)
  })

  test('always takes the better of two', () => {
    const [slow, fast] = [createLoad(1, 0), createLoad(1, 0)]
    slow.inFlight = 1
    for (let i = 0; i < 50; i++) expect(pick([slow, fast])).toBe(1)
  })

  test('passes endpoints over that are avoided, and takes the one that is back first when all are', () => {
    const loads = [createLoad(1, 0), createLoad(1, 0), createLoad(1, 0)]
    loads[0]!.avoidUntilUs = 9000
    loads[1]!.avoidUntilUs = 8000
    for (let i = 0; i < 50; i++) expect(pick(loads)).toBe(2)
    loads[2]!.avoidUntilUs = 9500
    for (let i = 0; i < 50; i++) expect(pick(loads)).toBe(1)
  })

  test('never takes what was tried, nor an index that is not there', () => {
    const state = fc.record({ isTried: fc.boolean(), isAvoided: fc.boolean(), inFlight: fc.nat(9) })
    fc.assert(
      fc.property(fc.array(state, { maxLength: 8 }), fc.nat(), (states, seed) => {
        const loads = states.map(({ isAvoided, inFlight }) => {
          return { ...createLoad(1, 0), inFlight, avoidUntilUs: isAvoided ? 9000 : 0 }
        })
        const tried = loads.filter((_load, index) => states[index]!.isTried)
        const index = pickEndpoint(loads, { nowUs: 1000, random: seeded(seed), tried })
        if (tried.length === loads.length) expect(index).toBe(-1)
        else expect(tried).not.toContain(loads[index])
      }),
    )
  })
})

/** A minute of requests at a steady rate; each endpoint answers after a time of its own, with a little noise. */
function simulate(rttsMs: readonly number[], options: { perSecond: number; weights?: readonly number[] }): number[] {
  const random = seeded(42)
  const loads = rttsMs.map((_rtt, index) => createLoad(options.weights?.[index] ?? 1, 0))
  const taken = rttsMs.map(() => 0)
  let underWay: { endUs: number; index: number; rttUs: number }[] = []
  const gapUs = SECOND / options.perSecond
  for (let nowUs = 0; nowUs < 60 * SECOND; nowUs += gapUs) {
    for (const { index, rttUs, endUs } of underWay.filter((request) => request.endUs <= nowUs)) {
      loads[index]!.inFlight -= 1
      observeRtt(loads[index]!, rttUs, endUs)
    }
    underWay = underWay.filter((request) => request.endUs > nowUs)
    const index = pickEndpoint(loads, { nowUs, random, tried: undefined })
    const rttUs = rttsMs[index]! * MS * (0.9 + 0.2 * random())
    loads[index]!.inFlight += 1
    taken[index]! += 1
    underWay.push({ endUs: nowUs + rttUs, index, rttUs })
  }
  return taken
}

describe('a minute of traffic', () => {
  test('is shared about equally among equal endpoints', () => {
    const taken = simulate([20, 20, 20, 20], { perSecond: 500 })
    for (const count of taken) {
      expect(count).toBeGreaterThan(7500 * 0.8)
      expect(count).toBeLessThan(7500 * 1.2)
    }
  })

  test('mostly keeps away from a slow endpoint, and still asks it now and then', () => {
    const [slow = 0, ...fast] = simulate([400, 20, 20, 20], { perSecond: 500 })
    expect(slow).toBeGreaterThan(10)
    expect(slow).toBeLessThan(Math.min(...fast) / 4)
  })

  test('follows the weights', () => {
    const [light = 0, heavy = 0] = simulate([20, 20], { perSecond: 500, weights: [1, 3] })
    expect(heavy / light).toBeGreaterThan(1.5)
  })
})

/** A minute in which each endpoint answers at once and some fail. @returns the share of requests that failed */
function simulateFailures(failureRates: readonly number[]): number {
  const random = seeded(11)
  const loads = failureRates.map(() => createLoad(1, 0))
  let failed = 0
  const requests = 60 * 200
  for (let at = 0; at < requests; at++) {
    const nowUs = (at * SECOND) / 200
    const index = pickEndpoint(loads, { nowUs, random, tried: undefined })
    if (random() < failureRates[index]!) {
      failed += 1
      observeFailure(loads[index]!, 1 * MS, nowUs)
    } else {
      observeRtt(loads[index]!, 20 * MS, nowUs)
    }
  }
  return failed / requests
}

describe('observeFailure()', () => {
  test('keeps traffic away from an endpoint that fails faster than others answer', () => {
    expect(simulateFailures([1, 0])).toBeLessThan(0.01)
    expect(simulateFailures([1, 0, 0])).toBeLessThan(0.01)
  })

  test('leaves equal endpoints equal', () => {
    expect(simulateFailures([0.05, 0.05, 0.05])).toBeCloseTo(0.05, 1)
  })

  test('stays below a second, whatever fails, unless it took longer', () => {
    const load = createLoad(1, 0)
    for (let i = 0; i < 20; i++) observeFailure(load, 5 * MS, i)
    expect(load.rttUs).toBe(SECOND)
    observeFailure(load, 3 * SECOND, 30)
    expect(load.rttUs).toBe(3 * SECOND)
    observeRtt(load, 20 * MS, 60 * SECOND)
    expect(load.rttUs).toBeLessThan(30 * MS)
  })
})
