import { describe, expect, test } from 'vitest'
import { documents, policy } from './manifest-fixture.ts'
import { BACKEND, http, type Mistake, mistakesIn, TARGET, UNTIL } from './mistakes-fixture.ts'

test('what the mistakes are made of is right', () => {
  expect(mistakesIn(policy('BackendPolicy', `${TARGET}\nslowStart: 10s`))).toEqual([])
  expect(mistakesIn(policy('FaultPolicy', `${TARGET}\n${UNTIL}\nfaults: [{delay: 1s, percent: 10}]`))).toEqual([])
  expect(mistakesIn(policy('TrafficPolicy', `${TARGET}\nretry: {attempts: 2, conditions: [5xx]}`))).toEqual([])
})

const POLICY_ERRORS: readonly Mistake[] = [
  {
    mistake: 'no target',
    text: policy('BackendPolicy', 'slowStart: 10s'),
    problem: 'f:4:1: spec.targetRefs: is missing',
  },
  {
    mistake: 'a target of a kind that it is not for',
    text: policy(
      'BackendPolicy',
      'targetRefs: [{group: gateway.networking.k8s.io, kind: HTTPRoute, name: to-web}]\nslowStart: 10s',
    ),
    problem: 'f:5:51: spec.targetRefs[0].kind: expected Service, got "HTTPRoute"',
  },
  {
    mistake: 'a route as target in the wrong group',
    text: policy('TrafficPolicy', 'targetRefs: [{kind: HTTPRoute, name: to-web}]\nhonourRetryAfter: true'),
    problem: 'f:5:16: spec.targetRefs[0].group: expected "" for a Service, gateway.networking.k8s.io for a route',
  },
  {
    mistake: 'one target twice',
    text: policy(
      'BackendPolicy',
      'targetRefs: [{kind: Service, name: web-svc}, {kind: Service, name: web-svc}]\nslowStart: 10s',
    ),
    problem: 'f:5:3: spec.targetRefs: one target is named twice',
  },
  {
    mistake: 'saying nothing',
    text: policy('BackendPolicy', TARGET),
    problem:
      'f:4:1: spec: says nothing: expected at least one of balancer, connections, outlierDetection, slowStart, locality, retryBudget, hedging',
  },
  {
    mistake: 'a balancer that does not exist',
    text: policy('BackendPolicy', `${TARGET}\nbalancer: {type: Fastest}`),
    problem:
      'f:6:14: spec.balancer.type: expected one of PeakEWMA, LeastRequest, RoundRobin, Random, RingHash, Maglev, got "Fastest"',
  },
  {
    mistake: 'hashing of nothing',
    text: policy('BackendPolicy', `${TARGET}\nbalancer: {type: RingHash}`),
    problem: 'f:6:3: spec.balancer.hashOn: goes with type RingHash and Maglev, and those need it',
  },
  {
    mistake: 'a hash source that balancing does not use',
    text: policy('BackendPolicy', `${TARGET}\nbalancer: {type: RoundRobin, hashOn: [{header: x}]}`),
    problem: 'f:6:32: spec.balancer.hashOn: goes with type RingHash and Maglev, and those need it',
  },
  {
    mistake: 'two hash sources in one',
    text: policy('BackendPolicy', `${TARGET}\nbalancer: {type: Maglev, hashOn: [{header: x, cookie: z}]}`),
    problem: 'f:6:37: spec.balancer.hashOn[0]: expected exactly one of header, cookie, queryParam, sourceAddress',
  },
  {
    mistake: 'outlier detection by nothing',
    text: policy('BackendPolicy', `${TARGET}\noutlierDetection: {consecutiveFailures: 0}`),
    problem:
      'f:6:3: spec.outlierDetection: says nothing: consecutiveFailures and successRateStdevThousandths are both 0',
  },
  {
    mistake: 'a retry budget above all',
    text: policy('BackendPolicy', `${TARGET}\nretryBudget: {percent: 200}`),
    problem: 'f:6:17: spec.retryBudget.percent: expected a whole number from 0 to 100, got 200',
  },
  {
    mistake: 'a duration out of range',
    text: policy('BackendPolicy', `${TARGET}\nslowStart: 1ms`),
    problem: 'f:6:3: spec.slowStart: expected a duration from 1s to 1h, such as 250ms, 10s or 1h30m, got "1ms"',
  },
  {
    mistake: 'a fault without end',
    text: policy('FaultPolicy', `${TARGET}\nfaults: [{delay: 1s}]`),
    problem: 'f:4:1: spec.until: is missing',
  },
  {
    mistake: 'an end that is no time',
    text: policy('FaultPolicy', `${TARGET}\nuntil: tomorrow\nfaults: [{delay: 1s}]`),
    problem: 'f:6:3: spec.until: expected a time such as 2026-01-31T12:00:00Z, got "tomorrow"',
  },
  {
    mistake: 'a fault that does nothing',
    text: policy('FaultPolicy', `${TARGET}\n${UNTIL}\nfaults: [{percent: 10}]`),
    problem:
      'f:7:12: spec.faults[0]: expected exactly one of delay, abortStatus, abortGrpcStatus, reset, throttleBytesPerSecond, truncateBodyBytes',
  },
  {
    mistake: 'two faults in one',
    text: policy('FaultPolicy', `${TARGET}\n${UNTIL}\nfaults: [{delay: 1s, abortStatus: 503}]`),
    problem:
      'f:7:12: spec.faults[0]: expected exactly one of delay, abortStatus, abortGrpcStatus, reset, throttleBytesPerSecond, truncateBodyBytes',
  },
  {
    mistake: 'an abort with a status that is no failure',
    text: policy('FaultPolicy', `${TARGET}\n${UNTIL}\nfaults: [{abortStatus: 200}]`),
    problem: 'f:7:13: spec.faults[0].abortStatus: expected a whole number from 400 to 599, got 200',
  },
  {
    mistake: 'a regular expression that does not compile',
    text: policy(
      'FaultPolicy',
      `${TARGET}\n${UNTIL}\nfaults: [{delay: 1s, headers: [{type: RegularExpression, name: a, value: "(b"}]}]`,
    ),
    problem:
      'f:7:69: spec.faults[0].headers[0].value: is no regular expression of RE2: missing closing ): `(b` (see https://github.com/google/re2/wiki/Syntax; there are no look-arounds and back-references)',
  },
  {
    mistake: 'an abort with a number for gRPC',
    text: policy('FaultPolicy', `${TARGET}\n${UNTIL}\nfaults: [{abortGrpcStatus: 14}]`),
    problem:
      'f:7:13: spec.faults[0].abortGrpcStatus: expected one of CANCELLED, UNKNOWN, INVALID_ARGUMENT, DEADLINE_EXCEEDED, NOT_FOUND, ALREADY_EXISTS, PERMISSION_DENIED, RESOURCE_EXHAUSTED, FAILED_PRECONDITION, ABORTED, OUT_OF_RANGE, UNIMPLEMENTED, INTERNAL, UNAVAILABLE, DATA_LOSS, UNAUTHENTICATED, got 14',
  },
  {
    mistake: 'a circuit breaker that never breaks',
    text: policy('TrafficPolicy', `${TARGET}\ncircuitBreaker: {}`),
    problem: 'f:6:3: spec.circuitBreaker: says nothing: maxRequests and consecutiveFailures are both 0',
  },
  {
    mistake: 'waiting without a limit to wait for',
    text: policy('TrafficPolicy', `${TARGET}\ncircuitBreaker: {consecutiveFailures: 5, maxPendingRequests: 10}`),
    problem: 'f:6:44: spec.circuitBreaker.maxPendingRequests: nothing waits without maxRequests',
  },
  {
    mistake: 'a condition of retries that does not exist',
    text: policy('TrafficPolicy', `${TARGET}\nretry: {conditions: [timeouts]}`),
    problem:
      'f:6:24: spec.retry.conditions[0]: expected one of 5xx, gateway-error, connect-failure, reset-before-answer, retriable-4xx, cancelled, deadline-exceeded, internal, resource-exhausted, unavailable, got "timeouts"',
  },
  {
    mistake: 'a method in lower case',
    text: policy('TrafficPolicy', `${TARGET}\nretry: {methods: [post]}`),
    problem: 'f:6:21: spec.retry.methods[0]: expected a method in capitals such as POST, or *, got "post"',
  },
]

