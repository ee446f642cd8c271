import type { GrpcStatusName } from './grpc-status.ts'

/** What is to be known of one way to fail. */
export interface ErrorSpec {
  /** What the client of the request gets. */
  readonly status: number
  /** What it gets in the place of that when it speaks gRPC. */
  readonly grpc: GrpcStatusName
  /** May another endpoint be tried before anything was sent to the client? */
  readonly retryable: boolean
  /** Who has to look: decides the log level and the `source` label of heddle_errors_total. */
  readonly source: 'upstream' | 'client' | 'mesh' | 'fault_injection'
  /** One sentence: what happened. It is the body of the answer. */
  readonly meaning: string
  /** What to try, for the person who reads it. Follows the meaning in the body, and is in the log. */
  readonly hint: string
}

/**
 * Every way a request or connection can fail in the proxy, for the proxy and for whoever explains it. docs/errors.md is generated from
 * this table. It is one file however long it gets: whoever adds a way to fail has to see that it is not there yet.
 */
export const PROXY_ERRORS = {
  // finding the destination
  destination_not_found: {
    status: 502,
    grpc: 'UNAVAILABLE',
    retryable: false,
    source: 'client',
    meaning: 'The name or address belongs to the mesh, but no such Service or port exists.',
    hint: 'Compare name, namespace and port with `heddle endpoints -A`.',
  },
  discovery_unavailable: {
    status: 503,
    grpc: 'UNAVAILABLE',
    retryable: false,
    source: 'mesh',
    meaning: 'The proxy has not yet heard of this destination, and the control plane did not answer in time.',
    hint: 'Known destinations keep working. See whether the control plane runs with `heddle check`.',
  },
  configuration_refused: {
    status: 503,
    grpc: 'UNAVAILABLE',
    retryable: false,
    source: 'mesh',
    meaning:
      'The proxy cannot use what the control plane told it of this destination, and knows nothing of it from before.',
    hint: 'The log of the proxy says what is wrong, mostly with a route. Control plane and proxy may be of versions that are too far apart.',
  },
  no_healthy_endpoint: {
    status: 503,
    grpc: 'UNAVAILABLE',
    retryable: false,
    source: 'upstream',
    meaning: 'The Service has no endpoint that is ready.',
    hint: 'See `heddle endpoints SERVICE`, and whether its workloads run.',
  },
  original_destination_unknown: {
    status: 502,
    grpc: 'INTERNAL',
    retryable: false,
    source: 'mesh',
    meaning: 'The connection reached a transparent listener, but the kernel did not say where it was meant to go.',
    hint: 'Only redirected traffic may arrive there. Check the iptables rules with `heddle check`.',
  },
  loop_detected: {
    status: 508,
    grpc: 'INTERNAL',
    retryable: false,
    source: 'mesh',
    meaning: 'The connection was meant for the proxy itself, or came from it.',
    hint: "Address the application's port, not the proxy's, and check that the proxy's user is exempt from redirection.",
  },

  // routing
  no_route_matched: {
    status: 404,
    grpc: 'UNIMPLEMENTED',
    retryable: false,
    source: 'client',
    meaning: 'Routes are attached to the Service, and no rule of them fits the request.',
    hint: 'Compare path, method and headers with the rules; a rule without matches takes all that is left.',
  },
  path_too_long_to_match: {
    status: 414,
    grpc: 'RESOURCE_EXHAUSTED',
    retryable: false,
    source: 'client',
    meaning: 'The path or query is too long to be matched with all the regular expressions of the routes.',
    hint: 'Shorten it, or match by exact paths and prefixes. The limit is `matchSteps`.',
  },
  header_too_long_to_match: {
    status: 431,
    grpc: 'RESOURCE_EXHAUSTED',
    retryable: false,
    source: 'client',
    meaning: 'A header is too long to be matched with all the regular expressions of the routes.',
    hint: 'Shorten it, or match by exact values. The limit is `matchSteps`.',
  },
  route_without_backend: {
    status: 500,
    grpc: 'UNAVAILABLE',
    retryable: false,
    source: 'mesh',
    meaning: 'The rule that fits the request has no backend with a weight above 0.',
    hint: 'Give one of its backendRefs a weight, or the rule a redirect.',
  },
  backend_unresolved: {
    status: 500,
    grpc: 'UNAVAILABLE',
    retryable: false,
    source: 'mesh',
    meaning: 'The backend that the route has chosen for the request does not exist, or may not be used by the route.',
    hint: 'The condition ResolvedRefs in the status of the route names it: see `heddle get`.',
  },
  route_timeout: {
    status: 504,
    grpc: 'DEADLINE_EXCEEDED',
    retryable: false,
    source: 'upstream',
    meaning: 'The request took longer, with all of its tries, than `timeouts.request` of its route allows.',
    hint: 'See `heddle stat` for the latencies of the Service, or raise the timeout.',
  },

  // what a FaultPolicy asks for
  fault_abort: {
    status: 503,
    grpc: 'UNAVAILABLE',
    retryable: false,
    source: 'fault_injection',
    meaning: 'A FaultPolicy lets this request fail, on purpose, with the status that it names.',
    hint: 'The log of the proxy names the policy; it ends by itself at its `until`.',
  },
  fault_reset: {
    status: 502,
    grpc: 'UNAVAILABLE',
    retryable: false,
    source: 'fault_injection',
    meaning: 'A FaultPolicy breaks this request off, on purpose: the client gets no answer.',
    hint: 'The log of the proxy names the policy; it ends by itself at its `until`.',
  },
  fault_truncate: {
    status: 502,
    grpc: 'UNAVAILABLE',
    retryable: false,
    source: 'fault_injection',
    meaning: 'A FaultPolicy breaks the answer off in the middle of its body, on purpose.',
    hint: 'The log of the proxy names the policy; it ends by itself at its `until`.',
  },

  // connecting
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

  // talking to the endpoint
  refused_by_peer: {
    status: 502,
    grpc: 'UNAVAILABLE',
    retryable: false,
    source: 'mesh',
    meaning:
      'The proxy of the endpoint closed a new connection without a word; most often it does not accept our certificate.',
    hint: 'Compare `heddle identity` for both workloads, and see the log of the other proxy.',
  },
  upstream_reset: {
    status: 502,
    grpc: 'UNAVAILABLE',
    retryable: false,
    source: 'upstream',
    meaning: 'The endpoint ended the connection before its answer was complete.',
    hint: 'The application may have crashed or been restarted; see its log.',
  },
  upstream_protocol_error: {
    status: 502,
    grpc: 'INTERNAL',
    retryable: false,
    source: 'upstream',
    meaning: "The endpoint's answer is not valid HTTP.",
    hint: 'If the port does not speak HTTP/1, declare its appProtocol.',
  },
  upgrade_not_supported: {
    status: 501,
    grpc: 'UNIMPLEMENTED',
    retryable: false,
    source: 'upstream',
    meaning:
      'The endpoint is declared to speak HTTP/2, and does not take WebSockets or other upgrades over it (RFC 8441).',
    hint: 'If the application takes them over HTTP/1, declare the appProtocol of its port as `ws`, or none.',
  },
  response_timeout: {
    status: 504,
    grpc: 'DEADLINE_EXCEEDED',
    retryable: false,
    source: 'upstream',
    meaning: 'The endpoint did not begin its answer in time.',
    hint: 'The application may be overloaded or waiting for something else; see its log.',
  },
  idle_timeout: {
    status: 504,
    grpc: 'UNAVAILABLE',
    retryable: false,
    source: 'upstream',
    meaning: 'Neither side sent anything for too long in the middle of a request.',
    hint: 'Long silent streams need a keep-alive of the application.',
  },
  deadline_exceeded: {
    status: 504,
    grpc: 'DEADLINE_EXCEEDED',
    retryable: false,
    source: 'upstream',
    meaning: 'The deadline that the client gave its call of gRPC has passed.',
    hint: 'The application took longer than the client wanted to wait; see `heddle stat` for its latencies.',
  },
  pending_timeout: {
    status: 503,
    grpc: 'UNAVAILABLE',
    retryable: true,
    source: 'upstream',
    meaning: 'The request waited too long for a free connection to its endpoint.',
    hint: 'The endpoint is slower than its requests come. More replicas, or faster answers, are needed.',
  },
  endpoint_overloaded: {
    status: 503,
    grpc: 'UNAVAILABLE',
    retryable: true,
    source: 'upstream',
    meaning: 'Too many requests wait for a connection to this endpoint already.',
    hint: 'The endpoint is slower than its requests come. More replicas, or faster answers, are needed.',
  },

  // sparing the endpoint
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

  // the client
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

  // this proxy
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

/** Never renamed. */
export type ProxyErrorCode = keyof typeof PROXY_ERRORS

/** The code that a proxy wrote into its `heddle-error` field or a record; `undefined` for what this version does not know. */
export function toErrorCode(text: string | undefined): ProxyErrorCode | undefined {
  return text !== undefined && Object.hasOwn(PROXY_ERRORS, text) ? (text as ProxyErrorCode) : undefined
}
