import type { ErrorSpec } from './error-spec.ts'

/** Ways to fail by what the client does. */
export const CLIENT_ERRORS = {
  client_reset: {
    status: 499,
    grpc: 'CANCELLED',
    retryable: false,
    source: 'client',
    meaning: 'The client went away before its request was answered.',
    hint: "The client's own timeout may be shorter than the answer takes.",
  },
  client_protocol_error: {
    status: 400,
    grpc: 'INTERNAL',
    retryable: false,
    source: 'client',
    meaning: "The client's request is not valid HTTP.",
    hint: 'The log of the proxy says which rule was broken.',
  },
  request_timeout: {
    status: 408,
    grpc: 'DEADLINE_EXCEEDED',
    retryable: false,
    source: 'client',
    meaning: 'The head or body of the request did not arrive in time.',
    hint: 'The client is very slow, or holds the connection open on purpose.',
  },
  connect_method_refused: {
    status: 501,
    grpc: 'UNIMPLEMENTED',
    retryable: false,
    source: 'client',
    meaning: 'CONNECT inside of an HTTP connection is not forwarded.',
    hint: 'The mesh is no forward proxy. Address the destination directly.',
  },
  plain_refused: {
    status: 403,
    grpc: 'UNAUTHENTICATED',
    retryable: false,
    source: 'client',
    meaning: 'This workload accepts mTLS only, and the client came without.',
    hint: 'Give the client a sidecar, or let the workload accept plain traffic.',
  },
  client_identity_refused: {
    status: 403,
    grpc: 'UNAUTHENTICATED',
    retryable: false,
    source: 'client',
    meaning: "The client's certificate is missing, not trusted, no longer valid, or of another trust domain.",
    hint: "See `heddle identity` for the client's workload.",
  },
} as const satisfies Record<string, ErrorSpec>
