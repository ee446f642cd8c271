import type { StatusDetails } from './api-status.ts'

/** What a {@link KubeError} is made of. */
export interface Refusal {
  readonly status: number
  readonly reason: string
  readonly message: string
  readonly details?: StatusDetails
}

/** The API server's refusal, in its own words. */
export class KubeError extends Error {
  override readonly name = 'KubeError'
  /** The HTTP status: 404, 409, 410, 422, ... */
  readonly status: number
  /** Kubernetes' own word: `NotFound`, `AlreadyExists`, `Conflict`, `Forbidden`, `Invalid`, `Expired`, ... */
  readonly reason: string
  /** What Kubernetes adds: causes by field, the seconds to wait. */
  readonly details: StatusDetails

  constructor({ status, reason, message, details = {} }: Refusal) {
    super(message)
    this.status = status
    this.reason = reason
    this.details = details
  }
}

/** No usable answer: nothing is known about whether the call was done. */
export class KubeTransportError extends Error {
  override readonly name = 'KubeTransportError'
  readonly reason: 'connection' | 'deadline' | 'answer_too_large' | 'not_json' | 'aborted'

  constructor(reason: KubeTransportError['reason'], message: string, cause?: unknown) {
    super(message, { cause })
    this.reason = reason
  }
}
