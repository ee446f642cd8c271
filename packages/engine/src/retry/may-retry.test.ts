import type { RetryPolicyJson } from '@heddle/api/discovery/route'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { mayRetry, type TryFacts, type TryOutcome } from './may-retry.ts'
import { RetryBudget, toRetryBudgetOptions } from './retry-budget.ts'
import { compileRetryPolicy } from './retry-policy.ts'

const NO_ANSWER_STATUS = { 'not-sent': 503, reset: 502, timeout: 504 } as const

function answer(status: number, more: { grpcStatus?: number; retryAfterMs?: number } = {}): TryOutcome {
  return { kind: 'answer', status, grpcStatus: undefined, retryAfterMs: undefined, ...more }
}

function noAnswer(kind: keyof typeof NO_ANSWER_STATUS): TryOutcome {
  return { kind, status: NO_ANSWER_STATUS[kind] }
}

function decide(policy: RetryPolicyJson | undefined, facts: Partial<TryFacts>, random = 0.5) {
  const budget = new RetryBudget(toRetryBudgetOptions(undefined))
  const all: TryFacts = {
    tries: 1,
    method: 'GET',
    isGrpc: false,
    outcome: answer(503),
    isAnswerBegun: false,
    canReplay: true,
    remainingMs: Number.POSITIVE_INFINITY,
    ...facts,
  }
  const compiled = policy === undefined ? undefined : compileRetryPolicy({ attempts: 2, backoffMs: 100, ...policy })
  return mayRetry(compiled, all, { budget, nowMs: 0, random: () => random })
}

describe('the conditions of a policy', () => {
  const outcomes = {
    '200': answer(200),
    '404': answer(404),
    '409': answer(409),
    '500': answer(500),
    '503': answer(503),
    'not sent': noAnswer('not-sent'),
    reset: noAnswer('reset'),
    timeout: noAnswer('timeout'),
  }
  test.each([
    { policy: { conditions: ['5xx'] }, retried: ['500', '503', 'not sent', 'reset', 'timeout'] },
    { policy: { conditions: ['gateway-error'] }, retried: ['503', 'not sent', 'reset', 'timeout'] },
    { policy: { conditions: ['connect-failure'] }, retried: ['not sent'] },
    { policy: { conditions: ['reset-before-answer'] }, retried: ['not sent', 'reset', 'timeout'] },
    { policy: { conditions: ['retriable-4xx'] }, retried: ['409'] },
    { policy: { codes: [404, 504] }, retried: ['404', 'timeout'] },
    { policy: { codes: [500], conditions: ['connect-failure'] }, retried: ['500', 'not sent'] },
    { policy: { conditions: ['unavailable', 'word of a later version'] }, retried: [] },
    { policy: {}, retried: [] },
  ])('$policy', ({ policy, retried }) => {
    const verdicts = Object.entries(outcomes).map(([name, outcome]) => ({ name, ...decide(policy, { outcome }) }))
    expect(verdicts.filter(({ kind }) => kind === 'retry').map(({ name }) => name)).toEqual(retried)
    expect(verdicts.filter(({ kind }) => kind === 'refuse')).toEqual([])
  })

  test.each([
    { words: ['unavailable'], retried: ['14', 'http 503', 'not-sent', 'reset'] },
    { words: ['deadline-exceeded'], retried: ['4', 'timeout'] },
    { words: ['cancelled', 'internal'], retried: ['1', '13'] },
    { words: ['resource-exhausted'], retried: ['8'] },
    { words: ['5xx'], retried: [] },
  ])('$words of a call of gRPC', ({ words, retried }) => {
    const calls = [0, 1, 4, 5, 8, 13, 14].map(
      (grpcStatus) => [String(grpcStatus), answer(200, { grpcStatus })] as const,
    )
    const others = [
      ['http 503', answer(503)],
      ['not-sent', noAnswer('not-sent')],
      ['reset', noAnswer('reset')],
      ['timeout', noAnswer('timeout')],
    ] as const
    const facts = { isGrpc: true, method: 'POST' }
    const ofGrpc = [...calls, ...others].flatMap(([name, outcome]) =>
      decide({ conditions: words }, { ...facts, outcome }).kind === 'retry' ? [name] : [],
    )
    expect(ofGrpc).toEqual(words.includes('5xx') ? ['not-sent'] : retried)
  })
})

