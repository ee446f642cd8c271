import { GRPC_STATUS } from '@heddle/api/grpc-status'

/**
 * What one try at an endpoint says of that endpoint. `throttled`: it is well, but has too much to do; `none`: nothing, the
 * client went away or the try was given up for reasons of our own.
 */
export type EndpointOutcome = 'success' | 'failure' | 'throttled' | 'none'

const FIRST_SERVER_ERROR = 500
const TOO_MANY_REQUESTS = 429
const { UNKNOWN, DEADLINE_EXCEEDED, RESOURCE_EXHAUSTED, INTERNAL, UNAVAILABLE, DATA_LOSS } = GRPC_STATUS
/**
 * gRPC statuses that tell of the endpoint and not of the request. UNIMPLEMENTED, though a failure to who asked, is none: every endpoint of a
 * workload lacks the method alike.
 */
const GRPC_FAILURES = new Set([UNKNOWN, DEADLINE_EXCEEDED, INTERNAL, UNAVAILABLE, DATA_LOSS])

/**
 * What an answer says of the endpoint that gave it.
 *
 * @param grpcStatus - of a call of gRPC, once it is known
 */
export function outcomeOf(status: number, grpcStatus: number | undefined): EndpointOutcome {
  if (status === TOO_MANY_REQUESTS || grpcStatus === RESOURCE_EXHAUSTED) return 'throttled'
  if (status >= FIRST_SERVER_ERROR) return 'failure'
  return grpcStatus !== undefined && GRPC_FAILURES.has(grpcStatus) ? 'failure' : 'success'
}
