import type { ErrorSpec } from './error-spec.ts'

/** Ways to fail between the choice of an endpoint and a connection to it that can be used. */
export const CONNECT_ERRORS = {
  connect_timeout: {
    status: 504,
    grpc: 'UNAVAILABLE',
    retryable: true,
    source: 'upstream',
    meaning: 'An endpoint did not accept the connection in time.',
    hint: 'A firewall may drop packets to this port, or the host is down.',
  },
  connect_refused: {
    status: 502,
    grpc: 'UNAVAILABLE',
    retryable: true,
    source: 'upstream',
    meaning: 'An endpoint refused the connection, or could not be reached.',
    hint: 'The application may not be listening on this port. See `heddle endpoints SERVICE`.',
  },
  connect_failed: {
    status: 502,
    grpc: 'UNAVAILABLE',
    retryable: true,
    source: 'upstream',
    meaning: 'The connection to an endpoint ended before it could be used.',
    hint: 'The log of the proxy has the reason of the operating system.',
  },
  own_certificate_missing: {
    status: 503,
    grpc: 'UNAVAILABLE',
    retryable: false,
    source: 'mesh',
    meaning: 'The proxy has no valid certificate of its own yet, so it cannot speak mTLS.',
    hint: 'See `heddle identity`, and whether the control plane runs with `heddle check`.',
  },
  tls_handshake_failed: {
    status: 502,
    grpc: 'UNAVAILABLE',
    retryable: true,
    source: 'mesh',
    meaning: 'The TLS handshake between two proxies failed.',
    hint: 'Both ends must trust the same roots. Compare `heddle identity` for both workloads.',
  },
  peer_identity_mismatch: {
    status: 502,
    grpc: 'UNAVAILABLE',
    retryable: true,
    source: 'mesh',
    meaning: 'The other end proved another identity than the one that belongs to the endpoint.',
    hint: 'The address was probably reused by another workload. See `heddle identity SERVICE`.',
  },
  peer_certificate_expired: {
    status: 502,
    grpc: 'UNAVAILABLE',
    retryable: true,
    source: 'mesh',
    meaning: "The other end's certificate is no longer valid.",
    hint: 'Its proxy could not renew it. See `heddle identity`, and compare the clocks of both hosts.',
  },
  peer_certificate_untrusted: {
    status: 502,
    grpc: 'UNAVAILABLE',
    retryable: true,
    source: 'mesh',
    meaning: "The other end's certificate was not issued by a root that this proxy trusts.",
    hint: 'Both ends must belong to the same mesh. See `heddle identity`.',
  },
} as const satisfies Record<string, ErrorSpec>
