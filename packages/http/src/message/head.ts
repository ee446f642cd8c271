import type { Fields } from './fields.ts'

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
  /** Host and optional port as the client wrote it; empty only for HTTP/1.0 without Host. */
  authority: string
  scheme: 'http' | 'https'
  /** Protocol asked for by Upgrade (or extended CONNECT), lower case; `undefined` for all others. */
  readonly upgrade: string | undefined
  readonly bodyLength: BodyLength
  /** Whether the client waits for 100 before it sends the body. */
  readonly expectsContinue: boolean
  /** Without `host`, and without the connection's own fields (RFC 9110 §7.6.1): those are the codec's business. */
  readonly fields: Fields
}

/** An answer before its body. 1xx included, but for 101 always without body. */
export interface ResponseHead {
  readonly kind: 'response'
  status: number
  readonly bodyLength: BodyLength
  /** Set on 101 (and 2xx to extended CONNECT): from here the stream carries opaque octets both ways. */
  readonly upgrade: string | undefined
  readonly fields: Fields
}
