import { COLON, DIGIT, HEX_DIGIT, HOST_NAME, OCTET_CLASS } from '../octets.ts'

const OPEN_BRACKET = 0x5b
const CLOSE_BRACKET = 0x5d
const POINT = 0x2e
const PERCENT = 0x25
const MAX_PORT = 65_535
const MAX_PORT_DIGITS = 5

/**
 * Whether `text` is `host` or `host:port` of RFC 3986 §3.2 without user information; the port 0 to 65535 in at most five
 * digits. Stricter than the RFC in one thing: a colon without port is refused.
 */
export function isAuthority(text: string): boolean {
  const hostEnd = text.charCodeAt(0) === OPEN_BRACKET ? endOfIpLiteral(text) : endOfName(text)
  if (hostEnd <= 0) return false
  return hostEnd === text.length || isPortFrom(text, hostEnd)
}

/** Whether an {@link isAuthority} has a port. */
export function hasPort(authority: string): boolean {
  return authority.lastIndexOf(':') > authority.lastIndexOf(']')
}

function endOfName(text: string): number {
  let i = 0
  for (; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code === COLON) break
    if (!isOf(code, HOST_NAME)) return -1
    if (
      code === PERCENT &&
      !(i + 2 < text.length && isOf(text.charCodeAt(i + 1), HEX_DIGIT) && isOf(text.charCodeAt(i + 2), HEX_DIGIT))
    ) {
      return -1
    }
  }
  return i
}

/** `[` 1*( HEXDIG / ":" / "." ) `]`; whether it is an address of IPv6 is for whoever connects to it. */
function endOfIpLiteral(text: string): number {
  let i = 1
  while (i < text.length && isOfIp(text.charCodeAt(i))) i++
  const isClosed = i < text.length && text.charCodeAt(i) === CLOSE_BRACKET
  return isClosed && i > 2 ? i + 1 : -1
}

function isOfIp(code: number): boolean {
  return code === COLON || code === POINT || isOf(code, HEX_DIGIT)
}

function isPortFrom(text: string, colon: number): boolean {
  const digits = text.length - colon - 1
  if (text.charCodeAt(colon) !== COLON || digits < 1 || digits > MAX_PORT_DIGITS) return false
  let port = 0
  for (let i = colon + 1; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (!isOf(code, DIGIT)) return false
    port = port * 10 + code - 0x30
  }
  return port <= MAX_PORT
}

function isOf(code: number, bits: number): boolean {
  return code <= 0xff && (OCTET_CLASS[code]! & bits) !== 0
}
