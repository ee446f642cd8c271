import { timeoutsRule } from './http-route-schema.ts'
import { boundedDuration, policySchema, targetRefs } from './policy-schema.ts'
import { type Schema, wholeFrom } from './schema.ts'
import { someOf } from './schema-rules.ts'
import { RETRY_CONDITIONS } from './traffic-policy.ts'

const timeouts: Schema = {
  type: 'object',
  description: 'How long things may take, where the rule of a route says nothing; `0s`: no limit.',
  properties: {
    request: boundedDuration('From the request to the end of its answer, with all tries.', ['0s', '1000h']),
    backendRequest: boundedDuration('One try.', ['0s', '1000h']),
  },
  'x-kubernetes-validations': [timeoutsRule],
}

const retry: Schema = {
  type: 'object',
  description: 'Which requests are tried again. A field that the rule of a route has goes first.',
  properties: {
    attempts: { ...wholeFrom('Tries beyond the first.', [0, 100]), default: 1 },
    codes: {
      type: 'array',
      maxItems: 200,
      description: 'Statuses after which there is another try.',
      items: { ...wholeFrom('A status.', [400, 599]) },
      'x-heddle-unique': [[]],
    },
    conditions: {
      type: 'array',
      maxItems: RETRY_CONDITIONS.length,
      description:
        'Words for sets of failures: `5xx`; `gateway-error` (502, 503, 504, or no answer); `connect-failure`; `reset-before-answer`; `retriable-4xx` (409); and statuses of gRPC. A status of gRPC declares that every call may be sent twice.',
      default: ['connect-failure', 'reset-before-answer'],
      items: { type: 'string', enum: RETRY_CONDITIONS, description: 'A word.' },
      'x-heddle-unique': [[]],
    },
    methods: {
      type: 'array',
      maxItems: 16,
      description: 'Methods that may be sent twice beside GET, HEAD, PUT, DELETE, OPTIONS and TRACE; `*`: all.',
      items: {
        type: 'string',
        minLength: 1,
        maxLength: 32,
        pattern: '^([A-Z][A-Z0-9_-]*|\\*)$',
        description: 'A method.',
        'x-heddle-expected': 'a method in capitals such as POST, or *',
      },
      'x-heddle-unique': [[]],
    },
    backoff: boundedDuration('Wait before the first further try; it doubles, with jitter. 25ms when absent.', [
      '1ms',
      '1m',
    ]),
  },
}

interface RawBreaker {
  readonly maxRequests: number
  readonly maxPendingRequests: number
  readonly consecutiveFailures: number
}

const circuitBreaker: Schema = {
  type: 'object',
  description: 'When requests are refused at once because the backend does not keep up. Every client has its own.',
  properties: {
    maxRequests: { ...wholeFrom('Requests under way at a time; `0`: not limited.', [0, 1_000_000]), default: 0 },
    maxPendingRequests: {
      ...wholeFrom('Requests that wait when that many are under way; `0`: none.', [0, 1_000_000]),
      default: 0,
    },
    pendingTimeout: { ...boundedDuration('How long they wait.', ['1ms', '1h']), default: '1s' },
    consecutiveFailures: {
      ...wholeFrom('After so many failures in a row every request is refused for a while; `0`: never.', [0, 1000]),
      default: 0,
    },
    open: { ...boundedDuration('How long, until one request may try.', ['1ms', '1h']), default: '5s' },
  },
  'x-kubernetes-validations': [
    {
      rule: 'self.maxRequests > 0 || self.consecutiveFailures > 0',
      message: 'says nothing: maxRequests and consecutiveFailures are both 0',
      holds: (self: RawBreaker) => self.maxRequests > 0 || self.consecutiveFailures > 0,
    },
    {
      rule: 'self.maxPendingRequests == 0 || self.maxRequests > 0',
      fieldPath: '.maxPendingRequests',
      message: 'nothing waits without maxRequests',
      holds: (self: RawBreaker) => self.maxPendingRequests === 0 || self.maxRequests > 0,
    },
  ],
}

const aspects: Readonly<Record<string, Schema>> = {
  timeouts,
  retry,
  circuitBreaker,
  honourRetryAfter: {
    type: 'boolean',
    description: '`true`: an endpoint that answers 429 or 503 with Retry-After gets no requests until then.',
  },
}

/** `heddle.dev/v1alpha1` TrafficPolicy. */
export const trafficPolicySchema: Schema = policySchema(
  'TrafficPolicy',
  'What the Gateway API has no word for, for the requests of a route or of a Service.',
  {
    type: 'object',
    description: 'Its targets and what holds for them.',
    required: ['targetRefs'],
    properties: { targetRefs: targetRefs(['HTTPRoute', 'GRPCRoute', 'Service']), ...aspects },
    'x-kubernetes-validations': [someOf(Object.keys(aspects))],
  },
)
