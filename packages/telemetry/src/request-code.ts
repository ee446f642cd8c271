/**
 * Status of HTTP and, where there is one, of gRPC in one number, so that counting a request costs one lookup in one map. The
 * last three digits are the former; before them stands the latter, plus one.
 */
export function toRequestCode(status: number, grpcStatus: number | undefined): number {
  return grpcStatus === undefined ? status : status + (grpcStatus + 1) * 1000
}

/** The status of HTTP in a request code. */
export function statusOf(code: number): number {
  return code % 1000
}

/** The status of gRPC in a request code; `undefined` when it was none. */
export function grpcStatusOf(code: number): number | undefined {
  return code < 1000 ? undefined : Math.floor(code / 1000) - 1
}
