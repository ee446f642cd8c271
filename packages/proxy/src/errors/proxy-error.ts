import type { ErrorSpec } from '@heddle/api/error-spec'
import { PROXY_ERRORS, type ProxyErrorCode } from '@heddle/api/proxy-errors'
import { messageOf } from '@heddle/base/message-of'

/**
 * A request or connection failed inside the proxy. The code is the stable part: it is the `heddle-error` response header,
 * the `error` field of the access log and the label of the metric.
 */
export class ProxyError extends Error {
  override readonly name = 'ProxyError'
  readonly code: ProxyErrorCode
  /** What the client is told by `retry-after`; `undefined`: nothing. */
  retryAfterMs: number | undefined

  /** @param detail - what happened, with names and numbers: "connect 10.0.0.7:8080 took over 1000 ms" */
  constructor(code: ProxyErrorCode, detail: string, cause?: unknown) {
    super(detail, { cause })
    this.code = code
  }

  get spec(): ErrorSpec {
    return PROXY_ERRORS[this.code]
  }
}

/** `error` itself when it is a ProxyError, else one that says `internal_error`. */
export function toProxyError(error: unknown): ProxyError {
  if (error instanceof ProxyError) return error
  return new ProxyError('internal_error', messageOf(error), error)
}
