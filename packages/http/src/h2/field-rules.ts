import { HttpError } from '../http-error.ts'
import { isAuthority } from '../message/authority.ts'
import { isTrailerName } from '../message/trailer-names.ts'
import { HeaderFields } from './header-fields.ts'
import { entryOf } from './hpack/entry-cache.ts'
import { HeaderEntry } from './hpack/header-entry.ts'

/** What the fields that are the codec's business say. */
export interface OwnEntries {
  contentLength: HeaderEntry | undefined
  host: string | undefined
  expectsContinue: boolean
  cookies: number
}

const ZERO = 0x30

/**
 * Checks the fields of a head behind its pseudo-headers, and takes those out of `entries` that are the codec's own. What is let
 * pass means the same when it is written in HTTP/1: no such field can end a line, a head or a body there. RFC 9113 §8.2, §10.3.
 *
 * @param entries - changed in place
 * @param first - where the fields begin
 * @throws {HttpError} bad_field, bad_framing, bad_host, bad_pseudo_header, expectation_failed
 */
export function takeOwnEntries(entries: HeaderEntry[], first: number): OwnEntries | undefined {
  let own: OwnEntries | undefined
  let kept = first
  for (let at = first; at < entries.length; at++) {
    const entry = entries[at]!
    if (!entry.isOrdinary) {
      own ??= { contentLength: undefined, host: undefined, expectsContinue: false, cookies: 0 }
      if (!isKept(own, entry)) continue
    }
    if (kept !== at) entries[kept] = entry
    kept += 1
  }
  if (kept !== entries.length) entries.length = kept
  return own
}

function isKept(own: OwnEntries, entry: HeaderEntry): boolean {
  checkEntry(entry)
  switch (entry.name) {
    case 'content-length':
      if (own.contentLength !== undefined) throw new HttpError('bad_framing', 'more than one content-length')
      own.contentLength = entry
      return false
    case 'host':
      takeHost(own, entry.value)
      return false
    case 'expect':
      if (entry.value.toLowerCase() !== '100-continue') {
        throw new HttpError('expectation_failed', 'an expectation other than 100-continue')
      }
      own.expectsContinue = true
      return false
    case 'te':
      if (entry.value.toLowerCase() !== 'trailers') throw new HttpError('bad_field', 'a te other than trailers')
      return true
    case 'cookie':
      own.cookies += 1
      return true
    case 'http2-settings':
      return false
    default:
      throw badName(entry.name)
  }
}

function badName(name: string): HttpError {
  const isOfConnection = CONNECTION_FIELDS.has(name)
  return new HttpError(
    'bad_field',
    isOfConnection ? `${name} belongs to a connection of HTTP/1` : 'a field name that is not a token in lower case',
  )
}

/** What is wrong with an entry whatever its name means. */
function checkEntry(entry: HeaderEntry): void {
  if (entry.header.isPseudo) throw new HttpError('bad_pseudo_header', 'a pseudo-header behind the fields')
  if (!entry.isValueValid) throw new HttpError('bad_field', 'a field value with octets that no field may have there')
}

function takeHost(own: OwnEntries, host: string): void {
  if (own.host !== undefined) throw new HttpError('bad_host', 'more than one host')
  if (host !== '' && !isAuthority(host)) throw new HttpError('bad_host', 'a host that is not host:port')
  own.host = host
}

/** @throws {HttpError} bad_framing */
export function readContentLength({ value }: HeaderEntry): number {
  let length = value === '' ? Number.NaN : 0
  for (let i = 0; i < value.length; i++) {
    const digit = value.charCodeAt(i) - ZERO
    length = digit >= 0 && digit <= 9 ? length * 10 + digit : Number.NaN
  }
  if (Number.isSafeInteger(length)) return length
  throw new HttpError('bad_framing', 'a content-length that is not a number of octets below 2^53')
}

/**
 * One line of what came as several, as whoever reads fields expects it and as HTTP/1 must have it. RFC 9113 §8.2.3.
 *
 * @param entries - changed in place: the first cookie gets all
 */
export function joinCookies(entries: HeaderEntry[], first: number): void {
  const crumbs: HeaderEntry[] = []
  let firstAt = -1
  let kept = first
  for (let at = first; at < entries.length; at++) {
    const entry = entries[at]!
    if (entry.name === 'cookie') {
      crumbs.push(entry)
      if (firstAt !== -1) continue
      firstAt = kept
    }
    entries[kept++] = entry
  }
  entries.length = kept
  entries[firstAt] = joined(crumbs)
}

/** Empty ones are left out: behind the last `; ` one would leave a blank at the end, where no value may have any. */
function joined(crumbs: readonly HeaderEntry[]): HeaderEntry {
  const values = crumbs.map(({ value }) => value).filter((value) => value !== '')
  // RFC 7541 §6.2.3: what one of them forbids holds for the whole.
  const isNeverIndexed = crumbs.some((crumb) => crumb.isNeverIndexed)
  const value = values.join('; ')
  return isNeverIndexed ? new HeaderEntry(crumbs[0]!.header, value, true) : entryOf('cookie', value)
}

/**
 * Trailers of what came behind a body; those that may not be trailers are dropped. RFC 9113 §8.1, RFC 9110 §6.5.1.
 *
 * @throws {HttpError} bad_field, bad_pseudo_header, head_too_large
 */
export function readTrailers(entries: HeaderEntry[], maxBytes: number): HeaderFields {
  let kept = 0
  let bytes = 0
  for (const entry of entries) {
    bytes += entry.sizeBytes
    if (bytes > maxBytes) throw new HttpError('head_too_large', `trailers over ${maxBytes} octets`)
    if (!entry.isOrdinary) checkTrailer(entry)
    if (isTrailerName(entry.name)) entries[kept++] = entry
  }
  entries.length = kept
  return new HeaderFields(entries)
}

function checkTrailer(entry: HeaderEntry): void {
  checkEntry(entry)
  if (isTrailerName(entry.name)) throw badName(entry.name)
  if (CONNECTION_FIELDS.has(entry.name)) throw badName(entry.name)
}

/** RFC 9113 §8.2.2. */
const CONNECTION_FIELDS: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'transfer-encoding',
  'upgrade',
])
