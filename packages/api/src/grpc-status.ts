/** The statuses of gRPC: each stands at its number. https://grpc.io/docs/guides/status-codes/ */
export const GRPC_STATUS_NAMES = [
  'OK',
  'CANCELLED',
  'UNKNOWN',
  'INVALID_ARGUMENT',
  'DEADLINE_EXCEEDED',
  'NOT_FOUND',
  'ALREADY_EXISTS',
  'PERMISSION_DENIED',
  'RESOURCE_EXHAUSTED',
  'FAILED_PRECONDITION',
  'ABORTED',
  'OUT_OF_RANGE',
  'UNIMPLEMENTED',
  'INTERNAL',
  'UNAVAILABLE',
  'DATA_LOSS',
  'UNAUTHENTICATED',
] as const

export type GrpcStatusName = (typeof GRPC_STATUS_NAMES)[number]

/** The number of a status by its name. */
export const GRPC_STATUS = Object.freeze(
  Object.fromEntries(GRPC_STATUS_NAMES.map((name, number) => [name, number])),
) as { readonly [Name in GrpcStatusName]: number }

/**
 * What an answer without `grpc-status` stands for.
 * https://github.com/grpc/grpc/blob/master/doc/http-grpc-status-mapping.md
 */
export function grpcStatusOfHttp(status: number): number {
  switch (status) {
    case 400:
      return GRPC_STATUS.INTERNAL
    case 401:
      return GRPC_STATUS.UNAUTHENTICATED
    case 403:
      return GRPC_STATUS.PERMISSION_DENIED
    case 404:
      return GRPC_STATUS.UNIMPLEMENTED
    case 429:
    case 502:
    case 503:
    case 504:
      return GRPC_STATUS.UNAVAILABLE
    default:
      return GRPC_STATUS.UNKNOWN
  }
}

/** What a status of gRPC is to whoever does not speak it; others are 500. As google.rpc.Code says of each. */
export function httpStatusOfGrpc(name: GrpcStatusName): number {
  return HTTP_STATUSES[name] ?? 500
}

const HTTP_STATUSES: Readonly<Partial<Record<GrpcStatusName, number>>> = {
  OK: 200,
  CANCELLED: 499,
  INVALID_ARGUMENT: 400,
  DEADLINE_EXCEEDED: 504,
  NOT_FOUND: 404,
  ALREADY_EXISTS: 409,
  PERMISSION_DENIED: 403,
  RESOURCE_EXHAUSTED: 429,
  FAILED_PRECONDITION: 400,
  ABORTED: 409,
  OUT_OF_RANGE: 400,
  UNIMPLEMENTED: 501,
  UNAVAILABLE: 503,
  UNAUTHENTICATED: 401,
}
