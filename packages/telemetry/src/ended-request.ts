import { GRPC_STATUS, GRPC_STATUS_NAMES, type GrpcStatusName } from '@heddle/api/grpc-status'
import type { ProxyErrorCode } from '@heddle/api/proxy-errors'

/** How a request ended, as far as it is counted. */
export interface EndedRequest {
  /** What the client got; 0 when it got no head. */
  readonly status: number
  /** Of gRPC: 0 to 16; `undefined` for other requests. */
  readonly grpcStatus: number | undefined
  /** Of an upgrade, such as WebSocket, until it was open. */
  readonly latencyUs: number
  /** A code of the error table when the proxy answered or broke off, else `undefined`. */
  readonly error: ProxyErrorCode | undefined
}

/** RFC 9110 §15.2.2. */
const SWITCHING_PROTOCOLS = 101

/**
 * The statuses that count as failures: those whose HTTP counterpart is 5xx, so that a refusal is judged the same over HTTP and
 * over gRPC. OpenTelemetry's conventions for gRPC servers name the same six.
 */
const FAILURES: ReadonlySet<string> = new Set<GrpcStatusName>([
  'UNKNOWN',
  'DEADLINE_EXCEEDED',
  'UNIMPLEMENTED',
  'INTERNAL',
  'UNAVAILABLE',
  'DATA_LOSS',
])

const IS_FAILURE: readonly boolean[] = GRPC_STATUS_NAMES.map((name) => FAILURES.has(name))

/**
 * Whether a request counts as failed. A refusal (4xx) is an answer and counts as success; a failure is the server's or the
 * mesh's. A client that takes back a call of gRPC makes use of its right: streams that never end by themselves end so.
 * An upgrade has succeeded once it is open; what ends it later is counted as an error, as of any connection.
 */
export function isFailure({ status, grpcStatus, error }: EndedRequest): boolean {
  if (status === SWITCHING_PROTOCOLS) return false
  if (grpcStatus === undefined) return error !== undefined || status >= 500 || status === 0
  return (error !== undefined && grpcStatus !== GRPC_STATUS.CANCELLED) || IS_FAILURE[grpcStatus] === true
}
