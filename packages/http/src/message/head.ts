import { createFields, type Fields } from './fields.ts'

/**
 * How long the body is: a number of octets (0: there is none), or `undefined` when only its end will tell (chunked in
 * HTTP/1.1, DATA without content-length in HTTP/2, until close in answers of HTTP/1.0).
 */
export type BodyLength = number | undefined

/** A request before its body. RFC 9110 §3, §7. */
export interface RequestHead {
  readonly kind: 'request'
  /** Case-sensitive token. */
  method: string
  /**
   * Path and query (`/a?b`), or `*`; for CONNECT empty. Absolute-form is taken apart: its authority wins over Host
   * (RFC 9112 §3.2.2).
   */
  path: string
  /** Host and optional port as the client wrote it; empty for HTTP/1.0 without Host and for an empty Host. */
  authority: string
  scheme: 'http' | 'https'
  /**
   * Protocol asked for by Upgrade (or extended CONNECT), lower case; `undefined` for all others. `h2c` is never in it: it
   * would carry requests past every proxy on the way. Nor does a request with a body upgrade.
   */
  readonly upgrade: string | undefined
  readonly bodyLength: BodyLength
  /** Whether the client waits for 100 before it sends the body. `expect` is not among the fields then. */
  readonly expectsContinue: boolean
  /**
   * Without `host`, `content-length` (see `bodyLength`), and the connection's own fields (RFC 9110 §7.6.1; `te: trailers`
   * stays): those are the codec's business, and are ignored when someone adds them.
   */
  readonly fields: Fields
}

/** An answer before its body. 1xx included, but for 101 always without body. */
export interface ResponseHead {
  readonly kind: 'response'
  status: number
  /** What Content-Length says, also where no body follows (HEAD, 304). */
  readonly bodyLength: BodyLength
  /** Set on 101 (and 2xx to extended CONNECT): from here the stream carries opaque octets both ways. */
  readonly upgrade: string | undefined
  /** As in {@link RequestHead.fields}. */
  readonly fields: Fields
}

/** What {@link createRequestHead} makes a head of. */
export interface RequestHeadParts {
  readonly method: string
  readonly path: string
  readonly authority: string
  readonly scheme?: 'http' | 'https'
  readonly upgrade?: string | undefined
  /** Left out: chunked when there is a body. */
  readonly bodyLength?: BodyLength
  readonly expectsContinue?: boolean
  readonly fields?: Fields
}

/**
 * A request head of our own making, as the control client needs it.
 *
 * @example
 * const head = createRequestHead({ method: 'GET', path: '/live', authority: 'localhost' })
 * session.request(head, false, receiver)
 */
export function createRequestHead(parts: RequestHeadParts): RequestHead {
  return {
    kind: 'request',
    method: parts.method,
    path: parts.path,
    authority: parts.authority,
    scheme: parts.scheme ?? 'http',
    upgrade: parts.upgrade,
    bodyLength: parts.bodyLength,
    expectsContinue: parts.expectsContinue ?? false,
    fields: parts.fields ?? createFields(),
  }
}

/** What {@link createResponseHead} makes a head of. */
export interface ResponseHeadParts {
  readonly status: number
  /** Left out: chunked when there is a body, 0 when there is none. */
  readonly bodyLength?: BodyLength
  readonly upgrade?: string | undefined
  readonly fields?: Fields
}

/**
 * A response head of our own making.
 *
 * @example
 * const head = createResponseHead({ status: 503, bodyLength: 3, fields: createFields([['heddle-error', 'draining']]) })
 * stream.sendHead(head, true)
 */
export function createResponseHead(parts: ResponseHeadParts): ResponseHead {
  return {
    kind: 'response',
    status: parts.status,
    bodyLength: parts.bodyLength,
    upgrade: parts.upgrade,
    fields: parts.fields ?? createFields(),
  }
}
