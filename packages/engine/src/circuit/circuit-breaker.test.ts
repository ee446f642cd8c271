import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { EndpointOutcome } from '../outlier/outcome.ts'
import { CircuitBreaker, type RequestEnd, toCircuitOptions } from './circuit-breaker.ts'

const POLICY = { consecutiveFailures: 3, openMs: 5_000 }

function end(outcome: EndpointOutcome, more: Partial<RequestEnd> = {}): RequestEnd {
  return { outcome, isProbe: false, retryAfterMs: undefined, ...more }
}

function breaker(policy = {}) {
  const one = new CircuitBreaker(toCircuitOptions({ ...POLICY, ...policy }))
  /** One request that is let go and ends so. */
  const request = (outcome: EndpointOutcome, nowMs = 0, retryAfterMs?: number) => {
    const admission = one.ask(nowMs)
    if (admission.kind === 'go') one.leave({ outcome, isProbe: admission.isProbe, retryAfterMs }, nowMs)
    return admission
  }
  const fail = (times: number) => {
    for (let i = 0; i < times; i++) request('failure')
  }
  return { one, request, fail }
}

describe('a circuit', () => {
  test.each([
    { name: 'stays closed below its number of failures', outcomes: ['failure', 'failure'], state: 'closed' },
    { name: 'opens at it', outcomes: ['failure', 'failure', 'failure'], state: 'open' },
    {
      name: 'counts failures in a row',
      outcomes: ['failure', 'failure', 'success', 'failure', 'failure'],
      state: 'closed',
    },
    {
      name: 'neither counts nor forgets because of what is throttled or says nothing',
      outcomes: ['failure', 'throttled', 'failure', 'none', 'throttled', 'failure'],
      state: 'open',
    },
    {
      name: 'stays closed when all is throttled',
      outcomes: Array.from({ length: 9 }, () => 'throttled' as const),
      state: 'closed',
    },
  ] as const)('$name', ({ outcomes, state }) => {
    const { one, request } = breaker()
    for (const outcome of outcomes) request(outcome)
    expect(one.state).toBe(state)
  })

  test('never opens where the policy does not say after how many', () => {
    const { one, fail } = breaker({ consecutiveFailures: 0 })
    fail(100)
    expect(one.state).toBe('closed')
  })

  test('refuses while it is open, and says for how long', () => {
    const { one, fail } = breaker()
    fail(3)
    expect(one.ask(1_500)).toEqual({
      kind: 'refuse',
      cause: 'circuit_open',
      retryAfterMs: 3_500,
      reason: 'the circuit is open for another 3500 ms, after 3 failures in a row',
    })
  })

  test('lets one request try after its time, and no other meanwhile', () => {
    const { one, fail } = breaker()
    fail(3)
    expect(one.ask(5_000)).toEqual({ kind: 'go', isProbe: true })
    expect(one.state).toBe('half-open')
    expect(one.ask(5_100)).toMatchObject({ kind: 'refuse', cause: 'circuit_open', retryAfterMs: 4_900 })
  })

  test.each([
    { outcome: 'success', state: 'closed', next: 'go' },
    { outcome: 'failure', state: 'open', next: 'refuse' },
    { outcome: 'throttled', state: 'open', next: 'refuse' },
    { outcome: 'none', state: 'half-open', next: 'go' },
  ] as const)('after a probe of $outcome is $state', ({ outcome, state, next }) => {
    const { one, request, fail } = breaker()
    fail(3)
    request(outcome, 5_000)
    expect(one.state).toBe(state)
    expect(one.ask(5_001).kind).toBe(next)
  })

  test('lets another request try when the probe does not end', () => {
    const { one, fail } = breaker()
    fail(3)
    one.ask(5_000)
    expect(one.ask(10_000)).toEqual({ kind: 'go', isProbe: true })
  })

  test('takes no notice of what was sent before it opened', () => {
    const { one, fail } = breaker()
    one.ask(0)
    one.ask(0)
    fail(3)
    one.leave(end('success'), 10)
    expect(one.state).toBe('open')
    one.ask(5_000)
    one.leave(end('failure'), 5_001)
    expect(one.state).toBe('half-open')
  })

  test.each([
    { name: 'for as long as the answer asks', policy: { honourRetryAfter: true }, retryAfterMs: 9_000, openMs: 9_000 },
    {
      name: 'for its own time, if that is longer',
      policy: { honourRetryAfter: true },
      retryAfterMs: 1_000,
      openMs: 5_000,
    },
    { name: 'for a minute at most', policy: { honourRetryAfter: true }, retryAfterMs: 1e9, openMs: 60_000 },
    { name: 'for its own time, unless it is to honour', policy: {}, retryAfterMs: 9_000, openMs: 5_000 },
    { name: 'for as long as the policy says', policy: { openMs: 2_000 }, retryAfterMs: 9_000, openMs: 2_000 },
  ])('opens $name', ({ policy, retryAfterMs, openMs }) => {
    const { one, request } = breaker(policy)
    for (let i = 0; i < 3; i++) request('failure', 0, retryAfterMs)
    expect(one.ask(openMs - 1).kind).toBe('refuse')
    expect(one.ask(openMs).kind).toBe('go')
  })
})

