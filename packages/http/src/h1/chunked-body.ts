import { copyOf } from '@heddle/base/copy-of'
import type { HeldInput } from '../held-input.ts'
import { HttpError } from '../http-error.ts'
import { FieldLines } from '../message/field-lines.ts'
import type { Fields } from '../message/fields.ts'
import type { ReceivedOctets } from '../message/received-octets.ts'
import { isTrailerName } from '../message/trailer-names.ts'
import { CR, HEX_DIGIT, LF, OCTET_CLASS } from '../octets.ts'
import type { BodyReader } from './body-reader.ts'
import { type ExtensionPhase, readExtensionOctet } from './chunk-extension.ts'
import { HeadScan } from './head-scan.ts'
import type { H1Limits } from './limits.ts'
import { trailerScanRules } from './scan-rules.ts'

/**
 * What comes next in a chunked body (RFC 9112 §7.1):
 *
 *     size --CR--> size-lf --LF--> data --all--> data-cr --CR--> data-lf --LF--> size
 *       \--;--> extension --CR--/      \--size 0--> trailers
 */
type Phase = 'size' | 'extension' | 'size-lf' | 'data' | 'data-cr' | 'data-lf' | 'trailers' | 'done'

const SEMICOLON = 0x3b
/** RFC 9112 §7.1 sets none; sixteen can say 2^64 - 1. */
const MAX_SIZE_DIGITS = 16

/** A chunked body. Extensions are checked, bounded and dropped; so are trailers that a recipient must not merge. */
export class ChunkedBody implements BodyReader {
  dataStart = 0
  dataEnd = 0
  trailers: Fields | undefined
  readonly #limits: H1Limits
  #phase: Phase = 'size'
  /** Of the size that is being read, or octets of this chunk that have to come. */
  #size = 0
  #sizeDigits = 0
  #extension: ExtensionPhase = 'name-start'
  #extensionBytes = 0
  #trailerScan: HeadScan | undefined

  constructor(limits: H1Limits) {
    this.#limits = limits
  }

  get isDone(): boolean {
    return this.#phase === 'done'
  }

  get remaining(): number {
    return this.#phase === 'data' ? this.#size : 0
  }

  read(bytes: Uint8Array, at: number, end: number): number {
    this.dataStart = at
    this.dataEnd = at
    let i = at
    while (i < end && this.#phase !== 'done') {
      if (this.#phase === 'data') return this.#readData(i, end)
      if (this.#phase === 'trailers') return this.#readTrailers(bytes, i, end)
      this.#readOctet(bytes[i]!)
      i += 1
    }
    return i
  }

  end(held: HeldInput | undefined): HttpError {
    try {
      // A trailer line that is wrong already is told as such, however the octets of it came.
      if (held !== undefined) this.#trailerScan?.readLast(held.bytes, held.start, held.end)
    } catch (error) {
      if (error instanceof HttpError) return error
      throw error
    }
    return new HttpError('incomplete_message', 'the connection ended before the last chunk')
  }

  #readData(at: number, end: number): number {
    this.dataStart = at
    this.dataEnd = Math.min(end, at + this.#size)
    this.#size -= this.dataEnd - at
    if (this.#size === 0) this.#phase = 'data-cr'
    return this.dataEnd
  }

  #readOctet(octet: number): void {
    switch (this.#phase) {
      case 'size':
        this.#readSize(octet)
        return
      case 'extension':
        this.#readExtension(octet)
        return
      case 'size-lf':
        if (octet !== LF) throw new HttpError('bad_chunk', 'CR without LF after a chunk size')
        this.#phase = this.#size === 0 ? 'trailers' : 'data'
        return
      case 'data-cr':
        if (octet !== CR) throw new HttpError('bad_chunk', 'a chunk longer than its size')
        this.#phase = 'data-lf'
        return
      case 'data-lf':
        if (octet !== LF) throw new HttpError('bad_chunk', 'CR without LF after a chunk')
        this.#phase = 'size'
        this.#sizeDigits = 0
        return
      case 'data':
      case 'trailers':
      case 'done':
        return
    }
  }

  #readSize(octet: number): void {
    if ((OCTET_CLASS[octet]! & HEX_DIGIT) !== 0) {
      if (this.#sizeDigits === MAX_SIZE_DIGITS) throw new HttpError('bad_chunk', 'a chunk size of over 16 digits')
      // '0' to '9' end in 0 to 9, 'A' and 'a' in 1: 0x30, 0x41, 0x61.
      this.#size = this.#size * 16 + (octet & 15) + (octet > 0x39 ? 9 : 0)
      this.#sizeDigits += 1
      return
    }
    if (this.#sizeDigits === 0 || (octet !== CR && octet !== SEMICOLON)) {
      throw new HttpError('bad_chunk', 'a chunk size that is not hexadecimal')
    }
    if (this.#size > Number.MAX_SAFE_INTEGER) throw new HttpError('bad_chunk', 'a chunk of 2^53 octets or more')
    this.#phase = octet === CR ? 'size-lf' : 'extension'
    this.#extension = 'name-start'
  }

  #readExtension(octet: number): void {
    this.#extension = readExtensionOctet(this.#extension, octet)
    if (this.#extension === 'end') {
      this.#phase = 'size-lf'
      return
    }
    this.#extensionBytes += 1
    if (this.#extensionBytes > this.#limits.maxChunkExtensionBytes) {
      throw new HttpError('bad_chunk', 'too many octets of chunk extensions')
    }
  }

  #readTrailers(bytes: Uint8Array, at: number, end: number): number {
    this.#trailerScan ??= new HeadScan(trailerScanRules(this.#limits))
    const size = this.#trailerScan.read(bytes, at, end)
    if (size === 0) return at
    const { lines } = this.#trailerScan
    // Copied: what came with them, a part of the body mostly, is not to live as long as they.
    if (lines.length > 0) this.trailers = mayBeTrailers({ bytes: copyOf(bytes, at, at + size), base: 0, size }, lines)
    this.#phase = 'done'
    return at + size
  }
}

/** Framing in trailers would be too late, so whoever sends it means to be misread; the rest of what may not is dropped. */
function mayBeTrailers(received: ReceivedOctets, lines: number[]): Fields | undefined {
  const fields = new FieldLines(received, lines)
  if (fields.has('transfer-encoding') || fields.has('content-length')) {
    throw new HttpError('bad_framing', 'framing in trailers')
  }
  for (let i = 0; i < fields.count; ) {
    const name = fields.nameAt(i)
    if (isTrailerName(name)) i += 1
    else fields.remove(name)
  }
  return fields.count === 0 ? undefined : fields
}
