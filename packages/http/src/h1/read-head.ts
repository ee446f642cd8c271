import { HttpError } from '../http-error.ts'
import { FieldLines } from '../message/field-lines.ts'
import type { RequestHead, ResponseHead } from '../message/head.ts'
import type { ReceivedOctets } from '../message/received-octets.ts'
import { SPACE } from '../octets.ts'
import type { HeadScan } from './head-scan.ts'
import { listOf } from './list-of.ts'
import { type OwnFields, takeOwnFields } from './own-fields.ts'
import { ReceivedRequestHead, ReceivedResponseHead } from './received-head.ts'
import { isOriginForm, parseRequestLine, parseTarget, targetOf } from './request-line.ts'
import { parseStatusLine } from './status-line.ts'

/** A request's head, and what it says of its connection. */
export interface ReceivedRequest {
  readonly head: RequestHead
  readonly minorVersion: 0 | 1
  /** Whether the client lets the connection live on after the answer. RFC 9112 §9.3. */
  readonly keepsAlive: boolean
}

/**
 * Understands the head of a request.
 *
 * @param received - the whole head
 * @param scan - which has read it to its end
 * @throws {HttpError} whatever is wrong with it
 */
export function readRequestHead(received: ReceivedOctets, scan: HeadScan, maxTargetBytes: number): ReceivedRequest {
  const line = parseRequestLine(received, scan.startLineEnd, maxTargetBytes)
  const { method, minorVersion } = line
  const target = isOriginForm(received, line) ? undefined : parseTarget(method, targetOf(received, line))
  const own = takeOwnFields(received, scan)
  const host = checkedHost(own, minorVersion)
  if (minorVersion === 0 && own.isChunked) throw new HttpError('bad_framing', 'Transfer-Encoding in HTTP/1.0')
  const bodyLength = own.isChunked ? undefined : (own.contentLength ?? 0)
  if (method === 'CONNECT' && bodyLength !== 0) throw new HttpError('bad_framing', 'CONNECT with a body')
  // Of the four forms of a target only origin-form is written on as it is.
  const isVerbatim = own.isCanonical && target === undefined && minorVersion === 1
  const origin = { received, line, target, host, isVerbatim }
  const head = new ReceivedRequestHead(origin, bodyLength, endToEndFields(received, scan, own))
  if (!own.isCanonical) readOptions(head, own, minorVersion)
  return { head, minorVersion, keepsAlive: minorVersion === 1 ? !own.closes : own.keepsAlive && !own.closes }
}

/** What only some requests say of themselves. */
function readOptions(head: ReceivedRequestHead, own: OwnFields, minorVersion: 0 | 1): void {
  const hasBody = head.bodyLength !== 0
  head.upgrade = requestedUpgrade(own, minorVersion, !hasBody && head.method !== 'CONNECT')
  head.expectsContinue = expectsContinue(own, minorVersion, hasBody)
  if (own.takesTrailers && minorVersion === 1) head.fields.append('te', 'trailers')
}

function checkedHost({ host }: OwnFields, minorVersion: 0 | 1): string {
  if (host === undefined && minorVersion === 1) throw new HttpError('bad_host', 'no Host')
  return host ?? ''
}

/** RFC 9110 §7.8: ignored in HTTP/1.0. We also ignore it with a body, after which the protocols would change. */
function requestedUpgrade(own: OwnFields, minorVersion: 0 | 1, maySwitch: boolean): string | undefined {
  return own.upgrades && own.upgrade !== '' && minorVersion === 1 && maySwitch ? own.upgrade : undefined
}

/** RFC 9110 §10.1.1: ignored in HTTP/1.0 and without a body. */
function expectsContinue({ expect }: OwnFields, minorVersion: 0 | 1, hasBody: boolean): boolean {
  if (expect === undefined || minorVersion === 0) return false
  if (expect !== '100-continue') throw new HttpError('expectation_failed', 'an expectation other than 100-continue')
  return hasBody
}

/** Of `HTTP/1.1 200`, after which the blank may be missing. */
const STATUS_LINE_OCTETS = 12

/** What follows a response's head. RFC 9112 §6.3. */
export type ResponseBody = 'none' | 'length' | 'chunked' | 'until-close' | 'opaque'

/** A response's head, and what it says of its connection. */
export interface ReceivedResponse {
  readonly head: ResponseHead
  readonly body: ResponseBody
  readonly keepsAlive: boolean
}

/**
 * Understands the head of an answer to `request`.
 *
 * @throws {HttpError} whatever is wrong with it
 */
export function readResponseHead(received: ReceivedOctets, scan: HeadScan, request: RequestHead): ReceivedResponse {
  const { status, minorVersion } = parseStatusLine(received, scan.startLineEnd)
  const own = takeOwnFields(received, scan)
  if (minorVersion === 0 && own.isChunked) throw new HttpError('bad_framing', 'Transfer-Encoding in HTTP/1.0')
  const upgrade = status === 101 ? acceptedUpgrade(own, request) : undefined
  const body = responseBody(status, own, request.method)
  const announced = own.isChunked ? 'chunked' : own.contentLength
  const hasBlank = received.bytes[received.base + STATUS_LINE_OCTETS] === SPACE
  const isVerbatim = own.isCanonical && minorVersion === 1 && own.host === undefined && hasBlank
  const head = new ReceivedResponseHead(
    { received, isVerbatim, status, announced },
    { bodyLength: responseLength(status, own, body), upgrade, fields: endToEndFields(received, scan, own) },
  )
  const keepsAlive = minorVersion === 1 ? !own.closes : own.keepsAlive && !own.closes
  return { head, body, keepsAlive: keepsAlive && body !== 'until-close' }
}

/** A server may only switch to what was offered. RFC 9110 §7.8. */
function acceptedUpgrade(own: OwnFields, request: RequestHead): string {
  const offered = request.upgrade === undefined ? [] : listOf(request.upgrade)
  if (!own.upgrades || !offered.includes(own.upgrade)) {
    throw new HttpError('bad_framing', '101 to a protocol that was not asked for')
  }
  return own.upgrade
}

function responseBody(status: number, own: OwnFields, method: string): ResponseBody {
  if (status === 101 || (method === 'CONNECT' && status >= 200 && status <= 299)) return 'opaque'
  if (status < 200 || status === 204 || status === 304 || method === 'HEAD') return 'none'
  if (own.isChunked) return 'chunked'
  if (own.contentLength === undefined) return 'until-close'
  return own.contentLength === 0 ? 'none' : 'length'
}

/** RFC 9110 §8.6: lengths in 1xx, 204 and 2xx to CONNECT mean nothing. */
function responseLength(status: number, own: OwnFields, body: ResponseBody): number | undefined {
  if (status < 200 || status === 204 || body === 'opaque') return 0
  return own.contentLength
}

function endToEndFields(received: ReceivedOctets, { lines }: HeadScan, { kept, nominated }: OwnFields): FieldLines {
  const fields = new FieldLines(received, lines.slice(0, kept))
  if (nominated !== undefined) for (const name of nominated) fields.remove(name)
  return fields
}
