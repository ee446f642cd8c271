import { HttpError } from '../http-error.ts'
import { SPACE } from '../octets.ts'

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
 * @param text - which begins with it
 * @param end - where it ends
 * @throws {HttpError} bad_status_line
 */
export function parseStatusLine(text: string, end: number): StatusLine {
  const minor = text.charCodeAt(STATUS_START - 2)
  const isKnown = text.startsWith('HTTP/1.') && (minor === ONE || minor === ZERO)
  if (end < STATUS_END || !isKnown || text.charCodeAt(STATUS_START - 1) !== SPACE) {
    throw new HttpError('bad_status_line', 'not HTTP/1.1 STATUS REASON')
  }
  const status =
    digitAt(text, STATUS_START) * 100 + digitAt(text, STATUS_START + 1) * 10 + digitAt(text, STATUS_START + 2)
  const isEnded = end === STATUS_END || text.charCodeAt(STATUS_END) === SPACE
  if (!(status >= 100) || !isEnded) {
    throw new HttpError('bad_status_line', 'the status is not three digits from 100 to 999')
  }
  return { status, minorVersion: minor === ONE ? 1 : 0 }
}

function digitAt(text: string, index: number): number {
  const digit = text.charCodeAt(index) - ZERO
  return digit >= 0 && digit <= 9 ? digit : Number.NaN
}
