/**
 * What one try at an endpoint says of that endpoint. `throttled`: it is well, but has too much to do; `none`: nothing, the
 * client went away or the try was given up for reasons of our own.
 */
export type EndpointOutcome = 'success' | 'failure' | 'throttled' | 'none'

const FIRST_SERVER_ERROR = 500
const TOO_MANY_REQUESTS = 429
/** gRPC statuses that tell of the server and not of the request: unknown, deadline exceeded, internal, unavailable, data loss. */
const GRPC_FAILURES = new Set([2, 4, 13, 14, 15])
const GRPC_RESOURCE_EXHAUSTED = 8

/**
 * What an answer says of the endpoint that gave it.
 *
 * @param grpcStatus - of a call of gRPC, once it is known
 */
export function outcomeOf(status: number, grpcStatus: number | undefined): EndpointOutcome {
  if (status === TOO_MANY_REQUESTS || grpcStatus === GRPC_RESOURCE_EXHAUSTED) return 'throttled'
  if (status >= FIRST_SERVER_ERROR) return 'failure'
  return grpcStatus !== undefined && GRPC_FAILURES.has(grpcStatus) ? 'failure' : 'success'
}
