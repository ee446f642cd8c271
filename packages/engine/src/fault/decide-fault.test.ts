import type { FaultJson } from '@heddle/api/discovery/route'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createRequestFacts } from '../route/request-facts.ts'
import { decideFault } from './decide-fault.ts'
import { compileFaults } from './fault-table.ts'

const NOW_MS = 1_000_000
const REQUEST = createRequestFacts({ headers: [['x-user', 'tester']] })
const EVERY: FaultJson = { policy: 'shop/chaos', perMillion: 1_000_000, untilMs: String(NOW_MS + 1) }

function compile(faults: readonly FaultJson[], previous?: ReturnType<typeof compileFaults>) {
  const problems: string[] = []
  const context = { regex: undefined, onProblem: (problem: string) => problems.push(problem) }
  return Object.assign(compileFaults(faults, previous, context), { problems })
}

function decide(faults: readonly FaultJson[], nowMs = NOW_MS) {
  return decideFault(compile(faults), REQUEST, nowMs)
}

/** Which of so many requests in a row are hit. */
function run(fault: FaultJson, count: number, table = compile([{ ...EVERY, delayMs: 1, ...fault }])): boolean[] {
  return Array.from({ length: count }, () => decideFault(table, REQUEST, NOW_MS) !== undefined)
}

describe('a fault', () => {
  const nothing = { delayMs: 0, end: undefined, throttleBytesPerSecond: 0, truncateBodyBytes: undefined }
  test.each([
    { does: { delayMs: 250 }, decision: { delayMs: 250 }, reason: 'held for 250 ms' },
    { does: { abortStatus: 503 }, decision: { end: { kind: 'status', status: 503 } }, reason: 'answered 503' },
    {
      does: { abortGrpcStatus: 14 },
      decision: { end: { kind: 'grpc-status', status: 14 } },
      reason: 'answered with status UNAVAILABLE (14) of gRPC',
    },
    { does: { reset: true }, decision: { end: { kind: 'reset' } }, reason: 'broken off' },
    {
      does: { throttleBytesPerSecond: 1024 },
      decision: { throttleBytesPerSecond: 1024 },
      reason: 'answer slowed down to 1024 bytes a second',
    },
    { does: { truncateBodyBytes: 0 }, decision: { truncateBodyBytes: 0 }, reason: 'answer broken off behind 0 bytes' },
  ])('$reason', ({ does, decision, reason }) => {
    expect(decide([{ ...EVERY, ...does }])).toEqual({
      ...nothing,
      ...decision,
      policies: ['shop/chaos'],
      reasons: [`${reason}: FaultPolicy shop/chaos, request 1 of its run (100 % of the requests)`],
    })
  })

  test('ends when its time is over', () => {
    expect(decide([{ ...EVERY, delayMs: 1 }], NOW_MS + 1)).toBeUndefined()
  })

  test.each([
    { name: 'that value', headers: [{ name: 'X-User', value: 'tester' }], isHit: true },
    { name: 'another value', headers: [{ name: 'x-user', value: 'somebody' }], isHit: false },
    { name: 'a header that is not there', headers: [{ name: 'x-none', value: '' }], isHit: false },
    {
      name: 'one header of two',
      headers: [
        { name: 'x-user', value: 'tester' },
        { name: 'x-none', value: 'a' },
      ],
      isHit: false,
    },
  ])('that wants $name hits: $isHit', ({ headers, isHit }) => {
    expect(decide([{ ...EVERY, delayMs: 1, headers }]) !== undefined).toBe(isHit)
  })

  test.each([
    { name: 'no action', fault: EVERY, problem: 'the fault of shop/chaos does nothing' },
    { name: 'no end', fault: { ...EVERY, untilMs: '0', delayMs: 1 }, problem: 'the fault of shop/chaos has no end' },
  ])('with $name is a problem and does nothing', ({ fault, problem }) => {
    const table = compile([fault])
    expect(table.problems).toEqual([problem])
    expect(decideFault(table, REQUEST, NOW_MS)).toBeUndefined()
  })
})

