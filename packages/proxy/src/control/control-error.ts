/**
 * Why a call to the control plane failed: a code of the Connect protocol, or `unreachable` (no connection in time, or it broke),
 * `untrusted` (somebody else answered) or `malformed` (the answer makes no sense).
 * https://connectrpc.com/docs/protocol/#error-codes
 */
export type ControlErrorCode =
  | 'unreachable'
  | 'untrusted'
  | 'malformed'
  | 'canceled'
  | 'unknown'
  | 'invalid_argument'
  | 'deadline_exceeded'
  | 'not_found'
  | 'already_exists'
  | 'permission_denied'
  | 'resource_exhausted'
  | 'failed_precondition'
  | 'aborted'
  | 'out_of_range'
  | 'unimplemented'
  | 'internal'
  | 'unavailable'
  | 'data_loss'
  | 'unauthenticated'

/** A call to the control plane failed. */
export class ControlError extends Error {
  override readonly name = 'ControlError'
  readonly code: ControlErrorCode

  constructor(code: ControlErrorCode, detail: string) {
    super(detail)
    this.code = code
  }
}

/** The error that a Connect server wrote as JSON; `status` helps where the body is none. */
export function toControlError(json: unknown, status: number): ControlError {
  const { code, message } = (typeof json === 'object' && json !== null ? json : {}) as Record<string, unknown>
  if (typeof code !== 'string') return new ControlError('unknown', `the control plane answered status ${status}`)
  const text = typeof message === 'string' && message !== '' ? message : `the control plane answered ${code}`
  return new ControlError(code as ControlErrorCode, text.slice(0, MAX_MESSAGE))
}

const MAX_MESSAGE = 500
