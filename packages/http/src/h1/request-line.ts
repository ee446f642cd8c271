import { HttpError } from '../http-error.ts'
import { isAllOf, TARGET, TOKEN } from '../octets.ts'
import { hasPort, isAuthority } from './authority.ts'

/** A request line, its target still as it came. RFC 9112 §3. */
export interface RequestLine {
  readonly method: string
  readonly target: string
  readonly minorVersion: 0 | 1
}

const VERSION_OCTETS = 'HTTP/1.1'.length

/**
 * Parses `GET /a HTTP/1.1`, without its end of line.
 *
 * @throws {HttpError} bad_request_line, version_not_supported, bad_target, target_too_long
 */
export function parseRequestLine(line: string, maxTargetBytes: number): RequestLine {
  const methodEnd = line.indexOf(' ')
  const targetEnd = line.length - VERSION_OCTETS - 1
  const minorVersion = line.endsWith(' HTTP/1.1') ? 1 : line.endsWith(' HTTP/1.0') ? 0 : -1
  if (minorVersion === -1) throw badVersion(line)
  if (methodEnd < 1 || methodEnd >= targetEnd) throw new HttpError('bad_request_line', 'no method or no target')
  const method = internMethod(line.substring(0, methodEnd))
  if (method === undefined) throw new HttpError('bad_request_line', 'the method is not a token')
  const target = line.substring(methodEnd + 1, targetEnd)
  if (target.length > maxTargetBytes) throw new HttpError('target_too_long', `a target over ${maxTargetBytes} octets`)
  if (!isAllOf(target, TARGET)) throw badTarget(target)
  return { method, target, minorVersion }
}

/** The same object for the usual methods, so that labels made of them need no copies. */
function internMethod(method: string): string | undefined {
  switch (method) {
    case 'GET':
      return 'GET'
    case 'POST':
      return 'POST'
    case 'PUT':
      return 'PUT'
    case 'HEAD':
      return 'HEAD'
    case 'DELETE':
      return 'DELETE'
    default:
      return isAllOf(method, TOKEN) ? method : undefined
  }
}

function badVersion(line: string): HttpError {
  if (/ HTTP\/\d\.\d$/.test(line)) return new HttpError('version_not_supported', 'neither HTTP/1.1 nor HTTP/1.0')
  return new HttpError('bad_request_line', 'not METHOD TARGET HTTP/1.1')
}

function badTarget(target: string): HttpError {
  if (target.includes(' ')) return new HttpError('bad_request_line', 'more than three words')
  return new HttpError('bad_target', 'an octet that no target may have')
}

/** What a target says of where the request goes. `authority` is `undefined` where Host has to tell. */
export interface Target {
  readonly path: string
  readonly authority: string | undefined
  readonly scheme: 'http' | 'https'
}

const SLASH = 0x2f

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