describe('several faults', () => {
  test('apply together when they are of different sorts, the first of each', () => {
    const faults = [
      { ...EVERY, policy: 'shop/a', delayMs: 10 },
      { ...EVERY, policy: 'shop/b', delayMs: 20 },
      { ...EVERY, policy: 'shop/b', abortStatus: 500 },
      { ...EVERY, policy: 'shop/c', reset: true },
      { ...EVERY, policy: 'shop/a', truncateBodyBytes: 7 },
    ]
    expect(decide(faults)).toMatchObject({
      delayMs: 10,
      end: { kind: 'status', status: 500 },
      truncateBodyBytes: 7,
      policies: ['shop/a', 'shop/b'],
      reasons: { length: 3 },
    })
  })

  test('leave the next of their sort to those that the first does not hit', () => {
    const table = compile([
      { ...EVERY, policy: 'shop/half', delayMs: 10, perMillion: 500_000, exact: true },
      { ...EVERY, policy: 'shop/rest', delayMs: 20 },
    ])
    const delays = Array.from({ length: 10 }, () => decideFault(table, REQUEST, NOW_MS)!.delayMs)
    expect(delays.filter((delay) => delay === 10)).toHaveLength(5)
    expect(delays.filter((delay) => delay === 20)).toHaveLength(5)
  })
})

describe('an exact share', () => {
  test('is exact over any run: rounded up or down, never more off', () => {
    const shares = fc.integer({ min: 0, max: 1_000_000 })
    fc.assert(
      fc.property(shares, fc.nat(), fc.integer({ min: 1, max: 400 }), (perMillion, seed, length) => {
        const hits = run({ perMillion, seed, exact: true }, 800)
        for (let from = 0; from + length <= hits.length; from += 7) {
          const count = hits.slice(from, from + length).filter(Boolean).length
          const due = (length * perMillion) / 1_000_000
          expect(count).toBeGreaterThanOrEqual(Math.floor(due))
          expect(count).toBeLessThanOrEqual(Math.ceil(due))
        }
      }),
      { numRuns: 60 },
    )
  })

  test('of 1 in 4 hits exactly 250 of 1000, evenly', () => {
    const hits = run({ perMillion: 250_000, exact: true }, 1000)
    expect(hits.filter(Boolean)).toHaveLength(250)
    expect(hits.map((isHit, at) => (isHit ? at % 4 : undefined)).filter((at) => at !== undefined)).toEqual(
      Array.from({ length: 250 }, () => 3),
    )
  })
})

describe('chance', () => {
  test('hits about its share', () => {
    for (const perMillion of [10_000, 200_000, 900_000]) {
      const count = run({ perMillion, seed: 5 }, 20_000).filter(Boolean).length
      expect(Math.abs(count / 20_000 - perMillion / 1_000_000)).toBeLessThan(0.015)
    }
  })

  test('follows no grid: of 1 in 4, two in a row are hit as well', () => {
    const hits = run({ perMillion: 250_000, seed: 5 }, 1000)
    expect(hits.some((isHit, at) => isHit && hits[at + 1])).toBe(true)
  })

  test('is never at 0 and always at a million', () => {
    expect(run({ perMillion: 0 }, 1000)).not.toContain(true)
    expect(run({ perMillion: 1_000_000 }, 1000)).not.toContain(false)
  })

  test('repeats itself with the same seed, and not with another', () => {
    const fault = { perMillion: 300_000 }
    expect(run({ ...fault, seed: 7 }, 200)).toEqual(run({ ...fault, seed: 7 }, 200))
    expect(run({ ...fault, seed: 7 }, 200)).not.toEqual(run({ ...fault, seed: 8 }, 200))
  })
})

test('a run goes on when other faults come and go, and begins anew when the fault changes', () => {
  const fault = { ...EVERY, delayMs: 1, perMillion: 500_000, seed: 3 }
  const whole = run({}, 40, compile([fault]))
  const first = compile([fault])
  const begun = run({}, 20, first)
  const second = compile([{ ...EVERY, abortStatus: 500, headers: [{ name: 'x-none', value: 'a' }] }, fault], first)
  expect([...begun, ...run({}, 20, second)]).toEqual(whole)
  const third = compile([{ ...fault, seed: 4 }], second)
  expect(third.faults[0]!.run.requests).toBe(0)
})
