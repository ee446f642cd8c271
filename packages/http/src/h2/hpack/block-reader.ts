import { HttpError } from '../../http-error.ts'
import { type Latin1Buffer, toLatin1Buffer } from '../../octets.ts'
import { decodeHuffman } from './huffman-decode.ts'

const HUFFMAN_FLAG = 0x80
/** Up to 2^28: more than any index, length or size that we let pass, and no reason to leave 32-bit integers. */
const MOST_BITS_OF_INTEGER = 28
const NOTHING = toLatin1Buffer(new Uint8Array(0))

/** Reads what header blocks are made of: integers and strings. RFC 7541 §5. */
export class BlockReader {
  bytes: Latin1Buffer = NOTHING
  /** Where the next octet is. */
  at = 0
  end = 0

  /** Takes up a block; until `release` it is referred to. */
  start(bytes: Uint8Array, start: number, end: number): void {
    this.bytes = toLatin1Buffer(bytes)
    this.at = start
    this.end = end
  }

  /** Lets go of the octets: they are part of a large buffer of a socket. */
  release(): void {
    this.bytes = NOTHING
  }

  /**
   * An integer that begins in the low bits of the next octet. RFC 7541 §5.1.
   *
   * @param prefixMask - those bits, all ones
   * @throws {HttpError} header_compression
   */
  integer(prefixMask: number): number {
    const value = this.#octet() & prefixMask
    return value === prefixMask ? this.#longInteger(value) : value
  }

  #longInteger(prefix: number): number {
    let value = prefix
    for (let shift = 0; shift < MOST_BITS_OF_INTEGER; shift += 7) {
      const octet = this.#octet()
      value += (octet & 0x7f) << shift
      if (octet < 0x80) return value
    }
    throw new HttpError('header_compression', 'an integer above 2^28')
  }

  #octet(): number {
    if (this.at >= this.end) throw new HttpError('header_compression', 'a block that ends within')
    return this.bytes[this.at++]!
  }

  /** Steps over a string. @throws {HttpError} header_compression */
  skipString(): void {
    const length = this.integer(0x7f)
    this.at += length
    if (this.at > this.end) throw new HttpError('header_compression', 'a string beyond the end of its block')
  }

  /** A string. RFC 7541 §5.2. @throws {HttpError} header_compression */
  string(): string {
    const isHuffman = this.at < this.end && this.bytes[this.at]! >= HUFFMAN_FLAG
    const length = this.integer(0x7f)
    const start = this.at
    this.at += length
    if (this.at > this.end) throw new HttpError('header_compression', 'a string beyond the end of its block')
    if (length === 0) return ''
    return isHuffman ? decodeHuffman(this.bytes, start, this.at) : this.bytes.latin1Slice(start, this.at)
  }
}