const POLICY_WARNINGS: readonly Mistake[] = [
  {
    mistake: 'a target that is missing',
    text: policy('BackendPolicy', 'targetRefs: [{kind: Service, name: web-scv}]\nslowStart: 10s'),
    problem:
      'f:5:32: warning: spec.targetRefs[0].name: there is no Service shop/web-scv; the policy is not in force there (did you mean web-svc?)',
  },
  {
    mistake: 'a section of its target that is missing',
    text: policy('BackendPolicy', 'targetRefs: [{kind: Service, name: web-svc, sectionName: https}]\nslowStart: 10s'),
    problem:
      'f:5:47: warning: spec.targetRefs[0].sectionName: Service shop/web-svc has no TCP port named https; it has 80 (http), 9090 (grpc); the policy is not in force there',
  },
  {
    mistake: 'a rule of its target that is missing',
    text: documents(
      policy(
        'TrafficPolicy',
        'targetRefs: [{group: gateway.networking.k8s.io, kind: HTTPRoute, name: to-web, sectionName: cart}]\nhonourRetryAfter: true',
      ),
      http(BACKEND),
    ),
    problem:
      'f:5:82: warning: spec.targetRefs[0].sectionName: HTTPRoute shop/to-web has no rule named cart; the policy is not in force there',
  },
  {
    mistake: 'another policy for the same target',
    text: documents(
      policy('BackendPolicy', `${TARGET}\nslowStart: 10s`),
      policy('BackendPolicy', `${TARGET}\nslowStart: 20s`, 'second'),
    ),
    problem:
      'f:12:16: warning: spec.targetRefs[0]: BackendPolicy shop/for-web is attached to the same target and goes first; the policy is not in force there',
  },
  {
    mistake: 'an end that has come',
    text: policy('FaultPolicy', `${TARGET}\nuntil: "2026-06-15T11:59:59Z"\nfaults: [{delay: 1s}]`),
    problem: 'f:6:3: warning: spec.until: has no effect: ended at 2026-06-15T11:59:59Z; remove it, or set a later end',
  },
  {
    mistake: 'an end that is far away',
    text: policy('FaultPolicy', `${TARGET}\nuntil: "2027-06-15T12:00:00Z"\nfaults: [{delay: 1s}]`),
    problem: 'f:6:3: warning: spec.until: is 365 days away: faults are for tests',
  },
]

describe.each([
  { what: 'a policy is refused for', mistakes: POLICY_ERRORS },
  { what: 'a policy is warned of', mistakes: POLICY_WARNINGS },
])('$what', ({ what, mistakes }) => {
  test.each(mistakes)('$mistake', ({ text, problem }) => {
    expect(mistakesIn(text)).toEqual([problem])
    expect(problem.includes(': warning: ')).toBe(what.includes('warned'))
  })
})
