import type { ErrorSpec } from '@heddle/api/error-spec'
import { grpcKindOf } from '@heddle/api/grpc-kind'
import { GRPC_STATUS, GRPC_STATUS_NAMES, grpcStatusOfHttp } from '@heddle/api/grpc-status'
import { PROXY_ERRORS, type ProxyErrorCode } from '@heddle/api/proxy-errors'
import { REFUSALS } from './refusals.ts'
import type { RequestFacts } from './request-facts.ts'
import type { RefusalCause } from './route-decision.ts'

/** What a client gets when its proxy answers itself. */
export interface OwnAnswer {
  /** Of HTTP; 200 for a call of gRPC, whatever happened to it. */
  readonly status: number
  /** `undefined`: the request is no call. */
  readonly grpcStatus: number | undefined
}

/** The part of a request that tells what its client speaks. */
export type Spoken = Pick<RequestFacts, 'method' | 'fields'>

/** How whoever sent `request` is told of an error. */
export function answerOfError(code: ProxyErrorCode, request: Spoken): OwnAnswer {
  return toOwnAnswer(PROXY_ERRORS[code], request)
}

/** How whoever sent `request` is told of a refusal. */
export function answerOfRefusal(cause: RefusalCause, request: Spoken): OwnAnswer {
  return answerOfError(REFUSALS[cause], request)
}

/** What becomes of an answer that has a status of HTTP only, such as a redirect. */
export function answerOfStatus(status: number, request: Spoken): OwnAnswer {
  return isCall(request) ? { status: 200, grpcStatus: grpcStatusOfHttp(status) } : { status, grpcStatus: undefined }
}

/** Of the two statuses that tell of one thing, the one that whoever sent `request` gets. */
export function toOwnAnswer({ status, grpc }: Pick<ErrorSpec, 'status' | 'grpc'>, request: Spoken): OwnAnswer {
  return isCall(request) ? { status: 200, grpcStatus: GRPC_STATUS[grpc] } : { status, grpcStatus: undefined }
}

/** `status 404`, or `gRPC status UNIMPLEMENTED (12), HTTP status 200`. */
export function formatOwnAnswer({ status, grpcStatus }: OwnAnswer): string {
  if (grpcStatus === undefined) return `status ${status}`
  return `gRPC status ${GRPC_STATUS_NAMES[grpcStatus] ?? 'unknown'} (${grpcStatus}), HTTP status ${status}`
}

function isCall({ method, fields }: Spoken): boolean {
  return grpcKindOf(method, fields.get('content-type')) !== undefined
}
