import { type ClientHello, readClientHello } from './client-hello.ts'

/** What the first bytes of a connection are. */
export type Detected =
  | { readonly kind: 'http1' }
  | { readonly kind: 'http2' }
  | { readonly kind: 'tls'; readonly hello: ClientHello }
  | { readonly kind: 'opaque' }
  /** Cannot be told yet. */
  | { readonly kind: 'unknown' }

const HTTP1: Detected = { kind: 'http1' }
const HTTP2: Detected = { kind: 'http2' }
const OPAQUE: Detected = { kind: 'opaque' }
const UNKNOWN: Detected = { kind: 'unknown' }

const H2_PREFACE = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'
/** Whoever starts with one of these means HTTP/1, and gets 400 when the rest is not HTTP/1. */
const COMMON_METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'OPTIONS', 'TRACE', 'PATCH']
const MAX_METHOD_CHARS = 24
const CR = 13
const LF = 10
const SPACE = 32
const SLASH = 47
const TLS_HANDSHAKE = 22

/**
 * Tells the protocol by the first bytes that a client sent.
 *
 * CONNECT is opaque on purpose: its client speaks to a forward proxy, and what follows belongs to that proxy.
 */
export function detectProtocol(bytes: Uint8Array): Detected {
  if (bytes.length === 0) return UNKNOWN
  if (bytes[0] === TLS_HANDSHAKE) {
    const hello = readClientHello(bytes)
    if (hello === 'incomplete') return UNKNOWN
    return hello === 'not-tls' ? OPAQUE : { kind: 'tls', hello }
  }
  return detectText(bytes)
}

function detectText(bytes: Uint8Array): Detected {
  // RFC 9112 §2.2: empty lines before a request line are to be ignored.
  let start = 0
  while (start < bytes.length && (bytes[start] === CR || bytes[start] === LF)) start += 1
  let end = start
  while (end < bytes.length && isUpper(bytes[end]!) && end - start < MAX_METHOD_CHARS) end += 1
  const word = String.fromCharCode(...bytes.subarray(start, end))
  // They end within what may be a method.
  if (end === bytes.length) return word.length < MAX_METHOD_CHARS ? UNKNOWN : OPAQUE
  if (word === 'CONNECT') return OPAQUE
  if (COMMON_METHODS.includes(word)) return HTTP1
  if (word === 'PRI') return detectPreface(bytes.subarray(start))
  if (word === '' || bytes[end] !== SPACE) return OPAQUE
  if (end + 1 === bytes.length) return UNKNOWN
  return bytes[end + 1] === SLASH ? HTTP1 : OPAQUE
}

function detectPreface(bytes: Uint8Array): Detected {
  const length = Math.min(bytes.length, H2_PREFACE.length)
  for (let i = 0; i < length; i++) if (bytes[i] !== H2_PREFACE.charCodeAt(i)) return OPAQUE
  return length === H2_PREFACE.length ? HTTP2 : UNKNOWN
}

function isUpper(octet: number): boolean {
  return octet >= 65 && octet <= 90
}
