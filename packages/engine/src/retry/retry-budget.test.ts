import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { seeded } from '../../test/candidates.ts'
import { mayRetry } from './may-retry.ts'
import { RetryBudget, toRetryBudgetOptions } from './retry-budget.ts'
import { compileRetryPolicy } from './retry-policy.ts'

const OPTIONS = { percent: 20, intervalMs: 10_000, minPerSecond: 0 }

function takeAll(budget: RetryBudget, nowMs: number): number {
  let taken = 0
  while (taken < 10_000 && budget.take(nowMs)) taken += 1
  return taken
}

describe('RetryBudget', () => {
  test('has fewer retries than its share of the requests', () => {
    const budget = new RetryBudget(OPTIONS)
    for (let i = 0; i < 100; i++) budget.countRequest(0)
    expect(takeAll(budget, 0)).toBe(19)
  })

  test('has its minimum where there is no traffic', () => {
    expect(takeAll(new RetryBudget({ ...OPTIONS, minPerSecond: 0.5 }), 0)).toBe(5)
    expect(takeAll(new RetryBudget(OPTIONS), 0)).toBe(0)
  })

  test('forgets requests and retries that are older than the interval', () => {
    const budget = new RetryBudget(OPTIONS)
    for (let i = 0; i < 100; i++) budget.countRequest(0)
    expect(takeAll(budget, 5_000)).toBe(19)
    for (let i = 0; i < 50; i++) budget.countRequest(9_500)
    expect(takeAll(budget, 9_600)).toBe(10)
    // The first hundred are gone, the retries are not yet.
    expect(takeAll(budget, 10_500)).toBe(0)
    expect(takeAll(budget, 15_500)).toBe(0)
    expect(takeAll(budget, 60_000)).toBe(0)
    for (let i = 0; i < 100; i++) budget.countRequest(60_000)
    expect(takeAll(budget, 60_000)).toBe(19)
  })

  test.each([
    { policy: undefined, options: { percent: 20, intervalMs: 10_000, minPerSecond: 1 } },
    { policy: { percent: 50 }, options: { percent: 50, intervalMs: 10_000, minPerSecond: 0 } },
    {
      policy: { percent: 10, intervalMs: 5_000, minRetriesPerSecondThousandths: 2_500 },
      options: { percent: 10, intervalMs: 5_000, minPerSecond: 2.5 },
    },
  ])('is made of $policy', ({ policy, options }) => {
    expect(toRetryBudgetOptions(policy)).toEqual(options)
  })

  test('never allows more than its share of all requests, in whatever order they come', () => {
    const steps = fc.array(fc.record({ afterMs: fc.nat(3_000), requests: fc.nat(30) }), { maxLength: 60 })
    fc.assert(
      fc.property(steps, fc.integer({ min: 1, max: 100 }), (given, percent) => {
        const budget = new RetryBudget({ ...OPTIONS, percent })
        let [nowMs, counted, taken] = [0, 0, 0]
        for (const { afterMs, requests } of given) {
          nowMs += afterMs
          for (let i = 0; i < requests; i++) budget.countRequest(nowMs)
          counted += requests
          taken += takeAll(budget, nowMs)
          // Of any interval, and so of all of them together, but for the one under way that overlaps the last.
          expect(taken).toBeLessThanOrEqual((counted * percent) / 100)
        }
      }),
    )
  })
})

/** Every try fails at once. Requests come at random times; each retry waits as the policy says. */
function storm({ perSecond, clients = 1, seed }: { perSecond: number; clients?: number; seed: number }): number {
  const random = seeded(seed)
  const policy = compileRetryPolicy({ attempts: 5, conditions: ['5xx'], backoffMs: 25 })
  const budgets = Array.from({ length: clients }, () => new RetryBudget(toRetryBudgetOptions(undefined)))
  const outcome = { kind: 'answer', status: 503, grpcStatus: undefined, retryAfterMs: undefined } as const
  const due: { readonly atMs: number; readonly tries: number; readonly client: number }[] = []
  let [requests, upstream, refused] = [0, 0, 0]
  const attempt = (nowMs: number, tries: number, client: number) => {
    upstream += 1
    const facts = {
      tries,
      method: 'GET',
      isGrpc: false,
      outcome,
      isAnswerBegun: false,
      canReplay: true,
      remainingMs: 9e9,
    }
    const verdict = mayRetry(policy, facts, { budget: budgets[client]!, nowMs, random })
    if (verdict.kind === 'retry') due.push({ atMs: nowMs + verdict.waitMs, tries: tries + 1, client })
    if (verdict.kind === 'refuse' && verdict.cause === 'budget_used_up') refused += 1
  }
  for (let nowMs = 0; nowMs < 60_000; nowMs += (1000 / perSecond) * 2 * random()) {
    for (const one of due.splice(0)) one.atMs <= nowMs ? attempt(nowMs, one.tries, one.client) : due.push(one)
    const client = requests % clients
    requests += 1
    budgets[client]!.countRequest(nowMs)
    attempt(nowMs, 1, client)
  }
  expect(refused).toBeGreaterThan(0)
  expect(upstream).toBeGreaterThan(requests)
  return upstream / requests
}

test.each([
  { perSecond: 50, clients: 1, seed: 1 },
  { perSecond: 500, clients: 1, seed: 2 },
  { perSecond: 2000, clients: 1, seed: 3 },
  { perSecond: 500, clients: 20, seed: 4 },
])(
  'a service that fails completely gets less than 1.2 times its load: $perSecond requests a second of $clients clients',
  (world) => {
    expect(storm(world)).toBeLessThan(1.2)
  },
)
