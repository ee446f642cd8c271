import { HttpError } from '../http-error.ts'
import { skipBlanks, trimBlanks } from '../message/field-lines.ts'
import type { ReceivedOctets } from '../message/received-octets.ts'
import type { HeadScan } from './head-scan.ts'
import { ownNameAt } from './own-names.ts'
import { isCanonical, type OwnLine, takeOwnField } from './take-own-field.ts'

/** What the fields that are the codec's business say; everything in lower case. */
export interface OwnFields {
  contentLength: number | undefined
  isChunked: boolean
  /** Connection options; close beats keep-alive. RFC 9112 §9.3. */
  closes: boolean
  keepsAlive: boolean
  upgrades: boolean
  /** What Upgrade offers, without h2c; `''` when there is nothing. */
  upgrade: string
  host: string | undefined
  expect: string | undefined
  /** Whether TE names `trailers`. */
  takesTrailers: boolean
  /** Further names in Connection: those fields belong to this connection, too. */
  nominated: string[] | undefined
  /** How many numbers of `lines` are left, those of the other fields. */
  kept: number
  /** There are none but Host, framing, and a bare keep-alive, in the usual spelling: the head may be written on as it came. */
  isCanonical: boolean
}

/**
 * Reads the codec's own fields of a head and takes their lines out of those of `scan`. RFC 9110 §7.6.1, RFC 9112 §6, §9.
 *
 * @param scan - which has read the head to its end; changed in place
 * @throws {HttpError} bad_framing, bad_host, bad_field, transfer_coding_not_implemented
 */
export function takeOwnFields({ bytes, base }: ReceivedOctets, { lines, lineNumbers }: HeadScan): OwnFields {
  const own = createOwnFields()
  const line: OwnLine = { bytes, colon: 0, lineEnd: 0, start: 0, end: 0 }
  let kept = 0
  for (let i = 0; i < lineNumbers; i += 3) {
    const start = lines[i]!
    const colon = lines[i + 1]!
    const end = lines[i + 2]!
    const name = ownNameAt(bytes, base + start, colon - start)
    if (name !== undefined) {
      line.colon = base + colon
      line.lineEnd = base + end
      line.start = skipBlanks(bytes, line.colon + 1, line.lineEnd)
      line.end = trimBlanks(bytes, line.start, line.lineEnd)
      if (own.isCanonical) own.isCanonical = isCanonical(name, line)
      takeOwnField(own, name, line)
      continue
    }
    if (kept !== i) {
      lines[kept] = start
      lines[kept + 1] = colon
      lines[kept + 2] = end
    }
    kept += 3
  }
  own.kept = kept
  if (own.isChunked && own.contentLength !== undefined) {
    throw new HttpError('bad_framing', 'Content-Length with Transfer-Encoding')
  }
  return own
}

function createOwnFields(): OwnFields {
  return {
    contentLength: undefined,
    isChunked: false,
    closes: false,
    keepsAlive: false,
    upgrades: false,
    upgrade: '',
    host: undefined,
    expect: undefined,
    takesTrailers: false,
    nominated: undefined,
    kept: 0,
    isCanonical: true,
  }
}
