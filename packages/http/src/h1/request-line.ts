import { HttpError } from '../http-error.ts'
import { hasPort, isAuthority } from '../message/authority.ts'
import { isAllOf, TARGET, TOKEN } from '../octets.ts'

/** A request line, its target still as it came. RFC 9112 §3. */
export interface RequestLine {
  readonly method: string
  readonly target: string
  /** Whether the target begins with a slash. To be asked here: looking into `target` makes a copy of it, which few need. */
  readonly isPath: boolean
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
 * @param text - which begins with it
 * @param end - where it ends
 * @throws {HttpError} bad_request_line, version_not_supported, target_too_long
 */
export function parseRequestLine(text: string, end: number, maxTargetBytes: number): RequestLine {
  const methodEnd = text.indexOf(' ')
  const targetEnd = end - VERSION_OCTETS - 1
  const minor = text.charCodeAt(end - 1)
  const isKnown = text.startsWith(' HTTP/1.', targetEnd) && (minor === ONE || minor === ZERO)
  if (targetEnd < 0 || !isKnown) throw badVersion(text.substring(0, end))
  if (methodEnd < 1 || methodEnd + 1 >= targetEnd) throw new HttpError('bad_request_line', 'no method or no target')
  const method = usualMethod(text, methodEnd) ?? otherMethod(text.substring(0, methodEnd))
  if (method === undefined) throw new HttpError('bad_request_line', 'the method is not a token')
  if (text.indexOf(' ', methodEnd + 1) !== targetEnd) throw new HttpError('bad_request_line', 'more than three words')
  if (targetEnd - methodEnd - 1 > maxTargetBytes) {
    throw new HttpError('target_too_long', `a target over ${maxTargetBytes} octets`)
  }
  const target = text.substring(methodEnd + 1, targetEnd)
  const isPath = text.charCodeAt(methodEnd + 1) === SLASH
  return { method, target, isPath, minorVersion: minor === ONE ? 1 : 0 }
}

/**
 * Says what is wrong with a request line; nothing may be.
 * @throws {HttpError} bad_request_line, version_not_supported, target_too_long, bad_target
 */
export function checkRequestLine(line: string, maxTargetBytes: number): void {
  const parsed = parseRequestLine(line, line.length, maxTargetBytes)
  if (!isAllOf(parsed.target, TARGET)) throw new HttpError('bad_target', 'an octet that no target may have')
  parseTarget(parsed)
}

/** The same object for the usual methods, so that neither they nor labels made of them need copies. */
function usualMethod(text: string, end: number): string | undefined {
  for (const method of USUAL_METHODS) if (method.length === end && text.startsWith(method)) return method
  return undefined
}

function otherMethod(method: string): string | undefined {
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
export function parseTarget({ method, target, isPath }: RequestLine): Target {
  if (method === 'CONNECT') return parseAuthorityForm(target)
  if (isPath) return { path: target, authority: undefined, scheme: 'http' }
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
