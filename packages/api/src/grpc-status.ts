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
