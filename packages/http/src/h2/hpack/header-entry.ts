import { checkFieldLine, isFieldValue } from '../../message/field-lines.ts'
import { type HeaderName, hashOf } from './header-name.ts'
import { type Indexing, indexingOfValue } from './indexing.ts'

/** Counted for each entry beside its octets. RFC 7541 §4.1, RFC 9113 §6.5.2. */
const ENTRY_OVERHEAD_BYTES = 32

/**
 * A field line of HTTP/2 (a pseudo-header is one, too), as it lies in static and dynamic tables and travels through the proxy:
 * what was once found out about it is not found out again. What it says never changes; connections share it.
 */
export class HeaderEntry {
  readonly header: HeaderName
  /** Octets as the peer sent them, as Latin-1; not checked, see `isOrdinary`. */
  readonly name: string
  readonly value: string
  /** What it takes in a table or counts in a list of fields. */
  readonly sizeBytes: number
  /** The peer forbade to put it into a table, on any hop. RFC 7541 §6.2.3. */
  readonly isNeverIndexed: boolean
  /** The value has only octets that a field may have, and no blank at its ends. RFC 9113 §8.2.1. */
  readonly isValueValid: boolean
  /**
   * A regular field, valid in name and value (RFC 9113 §8.2.1), of a name that means nothing to the codec: only the others
   * need a second look.
   */
  readonly isOrdinary: boolean
  /** For the encoder. */
  readonly indexing: Indexing
  /** Entry of the static table that says the same; 0: there is none, or an index is forbidden. */
  readonly staticIndex: number
  /** An encoder has written it out once; so it is one that comes again. */
  wasWritten = false
  /** The value as a string literal, once an encoder had to write it out again. */
  literal: Uint8Array | undefined = undefined
  #hash = -1
  #line: string | undefined

  constructor(header: HeaderName, value: string, isNeverIndexed = false) {
    this.header = header
    this.name = header.text
    this.value = value
    this.sizeBytes = header.text.length + value.length + ENTRY_OVERHEAD_BYTES
    this.isNeverIndexed = isNeverIndexed
    this.isValueValid = isFieldValue(value)
    this.isOrdinary = this.isValueValid && header.isOrdinary
    this.indexing = isNeverIndexed ? 'never' : indexingOfValue(header.text, header.indexing, value)
    this.staticIndex = isNeverIndexed ? 0 : header.staticIndexOf(value)
  }

  /**
   * As a field line of HTTP/1, with its end.
   * @throws {RangeError} when HTTP/1 would not read it back as it is
   */
  get line(): string {
    if (this.#line !== undefined) return this.#line
    if (!this.isOrdinary) checkFieldLine(this.name, this.value)
    this.#line = `${this.name}: ${this.value}\r\n`
    return this.#line
  }

  /** The same for entries with the same name and value. */
  get hash(): number {
    if (this.#hash === -1) this.#hash = hashOf(this.value, this.header.hash)
    return this.#hash
  }
}
