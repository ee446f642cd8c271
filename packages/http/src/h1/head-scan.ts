import { HttpError, type HttpFault } from '../http-error.ts'
import type { ReceivedOctets } from '../message/received-octets.ts'
import { COLON, CR, LF, OCTET_CLASS, SPACE, TAB, TOKEN, VALUE } from '../octets.ts'

/** What a {@link HeadScan} accepts. */
export interface HeadScanRules {
  /** Named when the start line has impossible octets; `undefined`: there is no start line (trailers). */
  readonly startLineFault: HttpFault | undefined
  /** Class of the octets of a right start line. */
  readonly startLineOctets: number
  /** Longest start line, without its end; longer is `target_too_long`. */
  readonly maxStartLineBytes: number
  /** All lines with their ends, the empty one too. */
  readonly maxBytes: number
  readonly maxFields: number
  /** Throws when the start line is wrong: whatever follows it, that is the first fault. */
  readonly checkStartLine: (line: ReceivedOctets) => void
}

/**
 * Finds the lines of a head or of trailers and checks every octet of them, however the octets are cut into pieces. RFC 9112
 * §2 to §5. Strict where the RFC lets a recipient be lenient: no bare LF or CR, no obs-fold, no blanks around names.
 *
 * The octets read so far must be given again, at any place, together with those that came: positions are kept relative to
 * the head's first octet. A line that is not complete is not read again before its LF is there, so that octet by octet
 * costs no more than twice as much as all at once.
 */
export class HeadScan {
  /** Three numbers a field line, relative to the head: start, colon, end (its CR). Those from `lineNumbers` on are of heads before. */
  readonly lines: number[] = []
  /** How many numbers of `lines` are of this head. */
  lineNumbers = 0
  /** End (CR) of the start line; 0 before it is complete. */
  startLineEnd = 0
  #rules: HeadScanRules
  /** Where the line begins that is to be read next. */
  #at = 0
  /** Up to here the line at `#at` was searched for its end, in vain; 0: not yet. */
  #searched = 0
  #isStartLineChecked = false

  constructor(rules: HeadScanRules) {
    this.#rules = rules
  }

  /** Begins with another head. */
  restart(rules: HeadScanRules): void {
    this.#rules = rules
    this.lineNumbers = 0
    this.startLineEnd = 0
    this.#at = 0
    this.#searched = 0
    this.#isStartLineChecked = false
  }

