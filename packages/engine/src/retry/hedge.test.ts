import { expect, test } from 'vitest'
import { mayHedge } from './hedge.ts'
import { RetryBudget } from './retry-budget.ts'

const FACTS = {
  tries: 1,
  silentMs: 200,
  method: 'GET',
  methods: new Set<string>(),
  isAnswerBegun: false,
  canReplay: true,
}

function decide(policy: { afterMs?: number; maxAttempts?: number } | undefined, more = {}, minPerSecond = 1) {
  const budget = new RetryBudget({ percent: 20, intervalMs: 10_000, minPerSecond })
  return { verdict: mayHedge(policy, { ...FACTS, ...more }, { budget, nowMs: 0 }), budget }
}

test.each([
  {
    name: 'is off by default',
    policy: undefined,
    verdict: { kind: 'none', reason: 'no second try: no policy asks for one' },
  },
  { name: 'is off at 0', policy: { afterMs: 0 }, verdict: { kind: 'none' } },
  { name: 'comes when its time has', policy: { afterMs: 200 }, verdict: { kind: 'send' } },
  { name: 'waits until then', policy: { afterMs: 250 }, verdict: { kind: 'wait', ms: 50 } },
  { name: 'comes once', policy: { afterMs: 50 }, more: { tries: 2 }, verdict: { kind: 'none' } },
  {
    name: 'comes as often as said',
    policy: { afterMs: 50, maxAttempts: 3 },
    more: { tries: 2 },
    verdict: { kind: 'send' },
  },
  {
    name: 'is not for what has an answer',
    policy: { afterMs: 50 },
    more: { isAnswerBegun: true },
    verdict: { kind: 'none' },
  },
  {
    name: 'is not for what may not be sent twice',
    policy: { afterMs: 50 },
    more: { method: 'POST' },
    verdict: { kind: 'none' },
  },
  {
    name: 'is for what the policy declares',
    policy: { afterMs: 50 },
    more: { method: 'POST', methods: new Set(['POST']) },
    verdict: { kind: 'send' },
  },
  {
    name: 'is not for bodies that are gone',
    policy: { afterMs: 50 },
    more: { canReplay: false },
    verdict: { kind: 'none' },
  },
])('a second try $name', ({ policy, more, verdict }) => {
  expect(decide(policy, more).verdict).toMatchObject(verdict)
})

test('a second try is taken from the budget of retries', () => {
  // There is one in ten seconds.
  const { budget } = decide({ afterMs: 50 }, {}, 0.1)
  expect(budget.take(0)).toBe(false)
  const { verdict } = decide({ afterMs: 50 }, {}, 0)
  expect(verdict).toEqual({ kind: 'none', reason: 'no second try: the retry budget of 20 % is used up' })
})
