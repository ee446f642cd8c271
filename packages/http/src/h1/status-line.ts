import { HttpError } from '../http-error.ts'
import { DIGIT, isAllOf } from '../octets.ts'

/** A status line; its reason phrase means nothing (RFC 9112 §4) and is dropped. */
export interface StatusLine {
  readonly status: number
  readonly minorVersion: 0 | 1
}

const STATUS_START = 'HTTP/1.1 '.length
const STATUS_END = STATUS_START + 3

/**
 * Parses `HTTP/1.1 200 OK`, without its end of line. The blank before an empty reason may be missing: many servers leave
 * it out, and nothing else can be meant.
 *
 * @throws {HttpError} bad_status_line
 */
export function parseStatusLine(line: string): StatusLine {
  const minorVersion = line.startsWith('HTTP/1.1 ') ? 1 : line.startsWith('HTTP/1.0 ') ? 0 : -1
  if (minorVersion === -1) throw new HttpError('bad_status_line', 'not HTTP/1.1 STATUS REASON')
  const digits = line.substring(STATUS_START, STATUS_END)
  const isEnded = line.length === STATUS_END || line.charCodeAt(STATUS_END) === 0x20
  if (digits.length !== 3 || !isAllOf(digits, DIGIT) || digits < '100' || !isEnded) {
    throw new HttpError('bad_status_line', 'the status is not three digits from 100 to 999')
  }
  return { status: Number(digits), minorVersion }
}
