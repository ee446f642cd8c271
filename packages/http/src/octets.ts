import { Buffer } from 'node:buffer'

export const TAB = 0x09
export const LF = 0x0a
export const CR = 0x0d
export const SPACE = 0x20
export const COLON = 0x3a

/** tchar, RFC 9110 §5.6.2. */
export const TOKEN = 1
/** What a field value may have inside: HTAB, SP, VCHAR, obs-text. RFC 9110 §5.5. */
export const VALUE = 2
/** What a request target may have: visible ASCII but `#`, which begins a fragment and is never sent. RFC 9112 §3.2. */
export const TARGET = 4
/** reg-name of RFC 3986 §3.2.2, `%` included. */
export const HOST_NAME = 8
export const HEX_DIGIT = 16
export const DIGIT = 32
/** What a request line may have: a target's octets, which are those of methods and versions, too, and SP between. */
export const REQUEST_LINE = 64

/** Classes of each octet, as a sum of the constants above. */
export const OCTET_CLASS = createClasses()

/** ASCII lower case of each octet. */
export const LOWER_CASE = Uint8Array.from({ length: 256 }, (_, octet) =>
  octet >= 0x41 && octet <= 0x5a ? octet | 0x20 : octet,
)

function createClasses(): Uint8Array {
  const classes = new Uint8Array(256)
  const add = (octets: string, bits: number) => {
    for (const octet of octets) classes[octet.charCodeAt(0)]! |= bits
  }
  const digits = '0123456789'
  const letters = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ'
  add(digits, TOKEN | HOST_NAME | HEX_DIGIT | DIGIT)
  add(letters, TOKEN | HOST_NAME)
  add('abcdefABCDEF', HEX_DIGIT)
  add("!#$%&'*+-.^_`|~", TOKEN)
  add("-._~!$&'()*+,;=%", HOST_NAME)
  for (let octet = 0x20; octet <= 0xff; octet++) if (octet !== 0x7f) classes[octet]! |= VALUE
  classes[TAB]! |= VALUE
  for (let octet = 0x21; octet <= 0x7e; octet++) if (octet !== 0x23) classes[octet]! |= TARGET | REQUEST_LINE
  classes[SPACE]! |= REQUEST_LINE
  return classes
}

/** Whether `text` is not empty and each of its characters is of one of the classes `bits`. */
export function isAllOf(text: string, bits: number): boolean {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code > 0xff || (OCTET_CLASS[code]! & bits) === 0) return false
  }
  return text.length > 0
}

/** Whether the octets at `start` are the characters of `text`. */
export function isTextAt(bytes: Uint8Array, start: number, text: string): boolean {
  for (let i = 0; i < text.length; i++) if (bytes[start + i] !== text.charCodeAt(i)) return false
  return true
}

/** Node and Bun have these two undeclared; on Bun `latin1Write` costs 25 ns where `write(.., 'latin1')` costs 44. */
export interface Latin1Buffer extends Buffer {
  latin1Write(text: string, at: number): number
  latin1Slice(start: number, end: number): string
}

/** `bytes` as a Buffer over the same octets. */
export function toLatin1Buffer(bytes: Uint8Array): Latin1Buffer {
  const isBuffer = bytes instanceof Buffer
  return (isBuffer ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)) as Latin1Buffer
}

/** The octets from `start` to `end`; `bytes` itself when these are all. A view costs more than the copy of a KiB, so only where one is needed. */
export function part(bytes: Uint8Array, start: number, end: number): Uint8Array {
  return start === 0 && end === bytes.length ? bytes : bytes.subarray(start, end)
}