  /**
   * Reads on.
   *
   * @param base - where the head begins within `bytes`
   * @param end - where the octets end that have come so far
   * @returns octets of the whole head with its empty line, or 0 when more have to come
   * @throws {HttpError} of `startLineFault`, bad_field, target_too_long, head_too_large
   */
  read(bytes: Uint8Array, base: number, end: number): number {
    // What is beyond the limit is not looked at, so that the fault does not depend on how the octets came.
    const stop = Math.min(end, base + this.#rules.maxBytes)
    if (this.#searched > 0 && !this.#isLineDecided(bytes, base, stop)) return this.#wait(bytes, base, end)
    if (this.#rules.startLineFault !== undefined && this.startLineEnd === 0) {
      if (!this.#readStartLine(bytes, base, stop)) return this.#wait(bytes, base, end)
    }
    try {
      const size = this.#readFields(bytes, base, stop)
      if (size > 0) return size
    } catch (error) {
      this.#checkStartLine(bytes, base)
      throw error
    }
    return this.#wait(bytes, base, end)
  }

  /** Early, so that what is no HTTP at all is refused before its client has sent all the lines of a head. */
  #checkStartLine(bytes: Uint8Array, base: number): void {
    if (this.startLineEnd === 0) return
    this.#isStartLineChecked = true
    this.#rules.checkStartLine({ bytes, base, size: this.startLineEnd })
  }

  /**
   * Reads an incomplete line again, after which nothing comes.
   * @throws {HttpError} when the line could not have become right
   */
  readLast(bytes: Uint8Array, base: number, end: number): void {
    this.#searched = 0
    this.read(bytes, base, end)
  }

  #isLineDecided(bytes: Uint8Array, base: number, end: number): boolean {
    let i = base + this.#searched
    while (i < end && (OCTET_CLASS[bytes[i]!]! & VALUE) !== 0) i++
    return i < end && (bytes[i] !== CR || i + 1 < end)
  }

  #wait(bytes: Uint8Array, base: number, end: number): 0 {
    const { maxStartLineBytes, startLineFault, maxBytes } = this.#rules
    const size = end - base
    if (startLineFault !== undefined && this.startLineEnd === 0 && size > maxStartLineBytes + 1)
      throw startLineTooLong()
    if (!this.#isStartLineChecked) this.#checkStartLine(bytes, base)
    if (size > maxBytes) throw new HttpError('head_too_large', `over ${maxBytes} octets`)
    // The last one again: it may be a CR.
    this.#searched = size - 1
    return 0
  }

  #readStartLine(bytes: Uint8Array, base: number, end: number): boolean {
    const { startLineOctets } = this.#rules
    let i = base
    while (i < end && (OCTET_CLASS[bytes[i]!]! & startLineOctets) !== 0) i++
    const isWrong = i < end && (OCTET_CLASS[bytes[i]!]! & VALUE) !== 0
    if (isWrong) while (i < end && (OCTET_CLASS[bytes[i]!]! & VALUE) !== 0) i++
    if (i - base > this.#rules.maxStartLineBytes) throw startLineTooLong()
    if (i >= end || (bytes[i] === CR && i + 1 >= end)) return false
    if (bytes[i] !== CR || bytes[i + 1] !== LF || i === base) {
      throw new HttpError(this.#rules.startLineFault!, `${nameOctet(bytes[i]!)} at octet ${i - base} of the start line`)
    }
    this.startLineEnd = i - base
    if (isWrong) this.#checkStartLine(bytes, base)
    this.#at = this.startLineEnd + 2
    return true
  }

  #readFields(bytes: Uint8Array, base: number, end: number): number {
    const { lines } = this
    let i = base + this.#at
    for (;;) {
      const start = i
      while (i < end && (OCTET_CLASS[bytes[i]!]! & TOKEN) !== 0) i++
      if (i >= end) break
      if (i === start && bytes[i] === CR) {
        if (i + 1 >= end) break
        return this.#endOfHead(bytes, base, i + 1)
      }
      if (bytes[i] !== COLON || i === start) throw badName(bytes, start, i)
      const colon = i
      while (i < end && (OCTET_CLASS[bytes[i]!]! & VALUE) !== 0) i++
      if (i >= end || (bytes[i] === CR && i + 1 >= end)) break
      if (bytes[i] !== CR || bytes[i + 1] !== LF)
        throw new HttpError('bad_field', `${nameOctet(bytes[i]!)} in a field value`)
      const count = this.lineNumbers
      if (count === this.#rules.maxFields * 3) throw new HttpError('head_too_large', `over ${count / 3} fields`)
      lines[count] = start - base
      lines[count + 1] = colon - base
      lines[count + 2] = i - base
      this.lineNumbers = count + 3
      i += 2
      this.#at = i - base
    }
    return 0
  }

  #endOfHead(bytes: Uint8Array, base: number, lf: number): number {
    if (bytes[lf] !== LF) throw new HttpError('bad_field', 'CR without LF')
    return lf + 1 - base
  }
}

const MAX_FREE_SCANS = 8

/**
 * Scans that read no head just now. Nearly all heads come in one piece, so one serves all connections: the numbers of a
 * head's lines, added one by one, are as many octets as the head itself three times over.
 */
const freeScans: HeadScan[] = []

/** A scan for a head that begins. */
export function takeScan(rules: HeadScanRules): HeadScan {
  const scan = freeScans.pop()
  if (scan === undefined) return new HeadScan(rules)
  scan.restart(rules)
  return scan
}

/** @param scan - whose lines nobody looks at any more */
export function giveBackScan(scan: HeadScan): void {
  if (freeScans.length < MAX_FREE_SCANS) freeScans.push(scan)
}

function startLineTooLong(): HttpError {
  return new HttpError('target_too_long', 'the start line is too long')
}

function badName(bytes: Uint8Array, start: number, at: number): HttpError {
  const octet = bytes[at]!
  if (octet === SPACE || octet === TAB) {
    return new HttpError(
      'bad_field',
      at === start ? 'a line that begins with a blank' : 'a blank within or after a field name',
    )
  }
  if (octet === COLON) return new HttpError('bad_field', 'a field without a name')
  return new HttpError('bad_field', `${nameOctet(octet)} in a field name`)
}

function nameOctet(octet: number): string {
  if (octet === LF) return 'LF without CR'
  if (octet === CR) return 'CR without LF'
  return `octet 0x${octet.toString(16).padStart(2, '0')}`
}
