/** Kubernetes' `Status`, as far as it is acted on. */
export interface ApiStatus {
  readonly status: number
  readonly reason: string
  readonly message: string
  readonly details: StatusDetails
}

/** What Kubernetes adds to a refusal: causes by field, and the seconds to wait. */
export interface StatusDetails {
  readonly retryAfterSeconds?: number
  readonly causes?: readonly StatusCause[]
}

/** One of several causes. */
export interface StatusCause {
  readonly reason?: string
  readonly message?: string
  readonly field?: string
}

/** Words for statuses that come without a `Status` in their body: from proxies before the API server, or its mux. */
const REASONS: Readonly<Record<number, string>> = {
  400: 'BadRequest',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'NotFound',
  405: 'MethodNotAllowed',
  409: 'Conflict',
  410: 'Gone',
  422: 'Invalid',
  429: 'TooManyRequests',
  503: 'ServiceUnavailable',
  504: 'Timeout',
}
/** A page of HTML of some proxy is cut there. */
const MOST_TEXT = 200

/** Reads the `Status` that an answer's body holds; what is not one becomes the message. */
export function parseStatusText(body: string, status: number): ApiStatus {
  let value: unknown
  try {
    value = JSON.parse(body)
  } catch {
    value = { message: body.trim().slice(0, MOST_TEXT) }
  }
  return parseStatus(value, status)
}

/** Reads a `Status` object. */
export function parseStatus(value: unknown, status: number): ApiStatus {
  const { code, reason, message, details } = (value ?? {}) as Partial<Record<string, unknown>>
  const number = typeof code === 'number' ? code : status
  const word = typeof reason === 'string' && reason !== '' ? reason : (REASONS[number] ?? 'Unknown')
  const text = typeof message === 'string' && message !== '' ? message : `the API server answered ${number} ${word}`
  return { status: number, reason: word, message: text, details: toDetails(details) }
}

function toDetails(details: unknown): StatusDetails {
  if (typeof details !== 'object' || details === null) return {}
  const { retryAfterSeconds, causes } = details as Record<string, unknown>
  return {
    ...(typeof retryAfterSeconds === 'number' ? { retryAfterSeconds } : {}),
    ...(Array.isArray(causes) ? { causes: causes as StatusCause[] } : {}),
  }
}
