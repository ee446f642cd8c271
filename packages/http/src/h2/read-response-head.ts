import { HttpError } from '../http-error.ts'
import type { BodyLength, RequestHead } from '../message/head.ts'
import { readContentLength, takeOwnEntries } from './field-rules.ts'
import { HeaderFields } from './header-fields.ts'
import type { HeaderEntry } from './hpack/header-entry.ts'
import { H2ResponseHead } from './received-head.ts'

/** What an answer's head is an answer to. */
export interface Asked {
  readonly head: RequestHead
  /** The `:protocol` that was sent. RFC 8441 §4. */
  readonly protocol: string | undefined
}

/** An answer's head, and what follows it. */
export interface ReceivedResponse {
  readonly head: H2ResponseHead
  readonly hasBody: boolean
  /** From here octets flow both ways. */
  readonly isOpaque: boolean
}

const ZERO = 0x30

/**
 * Understands the head of an answer. RFC 9113 §8.3.2. 2xx to extended CONNECT is told as HTTP/1 would have it: 101.
 *
 * @param entries - of its block; owned by the head from now on
 * @param isEnd - no body follows
 * @throws {HttpError} whatever is wrong with it
 */
export function readResponseHead(entries: HeaderEntry[], isEnd: boolean, asked: Asked): ReceivedResponse {
  const statusEntry = entries[0]
  if (statusEntry?.name !== ':status') throw new HttpError('bad_pseudo_header', 'no :status at the start')
  const status = readStatus(statusEntry.value)
  if (status < 200 && isEnd) throw new HttpError('bad_framing', 'an informational answer that ends the stream')
  const own = takeOwnEntries(entries, 1)
  const lengthEntry = own?.contentLength
  const length = lengthEntry === undefined ? undefined : readContentLength(lengthEntry)
  const isSuccess = status >= 200 && status <= 299
  const isOpaque = isSuccess && (asked.protocol !== undefined || asked.head.method === 'CONNECT')
  const isBodiless = status < 200 || status === 204 || status === 304 || asked.head.method === 'HEAD'
  if (isEnd && !isBodiless && !isOpaque && length !== undefined && length > 0) {
    throw new HttpError('bad_framing', 'a content-length without a body')
  }
  const isSwitch = isOpaque && asked.protocol !== undefined
  const head = new H2ResponseHead({
    status: isSwitch ? 101 : status,
    bodyLength: bodyLengthOf(status, isOpaque, length),
    upgrade: isSwitch ? asked.protocol : undefined,
    fields: new HeaderFields(entries, 1),
    statusEntry,
    lengthEntry,
    receivedStatus: status,
  })
  return { head, hasBody: isOpaque || !(isEnd || isBodiless), isOpaque }
}

function readStatus(value: string): number {
  let status = value.length === 3 ? 0 : Number.NaN
  for (let i = 0; i < value.length; i++) {
    const digit = value.charCodeAt(i) - ZERO
    status = digit >= 0 && digit <= 9 ? status * 10 + digit : Number.NaN
  }
  if (!(status >= 100)) throw new HttpError('bad_status_line', 'a :status that is not a number from 100 to 999')
  // RFC 9113 §8.6: HTTP/2 has no 101.
  if (status === 101) throw new HttpError('bad_status_line', 'a :status of 101')
  return status
}

/** RFC 9110 §8.6: lengths in 1xx, 204 and 2xx to CONNECT mean nothing. */
function bodyLengthOf(status: number, isOpaque: boolean, length: BodyLength): BodyLength {
  return status < 200 || status === 204 || isOpaque ? 0 : length
}
