import { PROXY_ERRORS, type ProxyErrorCode } from '@heddle/api/proxy-errors'
import { type EndpointOutcome, outcomeOf } from '@heddle/engine/outlier/outcome'
import type { ResponseHead } from '@heddle/http/message'
import type { Outcome } from '../filters/filter.ts'
import { parseGrpcStatus } from '../grpc/status.ts'

/** Failures that say nothing of the endpoint: this proxy has no room, or no certificate. */
const OWN_FAILURES: ReadonlySet<ProxyErrorCode> = new Set([
  'endpoint_overloaded',
  'pending_timeout',
  'draining',
  'connection_limit',
  'own_certificate_missing',
  'internal_error',
])

/** Whether a failure tells of this proxy, not of the endpoint. */
export function isOwnFailure(code: ProxyErrorCode): boolean {
  return OWN_FAILURES.has(code)
}

/** Of an answer that is nothing but its head ("Trailers-Only"). */
export function readGrpcStatus({ fields }: ResponseHead): number | undefined {
  const text = fields.get('grpc-status')
  return text === undefined ? undefined : parseGrpcStatus(text)
}

/** What the end of an exchange says of the endpoint that had it. */
export function outcomeOfExchange({ error, status, grpcStatus }: Outcome): EndpointOutcome {
  if (error === undefined) return outcomeOf(status, grpcStatus)
  const isOfOthers =
    PROXY_ERRORS[error].source === 'client' || error.startsWith('fault_') || error.startsWith('circuit_')
  return isOfOthers || isOwnFailure(error) ? 'none' : 'failure'
}