describe('the limit of requests', () => {
  const policy = { maxRequests: 2, maxPendingRequests: 2, pendingTimeoutMs: 300 }

  test('lets some go, lets some wait, refuses the others', () => {
    const { one } = breaker(policy)
    expect([1, 2, 3, 4, 5].map(() => one.ask(0))).toEqual([
      { kind: 'go', isProbe: false },
      { kind: 'go', isProbe: false },
      { kind: 'wait', timeoutMs: 300 },
      { kind: 'wait', timeoutMs: 300 },
      {
        kind: 'refuse',
        cause: 'too_many_requests',
        retryAfterMs: undefined,
        reason: '2 requests are under way and 2 wait, which is all that may',
      },
    ])
  })

  test('lets the next one go when one has ended', () => {
    const { one } = breaker(policy)
    for (let i = 0; i < 4; i++) one.ask(0)
    expect(one.hasNext).toBe(false)
    one.leave(end('success'), 1)
    expect(one.hasNext).toBe(true)
    expect(one.askAgain(1)).toEqual({ kind: 'go', isProbe: false })
    expect(one.hasNext).toBe(false)
    one.quit()
    expect({ requests: one.requests, waiting: one.waiting }).toEqual({ requests: 2, waiting: 0 })
  })

  test('refuses those that wait as soon as the circuit opens', () => {
    const { one } = breaker({ ...policy, consecutiveFailures: 1 })
    for (let i = 0; i < 4; i++) one.ask(0)
    one.leave(end('failure'), 1)
    const answers = []
    while (one.hasNext) answers.push(one.askAgain(1).kind)
    expect(answers).toEqual(['refuse', 'refuse'])
  })

  test('holds in any order of events, and every request is in one place', () => {
    const events = fc.array(
      fc.record({
        deed: fc.constantFrom('ask', 'leave', 'quit', 'wait'),
        outcome: fc.constantFrom<EndpointOutcome>('success', 'failure', 'throttled', 'none'),
      }),
      { maxLength: 200 },
    )
    const policies = fc.record({
      maxRequests: fc.integer({ min: 1, max: 4 }),
      maxPendingRequests: fc.nat(3),
      consecutiveFailures: fc.nat(3),
    })
    fc.assert(
      fc.property(policies, events, (given, deeds) => {
        const { one } = breaker(given)
        const underWay: boolean[] = []
        let [nowMs, waiting] = [0, 0]
        for (const { deed, outcome } of deeds) {
          nowMs += 700
          if (deed === 'ask') {
            const answer = one.ask(nowMs)
            if (answer.kind === 'go') underWay.push(answer.isProbe)
            if (answer.kind === 'wait') waiting += 1
          }
          if (deed === 'leave' && underWay.length > 0) one.leave(end(outcome, { isProbe: underWay.shift()! }), nowMs)
          if (deed === 'quit' && waiting > 0) {
            one.quit()
            waiting -= 1
          }
          while (one.hasNext) {
            const answer = one.askAgain(nowMs)
            waiting -= 1
            if (answer.kind === 'go') underWay.push(answer.isProbe)
          }
          expect({ requests: one.requests, waiting: one.waiting }).toEqual({ requests: underWay.length, waiting })
          expect(one.requests).toBeLessThanOrEqual(given.maxRequests)
          expect(one.waiting).toBeLessThanOrEqual(given.maxPendingRequests)
        }
        // Whatever came, it can be closed again: wait until it lets a request go that succeeds.
        while (underWay.length > 0) one.leave(end('none', { isProbe: underWay.shift()! }), nowMs)
        while (waiting > 0) {
          one.quit()
          waiting -= 1
        }
        const last = one.ask(nowMs + 60_000)
        expect(last.kind).toBe('go')
        one.leave(end('success', { isProbe: last.kind === 'go' && last.isProbe }), nowMs + 60_000)
        expect(one.state).toBe('closed')
      }),
    )
  })
})
