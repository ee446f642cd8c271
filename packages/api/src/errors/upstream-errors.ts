import type { ErrorSpec } from './error-spec.ts'

/** Ways to fail at the endpoint that a request was given to, or waits for. */
export const UPSTREAM_ERRORS = {
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
} as const satisfies Record<string, ErrorSpec>
