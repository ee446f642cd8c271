import { DIGIT, HEX_DIGIT, HOST_NAME, isAllOf, OCTET_CLASS } from '../octets.ts'

const OPEN_BRACKET = 0x5b
const COLON = 0x3a
const PERCENT = 0x25
const MAX_PORT = 65_535

/**
 * Whether `text` is `host` or `host:port` of RFC 3986 §3.2 without user information; the port 0 to 65535 in at most five
 * digits. Stricter than the RFC in one thing: a colon without port is refused.
 */
export function isAuthority(text: string): boolean {
  const hostEnd = text.charCodeAt(0) === OPEN_BRACKET ? endOfIpLiteral(text) : endOfName(text)
  if (hostEnd <= 0) return false
  return hostEnd === text.length || isPortAt(text, hostEnd)
}

/** Whether an {@link isAuthority} has a port. */
export function hasPort(authority: string): boolean {
  const colon = authority.lastIndexOf(':')
  return colon > authority.lastIndexOf(']')
}

function endOfName(text: string): number {
  let i = 0
  for (; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code === COLON) break
    if (code > 0xff || (OCTET_CLASS[code]! & HOST_NAME) === 0) return -1
    if (code === PERCENT && !isAllOf(text.substring(i + 1, i + 3).padEnd(2), HEX_DIGIT)) return -1
  }
  return i
}

/** `[` 1*( HEXDIG / ":" / "." ) `]`; whether it is an address of IPv6 is for whoever connects to it. */
function endOfIpLiteral(text: string): number {
  const close = text.indexOf(']')
  if (close < 3) return -1
  for (let i = 1; i < close; i++) {
    const char = text[i]!
    if (char !== ':' && char !== '.' && !isAllOf(char, HEX_DIGIT)) return -1
  }
  return close + 1
}

function isPortAt(text: string, colon: number): boolean {
  const port = text.substring(colon + 1)
  return text.charCodeAt(colon) === COLON && port.length <= 5 && isAllOf(port, DIGIT) && Number(port) <= MAX_PORT
}
