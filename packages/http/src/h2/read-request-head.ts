import { HttpError } from '../http-error.ts'
import { hasPort, isAuthority } from '../message/authority.ts'
import { isAllOf, TARGET, TOKEN } from '../octets.ts'
import { joinCookies, type OwnEntries, readContentLength, takeOwnEntries } from './field-rules.ts'
import { HeaderFields } from './header-fields.ts'
import type { HeaderEntry } from './hpack/header-entry.ts'
import { H2RequestHead, type RequestEntries } from './received-head.ts'

const SLASH = 0x2f

/**
 * Understands the head of a request, so that what passes is one and the same request in HTTP/1. RFC 9113 §8.3.1, §8.5, §10.3.
 *
 * Extended CONNECT (RFC 8441) is told as HTTP/1 would have it: method GET with `upgrade`.
 *
 * @param entries - of its block; owned by the head from now on
 * @param isEnd - no body follows
 * @throws {HttpError} whatever is wrong with it
 */
export function readRequestHead(entries: HeaderEntry[], isEnd: boolean, maxTargetBytes: number): H2RequestHead {
  const pseudo = createEntries()
  let first = 0
  for (; first < entries.length && entries[first]!.header.isPseudo; first++) takePseudo(pseudo, entries[first]!)
  const own = takeOwnEntries(entries, first)
  if (own !== undefined && own.cookies > 1) joinCookies(entries, first)
  pseudo.contentLength = own?.contentLength
  const method = readMethod(pseudo)
  const isTunnel = method === 'CONNECT'
  const authority = readAuthority(pseudo, own)
  if (isTunnel && pseudo.protocol === undefined) checkConnect(pseudo, authority)
  const bodyLength = readBodyLength(pseudo, isEnd, isTunnel)
  return new H2RequestHead({
    method: pseudo.protocol === undefined ? method : 'GET',
    path: isTunnel && pseudo.protocol === undefined ? '' : readPath(pseudo, method, maxTargetBytes),
    authority,
    scheme: isTunnel && pseudo.protocol === undefined ? 'http' : readScheme(pseudo),
    upgrade: pseudo.protocol === undefined ? undefined : readProtocol(pseudo.protocol, method),
    bodyLength,
    expectsContinue: own?.expectsContinue === true && bodyLength !== 0,
    fields: new HeaderFields(entries, first),
    entries: pseudo,
  })
}

function createEntries(): RequestEntries {
  return {
    method: undefined,
    scheme: undefined,
    authority: undefined,
    path: undefined,
    protocol: undefined,
    contentLength: undefined,
  }
}

function takePseudo(pseudo: RequestEntries, entry: HeaderEntry): void {
  switch (entry.name) {
    case ':method':
      if (pseudo.method !== undefined) throw twice(entry)
      pseudo.method = entry
      return
    case ':path':
      if (pseudo.path !== undefined) throw twice(entry)
      pseudo.path = entry
      return
    case ':scheme':
      if (pseudo.scheme !== undefined) throw twice(entry)
      pseudo.scheme = entry
      return
    case ':authority':
      if (pseudo.authority !== undefined) throw twice(entry)
      pseudo.authority = entry
      return
    case ':protocol':
      if (pseudo.protocol !== undefined) throw twice(entry)
      pseudo.protocol = entry
      return
    default:
      throw new HttpError('bad_pseudo_header', 'a pseudo-header that no request has')
  }
}

function twice(entry: HeaderEntry): HttpError {
  return new HttpError('bad_pseudo_header', `more than one ${entry.name}`)
}

function readMethod({ method }: RequestEntries): string {
  if (method === undefined) throw new HttpError('bad_pseudo_header', 'no :method')
  if (!isAllOf(method.value, TOKEN)) throw new HttpError('bad_request_line', 'the method is not a token')
  return method.value
}

function readPath({ path }: RequestEntries, method: string, maxTargetBytes: number): string {
  if (path === undefined) throw new HttpError('bad_pseudo_header', 'no :path')
  const { value } = path
  if (value.length > maxTargetBytes) throw new HttpError('target_too_long', `a target over ${maxTargetBytes} octets`)
  if (value.charCodeAt(0) === SLASH) {
    if (isAllOf(value, TARGET)) return value
    throw new HttpError('bad_target', 'an octet that no target may have')
  }
  if (value === '*' && method === 'OPTIONS') return value
  throw new HttpError('bad_target', 'neither a path, nor * with OPTIONS')
}

function readScheme({ scheme }: RequestEntries): 'http' | 'https' {
  if (scheme === undefined) throw new HttpError('bad_pseudo_header', 'no :scheme')
  if (scheme.value === 'http' || scheme.value === 'https') return scheme.value
  throw new HttpError('bad_target', 'a scheme other than http and https')
}

/** RFC 9113 §8.3.1: host stands for a missing :authority; where both are, they may not differ. */
function readAuthority({ authority }: RequestEntries, own: OwnEntries | undefined): string {
  const host = own?.host
  if (authority === undefined) return host ?? ''
  const { value } = authority
  if (!isAuthority(value)) throw new HttpError('bad_host', 'an :authority that is not host:port')
  if (host !== undefined && host !== value && host.toLowerCase() !== value.toLowerCase()) {
    throw new HttpError('bad_host', 'a host that is not that of :authority')
  }
  return value
}

/** RFC 9113 §8.5. */
function checkConnect({ scheme, path }: RequestEntries, authority: string): void {
  if (scheme !== undefined || path !== undefined) throw new HttpError('bad_pseudo_header', 'CONNECT with a target')
  if (authority === '' || !hasPort(authority)) throw new HttpError('bad_target', 'CONNECT without host and port')
}

/** RFC 8441 §4. As with HTTP/1, h2c would take the requests inside past this hop and all others. */
function readProtocol({ value }: HeaderEntry, method: string): string {
  if (method !== 'CONNECT') throw new HttpError('bad_pseudo_header', ':protocol without CONNECT')
  const slash = value.indexOf('/')
  const isProtocol = isAllOf(slash === -1 ? value : value.substring(0, slash) + value.substring(slash + 1), TOKEN)
  const protocol = value.toLowerCase()
  if (!isProtocol || protocol === 'h2c') throw new HttpError('bad_field', 'a :protocol that nothing can be upgraded to')
  return protocol
}

function readBodyLength({ contentLength }: RequestEntries, isEnd: boolean, isTunnel: boolean): number | undefined {
  const length = contentLength === undefined ? undefined : readContentLength(contentLength)
  if (!isEnd && !isTunnel) return length
  if (length === undefined || length === 0) return 0
  throw new HttpError('bad_framing', isTunnel ? 'CONNECT with a body' : 'a content-length without a body')
}
