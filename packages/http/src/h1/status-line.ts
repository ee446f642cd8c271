import { HttpError } from '../http-error.ts'
import type { ReceivedOctets } from '../message/received-octets.ts'
import { isTextAt, SPACE } from '../octets.ts'

/** A status line; its reason phrase means nothing (RFC 9112 §4) and is dropped. */
export interface StatusLine {
  readonly status: number
  readonly minorVersion: 0 | 1
}

const STATUS_START = 'HTTP/1.1 '.length
const STATUS_END = STATUS_START + 3
const ZERO = 0x30
const ONE = 0x31

/**
 * Parses `HTTP/1.1 200 OK`, without its end of line. The blank before an empty reason may be missing: many servers leave
 * it out, and nothing else can be meant.
 *
 * @param received - which begins with it
 * @param end - where it ends, relative to the head
 * @throws {HttpError} bad_status_line
 */
export function parseStatusLine({ bytes, base }: ReceivedOctets, end: number): StatusLine {
  const minor = bytes[base + STATUS_START - 2]
  const isKnown = isTextAt(bytes, base, 'HTTP/1.') && (minor === ONE || minor === ZERO)
  if (end < STATUS_END || !isKnown || bytes[base + STATUS_START - 1] !== SPACE) {
    throw new HttpError('bad_status_line', 'not HTTP/1.1 STATUS REASON')
  }
  const at = base + STATUS_START
  const status = digitAt(bytes, at) * 100 + digitAt(bytes, at + 1) * 10 + digitAt(bytes, at + 2)
  const isEnded = end === STATUS_END || bytes[base + STATUS_END] === SPACE
  if (!(status >= 100) || !isEnded) {
    throw new HttpError('bad_status_line', 'the status is not three digits from 100 to 999')
  }
  return { status, minorVersion: minor === ONE ? 1 : 0 }
}

function digitAt(bytes: Uint8Array, index: number): number {
  const digit = bytes[index]! - ZERO
  return digit >= 0 && digit <= 9 ? digit : Number.NaN
}
