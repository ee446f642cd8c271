import type { ErrorSpec } from './error-spec.ts'

/** Ways to fail while the destination is being found. */
export const DESTINATION_ERRORS = {
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
} as const satisfies Record<string, ErrorSpec>
