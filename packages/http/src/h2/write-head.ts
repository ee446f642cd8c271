import { isEndToEnd } from '../h1/own-names.ts'
import { ReceivedRequestHead } from '../h1/received-head.ts'
import { isAuthority } from '../message/authority.ts'
import type { Fields } from '../message/fields.ts'
import type { BodyLength, RequestHead, ResponseHead } from '../message/head.ts'
import { isTrailerName } from '../message/trailer-names.ts'
import { isAllOf, TARGET, TOKEN } from '../octets.ts'
import type { Output } from '../output.ts'
import type { HpackEncoder } from './hpack/encoder.ts'
import { entryOf } from './hpack/entry-cache.ts'
import { fieldEntry } from './hpack/field-entry.ts'
import type { HeaderEntry } from './hpack/header-entry.ts'
import { H2RequestHead, H2ResponseHead } from './received-head.ts'

/**
 * Says whether a request can be written, before anything of it is: a block that was begun must be sent.
 *
 * @throws {RangeError} when a part of the head, which our side has made, would not be read back as it is
 */
export function checkRequestHead(head: RequestHead): void {
  if (head instanceof ReceivedRequestHead && head.isStartLineKept) return
  if (head instanceof H2RequestHead && isTargetKept(head)) return
  const { method, path, authority } = head
  if (!isAllOf(method, TOKEN)) throw new RangeError(`method ${JSON.stringify(method)} is not a token`)
  if (authority !== '' && !isAuthority(authority)) throw new RangeError(`authority ${JSON.stringify(authority)}`)
  const isTarget = method === 'CONNECT' ? authority !== '' : path === '*' || path.charCodeAt(0) === 0x2f
  if (!isTarget || !(method === 'CONNECT' || isAllOf(path, TARGET))) {
    throw new RangeError(`path ${JSON.stringify(path)} cannot be sent`)
  }
}

function isTargetKept({ entries, method, path, authority, upgrade }: H2RequestHead): boolean {
  const isMethodKept = entries.method?.value === method || (upgrade !== undefined && method === 'GET')
  return isMethodKept && entries.path?.value === path && entries.authority?.value === authority
}

/**
 * Writes the block of a request. RFC 9113 §8.3.1.
 *
 * @param protocol - of an extended CONNECT (RFC 8441)
 * @param hasBody - whether octets follow
 */
export function writeRequestBlock(
  head: RequestHead,
  { protocol, hasBody }: { readonly protocol: string | undefined; readonly hasBody: boolean },
  { encoder, output }: BlockTarget,
): void {
  const received = head instanceof H2RequestHead ? head.entries : undefined
  const method = protocol === undefined ? head.method : 'CONNECT'
  encoder.begin(output)
  encoder.encode(same(received?.method, method) ?? methodEntry(method), output)
  if (protocol !== undefined) {
    encoder.encode(same(received?.protocol, protocol) ?? entryOf(':protocol', protocol), output)
  }
  if (head.authority !== '') {
    encoder.encode(same(received?.authority, head.authority) ?? entryOf(':authority', head.authority), output)
  }
  if (method !== 'CONNECT' || protocol !== undefined) {
    encoder.encode(same(received?.scheme, head.scheme) ?? (head.scheme === 'http' ? HTTP : HTTPS), output)
    encoder.encode(same(received?.path, head.path) ?? entryOf(':path', head.path), output)
  }
  encoder.encodeFields(head.fields, isEndToEnd, output)
  if (!hasBody) return
  writeLength(head.bodyLength, received?.contentLength, { encoder, output })
  if (head.expectsContinue) encoder.encode(EXPECT_CONTINUE, output)
}

const GET = entryOf(':method', 'GET')
const POST = entryOf(':method', 'POST')
const HTTP = entryOf(':scheme', 'http')
const HTTPS = entryOf(':scheme', 'https')

function methodEntry(method: string): HeaderEntry {
  if (method === 'GET') return GET
  return method === 'POST' ? POST : entryOf(':method', method)
}

const EXPECT_CONTINUE = entryOf('expect', '100-continue')

/** Where blocks go. */
export interface BlockTarget {
  readonly encoder: HpackEncoder
  readonly output: Output
}

/**
 * Writes the block of an answer. RFC 9113 §8.3.2.
 *
 * @param status - what to say, which differs from the head's for a switch of protocols
 * @param length - octets to announce; `undefined`: say nothing
 */
export function writeResponseBlock(
  head: ResponseHead,
  { status, length }: { readonly status: number; readonly length: BodyLength },
  { encoder, output }: BlockTarget,
): void {
  const received = head instanceof H2ResponseHead ? head : undefined
  encoder.begin(output)
  encoder.encode(received?.receivedStatus === status ? received.statusEntry : statusEntry(status), output)
  encoder.encodeFields(head.fields, isForResponse, output)
  writeLength(length, received?.lengthEntry, { encoder, output })
}

/** By status. */
const statusEntries: (HeaderEntry | undefined)[] = []

function statusEntry(status: number): HeaderEntry {
  statusEntries[status] ??= entryOf(':status', `${status}`)
  return statusEntries[status]
}

function isForResponse(name: string): boolean {
  return name !== 'te' && isEndToEnd(name)
}

function writeLength(length: BodyLength, received: HeaderEntry | undefined, { encoder, output }: BlockTarget): void {
  if (length === undefined) return
  const value = `${length}`
  encoder.encode(same(received, value) ?? entryOf('content-length', value), output)
}

/** The entry as it came, if it says `value`. */
function same(entry: HeaderEntry | undefined, value: string): HeaderEntry | undefined {
  return entry !== undefined && entry.value === value ? entry : undefined
}

/** Whether any of these may be sent behind a body. */
export function hasTrailers(trailers: Fields): boolean {
  for (let i = 0; i < trailers.count; i++) if (isTrailerName(trailers.nameAt(i))) return true
  return false
}

/** Writes the block of trailers. */
export function writeTrailersBlock(trailers: Fields, { encoder, output }: BlockTarget): void {
  encoder.begin(output)
  for (let i = 0; i < trailers.count; i++) {
    if (isTrailerName(trailers.nameAt(i))) encoder.encode(fieldEntry(trailers, i), output)
  }
}
