import { isAuthority } from '../message/authority.ts'
import type { RequestHead, ResponseHead } from '../message/head.ts'
import type { ReceivedOctets } from '../message/received-octets.ts'
import { isAllOf, TARGET, TOKEN } from '../octets.ts'
import type { Output } from '../output.ts'
import type { Framing } from './framing.ts'
import { isEndToEnd } from './own-names.ts'
import { type AnnouncedLength, ReceivedRequestHead, ReceivedResponseHead } from './received-head.ts'
import { statusLine } from './status-text.ts'

/** Methods for which a request without content says so. RFC 9110 §8.6. */
const METHODS_WITH_CONTENT: ReadonlySet<string> = new Set(['POST', 'PUT', 'PATCH'])

/**
 * Writes a request's head as HTTP/1.1, with its empty line; in origin-form whatever form it came in.
 *
 * @param framing - none, length, or chunked
 * @throws {RangeError} when a part of the head, which our side has made, would not be read back as it is
 */
export function writeRequestHead(output: Output, head: RequestHead, framing: Framing): void {
  const verbatim = head instanceof ReceivedRequestHead ? head.verbatim : undefined
  const isFramed = (framing === 'chunked') === (head.bodyLength === undefined)
  if (verbatim !== undefined && isFramed) writeReceived(output, verbatim)
  else output.writeText(formatRequestHead(head, framing))
}

function formatRequestHead(head: RequestHead, framing: Framing): string {
  const { method, authority } = head
  const target = method === 'CONNECT' ? authority : head.path
  if (!(head instanceof ReceivedRequestHead && head.isStartLineKept)) checkStartLine(head, target)
  let text = `${method} ${target} HTTP/1.1\r\nHost: ${authority}\r\n${head.fields.format(isEndToEnd)}`
  if (framing === 'chunked') text += 'Transfer-Encoding: chunked\r\n'
  else if (framing === 'length') text += `Content-Length: ${head.bodyLength}\r\n`
  else if (METHODS_WITH_CONTENT.has(method)) text += 'Content-Length: 0\r\n'
  if (head.expectsContinue && framing !== 'none') text += 'Expect: 100-continue\r\n'
  const hasTe = head.fields.has('te')
  if (head.upgrade !== undefined) {
    checkUpgrade(head.upgrade)
    text += `Connection: ${hasTe ? 'upgrade, te' : 'upgrade'}\r\nUpgrade: ${head.upgrade}\r\n`
  } else if (hasTe) {
    text += 'Connection: te\r\n'
  }
  return `${text}\r\n`
}

function checkStartLine({ method, path, authority }: RequestHead, target: string): void {
  if (!isAllOf(method, TOKEN)) throw new RangeError(`method ${JSON.stringify(method)} is not a token`)
  if (authority !== '' && !isAuthority(authority)) throw new RangeError(`authority ${JSON.stringify(authority)}`)
  const isTarget = method === 'CONNECT' ? authority !== '' : path === '*' || path.charCodeAt(0) === 0x2f
  if (!isTarget || !isAllOf(target, TARGET)) throw new RangeError(`path ${JSON.stringify(path)} cannot be sent`)
}

function checkUpgrade(upgrade: string): void {
  for (const protocol of upgrade.split(', ')) {
    if (!isAllOf(protocol.replace('/', ''), TOKEN)) throw new RangeError(`upgrade ${JSON.stringify(upgrade)}`)
  }
}

/** What an answer says of its connection; `undefined`: what is understood in HTTP/1.1, that it lives on. */
export type ConnectionOption = 'close' | 'keep-alive' | undefined

/** What an answer says of its body and of its connection. */
export interface AnswerFraming {
  /** Octets to announce; `undefined`: say nothing. */
  readonly length: AnnouncedLength
  readonly option: ConnectionOption
}

/** Writes an answer's head with its empty line. */
export function writeResponseHead(output: Output, head: ResponseHead, framing: AnswerFraming): void {
  const isReceived = head instanceof ReceivedResponseHead
  const verbatim = isReceived && framing.option === undefined ? head.verbatim(framing.length) : undefined
  if (verbatim !== undefined) writeReceived(output, verbatim)
  else output.writeText(formatResponseHead(head, framing))
}

function writeReceived(output: Output, { bytes, base, size }: ReceivedOctets): void {
  output.writeBytes(bytes, base, base + size)
}

/** An answer's head with its empty line. The version is always 1.1: RFC 9110 §2.5. */
export function formatResponseHead(head: ResponseHead, { length, option }: AnswerFraming): string {
  let text = statusLine(head.status) + head.fields.format(isEndToEnd)
  if (length === 'chunked') text += 'Transfer-Encoding: chunked\r\n'
  else if (length !== undefined) text += `Content-Length: ${length}\r\n`
  if (option === 'close') text += 'Connection: close\r\n'
  else if (option === 'keep-alive') text += 'Connection: keep-alive\r\n'
  return `${text}\r\n`
}

/** A 1xx head: never with framing. 101 says what the connection becomes. */
export function formatInformationalHead(head: ResponseHead): string {
  const text = statusLine(head.status) + head.fields.format(isEndToEnd)
  if (head.status !== 101) return `${text}\r\n`
  checkUpgrade(head.upgrade ?? '')
  return `${text}Connection: upgrade\r\nUpgrade: ${head.upgrade}\r\n\r\n`
}
