import { GRPC_STATUS, GRPC_STATUS_NAMES } from '@heddle/api/grpc-status'
import { H2_CODE } from '@heddle/http/h2-codes'

const { INTERNAL, PERMISSION_DENIED, UNAVAILABLE, UNKNOWN, CANCELLED, RESOURCE_EXHAUSTED } = GRPC_STATUS

/**
 * What a `grpc-status` says. One that is no number, or of no meaning, is UNKNOWN, as clients have it.
 */
export function parseGrpcStatus(text: string): number {
  if (text.length === 0 || text.length > 2) return UNKNOWN
  let status = 0
  for (let i = 0; i < text.length; i++) {
    const digit = text.charCodeAt(i) - 48
    if (digit < 0 || digit > 9) return UNKNOWN
    status = status * 10 + digit
  }
  return status < GRPC_STATUS_NAMES.length ? status : UNKNOWN
}

/** What the error codes of HTTP/2 stand for that do not mean INTERNAL. RFC 9113 §7; PROTOCOL-HTTP2.md of gRPC, "Errors". */
const RESETS: ReadonlyMap<number, number> = new Map([
  [H2_CODE.refusedStream, UNAVAILABLE],
  [H2_CODE.cancel, CANCELLED],
  [H2_CODE.enhanceYourCalm, RESOURCE_EXHAUSTED],
  [H2_CODE.inadequateSecurity, PERMISSION_DENIED],
])

/** @param code - of RST_STREAM; `undefined` when the connection was lost */
export function grpcStatusOfReset(code: number | undefined): number {
  return code === undefined ? UNAVAILABLE : (RESETS.get(code) ?? INTERNAL)
}
