import { Buffer } from 'node:buffer'
import { toLatin1Buffer } from '../../octets.ts'
import { huffmanLength, writeHuffman } from './huffman-encode.ts'
import type { OctetSink } from './octet-sink.ts'

/** How an octet begins that also begins an integer. RFC 7541 §5.1. */
export interface Prefix {
  readonly pattern: number
  /** The bits of the integer, all ones. */
  readonly mask: number
}

/** RFC 7541 §5.2. */
const RAW: Prefix = { pattern: 0x00, mask: 0x7f }
const HUFFMAN: Prefix = { pattern: 0x80, mask: 0x7f }

/** Of those we write: below 2^31. */
export const MOST_OCTETS_OF_INTEGER = 6

/** Shorter ones are copied by hand: on Bun `set` takes 11 ns whatever the length, a loop 0.4 for each octet and 2 at first. */
const SHORT_OCTETS = 20

/** Writes an integer where there is room for it. RFC 7541 §5.1. */
export function writeInteger({ pattern, mask }: Prefix, value: number, out: OctetSink): void {
  const { bytes } = out
  let at = out.position
  if (value < mask) {
    bytes[at++] = pattern | value
  } else {
    bytes[at++] = pattern | mask
    let rest = value - mask
    for (; rest >= 0x80; rest >>>= 7) bytes[at++] = 0x80 | (rest & 0x7f)
    bytes[at++] = rest
  }
  out.position = at
}

/** Writes a string literal as it is: for texts that may not come again, Huffman coding costs more than the octets it saves. */
export function writeRaw(text: string, out: OctetSink): void {
  out.ensure(MOST_OCTETS_OF_INTEGER + text.length)
  writeInteger(RAW, text.length, out)
  out.position += out.bytes.latin1Write(text, out.position)
}

/** Writes octets that {@link literalOf} made. */
export function writeOctets(octets: Uint8Array, out: OctetSink): void {
  const { length } = octets
  out.ensure(length)
  const { bytes, position } = out
  if (length > SHORT_OCTETS) bytes.set(octets, position)
  else for (let i = 0; i < length; i++) bytes[position + i] = octets[i]!
  out.position = position + length
}

/** A string literal, Huffman-coded where that is shorter, to be written again and again. RFC 7541 §5.2. */
export function literalOf(text: string): Uint8Array {
  const length = huffmanLength(text)
  const isHuffman = length < text.length
  const bytes = toLatin1Buffer(Buffer.alloc(MOST_OCTETS_OF_INTEGER + Math.min(length, text.length)))
  const out = { bytes, position: 0, ensure: () => undefined }
  writeInteger(isHuffman ? HUFFMAN : RAW, isHuffman ? length : text.length, out)
  if (isHuffman) writeHuffman(text, bytes, out.position)
  else bytes.latin1Write(text, out.position)
  const octets = new Uint8Array(out.position + Math.min(length, text.length))
  octets.set(bytes.subarray(0, octets.length))
  return octets
}