describe('what a policy cannot allow', () => {
  const policy = { conditions: ['5xx'] }
  test.each([
    {
      facts: { isAnswerBegun: true },
      cause: 'answer_begun',
      reason: 'no retry: the client has got a part of the answer',
    },
    {
      facts: { tries: 3 },
      cause: 'attempts_used_up',
      reason: 'no retry: it was tried 3 times, and the policy allows 3',
    },
    {
      facts: { method: 'POST' },
      cause: 'not_idempotent',
      reason: 'no retry: POST may not be sent twice, unless the policy names it',
    },
    {
      facts: { canReplay: false },
      cause: 'body_not_kept',
      reason: 'no retry: the body of the request is too large to be kept for another try',
    },
    {
      facts: { outcome: answer(503, { retryAfterMs: 30_000 }) },
      cause: 'retry_after_too_long',
      reason: 'no retry: the answer asks to wait 30000 ms, longer than 5000 ms',
    },
    {
      facts: { remainingMs: 40.7 },
      cause: 'deadline',
      reason: 'no retry: the deadline in 40 ms comes before the wait is over',
    },
  ] as const)('$cause', ({ facts, cause, reason }) => {
    expect(decide(policy, facts)).toEqual({ kind: 'refuse', cause, reason })
  })

  test('the budget used up', () => {
    const budget = new RetryBudget({ percent: 20, intervalMs: 10_000, minPerSecond: 0 })
    const facts = {
      tries: 1,
      method: 'GET',
      isGrpc: false,
      outcome: answer(503),
      isAnswerBegun: false,
      canReplay: true,
    }
    const context = { budget, nowMs: 0, random: () => 0 }
    const verdict = mayRetry(compileRetryPolicy({ attempts: 1, ...policy }), { ...facts, remainingMs: 1000 }, context)
    const reason = 'no retry: the budget of 20 % is used up'
    expect(verdict).toEqual({ kind: 'refuse', cause: 'budget_used_up', reason })
  })

  test.each([
    { name: 'a method that the policy names', policy: { methods: ['POST'] }, method: 'POST', kind: 'retry' },
    { name: 'all methods', policy: { methods: ['*'] }, method: 'PATCH', kind: 'retry' },
    { name: 'another method', policy: { methods: ['POST'] }, method: 'PATCH', kind: 'refuse' },
    { name: 'an idempotent one', policy: { methods: ['POST'] }, method: 'DELETE', kind: 'retry' },
  ])('unless it is $name', ({ policy: more, method, kind }) => {
    expect(decide({ ...policy, ...more }, { method }).kind).toBe(kind)
  })

  test('but what no application has seen may be sent again, whatever its method', () => {
    expect(decide(policy, { method: 'POST', outcome: noAnswer('not-sent') }).kind).toBe('retry')
  })
})

describe('what is no failure', () => {
  test.each([
    { name: 'a success', policy: { conditions: ['5xx'] }, outcome: answer(200), reason: '' },
    { name: 'a success without a policy', policy: undefined, outcome: answer(204), reason: '' },
    { name: 'no policy', policy: undefined, outcome: answer(503), reason: 'no retry: no policy asks for one' },
    { name: 'no attempts', policy: { attempts: 0 }, outcome: answer(503), reason: 'no retry: no policy asks for one' },
    {
      name: 'another status',
      policy: { conditions: ['5xx'] },
      outcome: answer(404),
      reason: 'no retry: the policy does not ask for one after status 404',
    },
    {
      name: 'another status of gRPC',
      policy: { conditions: ['unavailable'] },
      outcome: answer(200, { grpcStatus: 5 }),
      reason: 'no retry: the policy does not ask for one after gRPC status 5',
    },
    {
      name: 'a reset',
      policy: { codes: [500] },
      outcome: noAnswer('reset'),
      reason: 'no retry: the policy does not ask for one after a try without an answer',
    },
  ])('$name', ({ policy, outcome, reason }) => {
    expect(decide(policy, { outcome })).toEqual({ kind: 'pass', reason })
  })
})

describe('the wait', () => {
  const policy = { attempts: 10, conditions: ['5xx'] }
  test.each([
    { name: 'grows twofold', facts: { tries: 3 }, random: 1, waitMs: 400 },
    { name: 'is anything from nothing on', facts: { tries: 3 }, random: 0, waitMs: 0 },
    { name: 'grows up to ten times the first', facts: { tries: 9 }, random: 1, waitMs: 1000 },
    { name: 'is none where nothing was sent', facts: { outcome: noAnswer('not-sent') }, random: 1, waitMs: 0 },
    {
      name: 'is one when that happens again',
      facts: { outcome: noAnswer('not-sent'), tries: 2 },
      random: 1,
      waitMs: 200,
    },
    {
      name: 'is what the answer asks for, if that is longer',
      facts: { outcome: answer(503, { retryAfterMs: 1500 }) },
      random: 1,
      waitMs: 1500,
    },
    {
      name: 'is its own, if that is longer',
      facts: { outcome: answer(503, { retryAfterMs: 0 }) },
      random: 1,
      waitMs: 100,
    },
  ])('$name', ({ facts, random, waitMs }) => {
    expect(decide(policy, facts, random)).toMatchObject({ kind: 'retry', waitMs })
  })

  test('is told with the reason', () => {
    expect(decide(policy, {})).toMatchObject({ reason: 'retry in 50 ms: the endpoint answered (5xx)' })
  })
})

test('no request is tried more often than its policy says, nor after its answer has begun', () => {
  const facts = fc.record({
    tries: fc.integer({ min: 1, max: 6 }),
    method: fc.constantFrom('GET', 'POST'),
    isGrpc: fc.boolean(),
    isAnswerBegun: fc.boolean(),
    canReplay: fc.boolean(),
    outcome: fc.constantFrom(answer(200), answer(503), answer(200, { grpcStatus: 14 }), noAnswer('reset')),
    remainingMs: fc.constantFrom(10, Number.POSITIVE_INFINITY),
  })
  const policies = fc.record({
    attempts: fc.nat(5),
    conditions: fc.subarray(['5xx', 'gateway-error', 'unavailable', 'reset-before-answer']),
    methods: fc.subarray(['POST', '*']),
  })
  fc.assert(
    fc.property(policies, facts, (policy, given) => {
      const verdict = decide(policy, given)
      if (verdict.kind !== 'retry') return
      expect(given).toMatchObject({ isAnswerBegun: false, canReplay: true })
      expect(given.tries).toBeLessThanOrEqual(policy.attempts)
      expect(verdict.waitMs).toBeLessThan(given.remainingMs)
      expect(given.outcome).not.toEqual(answer(200))
    }),
  )
})
