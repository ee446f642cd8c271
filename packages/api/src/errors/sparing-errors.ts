import type { ErrorSpec } from './error-spec.ts'

/** Ways to fail because an endpoint is to be spared. */
export const SPARING_ERRORS = {
  backend_timeout: {
    status: 504,
    grpc: 'DEADLINE_EXCEEDED',
    retryable: false,
    source: 'upstream',
    meaning: 'The endpoint did not answer within the time that the route allows for one try.',
    hint: 'The application is slower than `backendRequest` of the route, or of its TrafficPolicy, expects; see `heddle stat`.',
  },
  circuit_open: {
    status: 503,
    grpc: 'UNAVAILABLE',
    retryable: false,
    source: 'upstream',
    meaning: 'Too many requests in a row have failed, so that the circuit breaker lets none through for a while.',
    hint: 'See why the Service fails with `heddle stat`. The circuit closes by itself, once a request succeeds.',
  },
  circuit_overflow: {
    status: 503,
    grpc: 'UNAVAILABLE',
    retryable: false,
    source: 'upstream',
    meaning: 'As many requests are under way, and wait, as the circuit breaker allows.',
    hint: 'The Service is slower than its requests come. More replicas are needed, or a higher limit in the TrafficPolicy.',
  },
} as const satisfies Record<string, ErrorSpec>
