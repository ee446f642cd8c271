import { HttpError } from '../http-error.ts'
import { isNameAt } from '../message/field-lines.ts'
import { isAllOf, isTextAt, SPACE, TOKEN, toLatin1Buffer } from '../octets.ts'
import { hostAt } from './hosts.ts'
import { listOf } from './list-of.ts'
import type { OwnFields } from './own-fields.ts'
import type { OwnName } from './own-names.ts'

const ZERO = 0x30

/** Each is looked for among all fields, so thirty thousand in one head would take a while. */
const MAX_NOMINATED = 64

/** A line where it stands, and its value without the blanks around it: most of them need not be cut out. */
export interface OwnLine {
  bytes: Uint8Array
  colon: number
  lineEnd: number
  start: number
  end: number
}

/**
 * Reads the value of one of the codec's own fields.
 *
 * @throws {HttpError} bad_framing, bad_host, bad_field, transfer_coding_not_implemented
 */
export function takeOwnField(own: OwnFields, name: OwnName, value: OwnLine): void {
  switch (name) {
    case 'connection':
      takeConnection(own, value)
      return
    case 'content-length':
      takeContentLength(own, value)
      return
    case 'transfer-encoding':
      takeTransferEncoding(own, value)
      return
    case 'host':
      takeHost(own, value)
      return
    case 'upgrade':
      takeUpgrade(own, cutOut(value))
      return
    case 'expect':
      own.expect = own.expect === undefined ? cutOut(value).toLowerCase() : `${own.expect},${cutOut(value)}`
      return
    case 'te':
      own.takesTrailers ||= listOf(cutOut(value)).includes('trailers')
      return
    case 'keep-alive':
    case 'proxy-connection':
    case 'http2-settings':
      return
  }
}

/** Blanks around framing are right, but have been read in two ways before: those lines are written anew. */
export function isCanonical(name: OwnName, value: OwnLine): boolean {
  const { bytes, colon, start, end } = value
  if (start !== colon + 2 || bytes[colon + 1] !== SPACE || end !== value.lineEnd) return false
  switch (name) {
    case 'host':
      return true
    case 'content-length':
      return bytes[start] !== ZERO || end === start + 1
    case 'transfer-encoding':
      return end - start === 'chunked'.length && isTextAt(bytes, start, 'chunked')
    case 'connection':
      // What we may say ourselves on the next hop, where the connection is to live on, too.
      return isWord(value, 'keep-alive')
    default:
      return false
  }
}

/** RFC 9112 §3.2: exactly one. An empty one is allowed, for targets without an authority. */
function takeHost(own: OwnFields, { bytes, start, end }: OwnLine): void {
  if (own.host !== undefined) throw new HttpError('bad_host', 'more than one Host')
  own.host = start === end ? '' : hostAt(bytes, start, end)
  if (own.host === undefined) throw new HttpError('bad_host', 'a Host that is not host:port')
}

function takeConnection(own: OwnFields, value: OwnLine): void {
  if (isWord(value, 'keep-alive')) {
    own.keepsAlive = true
    return
  }
  for (const option of listOf(cutOut(value))) {
    if (!isAllOf(option, TOKEN)) throw new HttpError('bad_field', 'a Connection option that is not a token')
    if (option === 'close') own.closes = true
    else if (option === 'keep-alive') own.keepsAlive = true
    else if (option === 'upgrade') own.upgrades = true
    else if (option !== 'te') {
      own.nominated ??= []
      if (own.nominated.length === MAX_NOMINATED) throw new HttpError('bad_field', 'too many Connection options')
      own.nominated.push(option)
    }
  }
}

/** RFC 9112 §6.3 lets equal lengths pass as one; refusing them leaves nothing to be understood in two ways. */
function takeContentLength(own: OwnFields, { bytes, start, end }: OwnLine): void {
  if (own.contentLength !== undefined) throw new HttpError('bad_framing', 'more than one Content-Length')
  let length = start < end ? 0 : Number.NaN
  for (let i = start; i < end; i++) {
    const digit = bytes[i]! - ZERO
    length = digit >= 0 && digit <= 9 ? length * 10 + digit : Number.NaN
  }
  if (!Number.isSafeInteger(length)) {
    throw new HttpError('bad_framing', 'a Content-Length that is not a number of octets below 2^53')
  }
  own.contentLength = length
}

/** RFC 9112 §6.1: `chunked` must be the last coding and come once; others are not implemented here. */
function takeTransferEncoding(own: OwnFields, value: OwnLine): void {
  if (own.isChunked) throw new HttpError('bad_framing', 'a transfer coding after chunked')
  if (isWord(value, 'chunked')) {
    own.isChunked = true
    return
  }
  const codings = listOf(cutOut(value))
  const first = codings.indexOf('chunked')
  if (first !== -1 && first !== codings.length - 1)
    throw new HttpError('bad_framing', 'a transfer coding after chunked')
  const isList = codings.length > 0 && codings.every((coding) => isAllOf(coding, TOKEN))
  if (!isList) throw new HttpError('bad_framing', 'a Transfer-Encoding that is not a list of codings')
  if (codings.length > 1 || first === -1) {
    throw new HttpError('transfer_coding_not_implemented', 'a transfer coding other than chunked')
  }
  own.isChunked = true
}

/** h2c would take the requests inside past this hop and all others. RFC 9113 §3.1 has given it up. */
function takeUpgrade(own: OwnFields, value: string): void {
  for (const protocol of listOf(value)) {
    const slash = protocol.indexOf('/')
    const isProtocol = isAllOf(
      slash === -1 ? protocol : protocol.substring(0, slash) + protocol.substring(slash + 1),
      TOKEN,
    )
    if (!isProtocol) throw new HttpError('bad_field', 'an Upgrade that is not a list of protocols')
    if (protocol !== 'h2c') own.upgrade = own.upgrade === '' ? protocol : `${own.upgrade}, ${protocol}`
  }
}

function cutOut({ bytes, start, end }: OwnLine): string {
  return toLatin1Buffer(bytes).latin1Slice(start, end)
}

/** @param word - in lower case */
function isWord({ bytes, start, end }: OwnLine, word: string): boolean {
  return end - start === word.length && isNameAt(bytes, start, word)
}
