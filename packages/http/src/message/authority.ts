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
  return isAuthorityIn(text, 0, text.length)
}

/** {@link isAuthority} of a part of `text`, which need not be cut out. */
export function isAuthorityIn(text: string, start: number, end: number): boolean {
  const isLiteral = start < end && text.charCodeAt(start) === OPEN_BRACKET
  const hostEnd = isLiteral ? endOfIpLiteral(text, start, end) : endOfName(text, start, end)
  if (hostEnd <= start) return false
  return hostEnd === end || isPortIn(text, hostEnd, end)
}

/** Whether an {@link isAuthority} has a port. */
export function hasPort(authority: string): boolean {
  return authority.lastIndexOf(':') > authority.lastIndexOf(']')
}

function endOfName(text: string, start: number, end: number): number {
  let i = start
  for (; i < end; i++) {
    const code = text.charCodeAt(i)
    if (code === COLON) break
    if (!isOf(code, HOST_NAME)) return -1
    if (
      code === PERCENT &&
      !(i + 2 < end && isOf(text.charCodeAt(i + 1), HEX_DIGIT) && isOf(text.charCodeAt(i + 2), HEX_DIGIT))
    ) {
      return -1
    }
  }
  return i
}

/** `[` 1*( HEXDIG / ":" / "." ) `]`; whether it is an address of IPv6 is for whoever connects to it. */
function endOfIpLiteral(text: string, start: number, end: number): number {
  let i = start + 1
  while (i < end && isOfIp(text.charCodeAt(i))) i++
  const isClosed = i < end && text.charCodeAt(i) === CLOSE_BRACKET
  return isClosed && i - start > 2 ? i + 1 : -1
}

function isOfIp(code: number): boolean {
  return code === COLON || code === POINT || isOf(code, HEX_DIGIT)
}

function isPortIn(text: string, colon: number, end: number): boolean {
  const digits = end - colon - 1
  if (text.charCodeAt(colon) !== COLON || digits < 1 || digits > MAX_PORT_DIGITS) return false
  let port = 0
  for (let i = colon + 1; i < end; i++) {
    const code = text.charCodeAt(i)
    if (!isOf(code, DIGIT)) return false
    port = port * 10 + code - 0x30
  }
  return port <= MAX_PORT
}

function isOf(code: number, bits: number): boolean {
  return code <= 0xff && (OCTET_CLASS[code]! & bits) !== 0
}
