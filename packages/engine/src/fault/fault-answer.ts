import type { ErrorSpec } from '@heddle/api/error-spec'
import { GRPC_STATUS_NAMES, grpcStatusOfHttp, httpStatusOfGrpc } from '@heddle/api/grpc-status'
import type { FaultEnd } from './fault-table.ts'

/** What clients of HTTP and of gRPC get in the place of the real answer, whichever of the two statuses the policy names. */
export function answerOfFault(end: Exclude<FaultEnd, { kind: 'reset' }>): Pick<ErrorSpec, 'status' | 'grpc'> {
  if (end.kind === 'status') return { status: end.status, grpc: GRPC_STATUS_NAMES[grpcStatusOfHttp(end.status)]! }
  const grpc = GRPC_STATUS_NAMES[end.status] ?? 'UNKNOWN'
  return { status: httpStatusOfGrpc(grpc), grpc }
}
