import { HttpError } from '../http-error.ts'
import { hasPort, isAuthority } from '../message/authority.ts'
import type { ReceivedOctets } from '../message/received-octets.ts'
import { isAllOf, isTextAt, SPACE, TARGET, TOKEN, toLatin1Buffer } from '../octets.ts'

/** A request line, its target where it stands, relative to the head. RFC 9112 §3. */
export interface RequestLine {
  readonly method: string
  readonly targetStart: number
  readonly targetEnd: number
  readonly minorVersion: 0 | 1
}

const USUAL_METHODS = ['GET', 'POST', 'PUT', 'HEAD', 'DELETE']
const VERSION_OCTETS = 'HTTP/1.1'.length
const ZERO = 0x30
const ONE = 0x31
const SLASH = 0x2f

/**
 * Parses `GET /a HTTP/1.1`, without its end of line, each octet of which is known to be one that a request line may have.
 *
 * @param received - which begins with it
 * @param end - where it ends, relative to the head
 * @param maxTargetBytes - of the target
 * @throws {HttpError} bad_request_line, version_not_supported, target_too_long
 */
export function parseRequestLine({ bytes, base }: ReceivedOctets, end: number, maxTargetBytes: number): RequestLine {
  const targetEnd = end - VERSION_OCTETS - 1
  const minor = bytes[base + end - 1]
  if (targetEnd < 0 || !isTextAt(bytes, base + targetEnd, ' HTTP/1.') || (minor !== ONE && minor !== ZERO)) {
    throw badVersion(toLatin1Buffer(bytes).latin1Slice(base, base + end))
  }
  const methodEnd = findBlank(bytes, base, base + targetEnd) - base
  if (methodEnd < 1 || methodEnd + 1 >= targetEnd) throw new HttpError('bad_request_line', 'no method or no target')
  const method = methodAt(bytes, base, base + methodEnd)
  if (method === undefined) throw new HttpError('bad_request_line', 'the method is not a token')
  if (findBlank(bytes, base + methodEnd + 1, base + targetEnd) !== base + targetEnd) {
    throw new HttpError('bad_request_line', 'more than three words')
  }
  if (targetEnd - methodEnd - 1 > maxTargetBytes) {
    throw new HttpError('target_too_long', `a target over ${maxTargetBytes} octets`)
  }
  return { method, targetStart: methodEnd + 1, targetEnd, minorVersion: minor === ONE ? 1 : 0 }
}

/** Where the first blank is; `to` when there is none. */
function findBlank(bytes: Uint8Array, from: number, to: number): number {
  let at = from
  while (at < to && bytes[at] !== SPACE) at++
  return at
}

/**
 * Says what is wrong with a request line; nothing may be.
 * @param line - all of it, and nothing else
 * @throws {HttpError} bad_request_line, version_not_supported, target_too_long, bad_target
 */
export function checkRequestLine(line: ReceivedOctets, maxTargetBytes: number): void {
  const parsed = parseRequestLine(line, line.size, maxTargetBytes)
  const target = targetOf(line, parsed)
  if (!isAllOf(target, TARGET)) throw new HttpError('bad_target', 'an octet that no target may have')
  parseTarget(parsed.method, target)
}

/** The target of `line` as a string. */
export function targetOf({ bytes, base }: ReceivedOctets, { targetStart, targetEnd }: RequestLine): string {
  return toLatin1Buffer(bytes).latin1Slice(base + targetStart, base + targetEnd)
}

/** Whether the target is a path, and of a method for which that is the form of targets. */
export function isOriginForm({ bytes, base }: ReceivedOctets, { method, targetStart }: RequestLine): boolean {
  return bytes[base + targetStart] === SLASH && method !== 'CONNECT'
}

/** The same object for the usual methods, so that neither they nor labels made of them need copies. */
function methodAt(bytes: Uint8Array, start: number, end: number): string | undefined {
  for (const method of USUAL_METHODS) if (method.length === end - start && isTextAt(bytes, start, method)) return method
  const method = toLatin1Buffer(bytes).latin1Slice(start, end)
  return isAllOf(method, TOKEN) ? method : undefined
}

function badVersion(line: string): HttpError {
  if (/ HTTP\/\d\.\d$/.test(line)) return new HttpError('version_not_supported', 'neither HTTP/1.1 nor HTTP/1.0')
  return new HttpError('bad_request_line', 'not METHOD TARGET HTTP/1.1')
}

/** What a target says of where the request goes. `authority` is `undefined` where Host has to tell. */
export interface Target {
  readonly path: string
  readonly authority: string | undefined
  readonly scheme: 'http' | 'https'
}

/**
 * Takes a target of any of the four forms apart. RFC 9112 §3.2.
 *
 * @throws {HttpError} bad_target
 */
export function parseTarget(method: string, target: string): Target {
  if (method === 'CONNECT') return parseAuthorityForm(target)
  if (target.charCodeAt(0) === SLASH) return { path: target, authority: undefined, scheme: 'http' }
  if (target === '*') {
    if (method !== 'OPTIONS') throw new HttpError('bad_target', '* without OPTIONS')
    return { path: '*', authority: undefined, scheme: 'http' }
  }
  return parseAbsoluteForm(method, target)
}

function parseAuthorityForm(target: string): Target {
  if (!isAuthority(target) || !hasPort(target)) throw new HttpError('bad_target', 'CONNECT without host and port')
  return { path: '', authority: target, scheme: 'http' }
}

/** User information is refused: RFC 9110 §4.2.4. */
function parseAbsoluteForm(method: string, target: string): Target {
  const scheme = startsWithNoCase(target, 'http://')
    ? 'http'
    : startsWithNoCase(target, 'https://')
      ? 'https'
      : undefined
  if (scheme === undefined) throw new HttpError('bad_target', 'neither a path nor a URI of http or https')
  const start = scheme.length + 3
  let end = start
  while (end < target.length && target[end] !== '/' && target[end] !== '?') end++
  const authority = target.substring(start, end)
  if (!isAuthority(authority)) throw new HttpError('bad_target', 'the authority of the URI is not host:port')
  return { path: pathOf(method, target.substring(end)), authority, scheme }
}

/** RFC 9112 §3.2.1 and, for OPTIONS, §3.2.4. */
function pathOf(method: string, rest: string): string {
  if (rest === '') return method === 'OPTIONS' ? '*' : '/'
  return rest.charCodeAt(0) === SLASH ? rest : `/${rest}`
}

function startsWithNoCase(text: string, prefix: string): boolean {
  return text.substring(0, prefix.length).toLowerCase() === prefix
}
