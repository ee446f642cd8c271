import type { ErrorSpec } from './error-spec.ts'

/** Ways to fail that lie in the proxy itself. */
export const OWN_ERRORS = {
  connection_limit: {
    status: 503,
    grpc: 'UNAVAILABLE',
    retryable: false,
    source: 'mesh',
    meaning: 'The proxy has as many connections open as it may.',
    hint: 'Raise the limit of open descriptors for the proxy, or find who keeps so many connections.',
  },
  draining: {
    status: 503,
    grpc: 'UNAVAILABLE',
    retryable: false,
    source: 'mesh',
    meaning: 'The proxy is being stopped.',
    hint: 'Try again: another endpoint will answer.',
  },
  internal_error: {
    status: 500,
    grpc: 'INTERNAL',
    retryable: false,
    source: 'mesh',
    meaning: 'The proxy failed in a way it should not.',
    hint: 'Please report it together with the log of the proxy.',
  },
} as const satisfies Record<string, ErrorSpec>
