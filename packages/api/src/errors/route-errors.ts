import type { ErrorSpec } from './error-spec.ts'

/** Ways to fail by what routes say, or do not say, of a request. */
export const ROUTE_ERRORS = {
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
} as const satisfies Record<string, ErrorSpec>
