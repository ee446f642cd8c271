import { HttpError } from '../../http-error.ts'
import { BlockReader } from './block-reader.ts'
import { DEFAULT_TABLE_BYTES, DynamicTable } from './dynamic-table.ts'
import { HeaderEntry } from './header-entry.ts'
import { headerNameOf } from './header-name-of.ts'
import { type Literal, LiteralCache } from './literal-cache.ts'
import { FIRST_DYNAMIC_INDEX, STATIC_TABLE } from './static-table.ts'

/** What a peer may make a decoder keep and return. */
export interface HpackDecoderLimits {
  /** Our SETTINGS_HEADER_TABLE_SIZE: octets of the table that the peer may use, with 32 for each entry. */
  readonly maxTableBytes: number
  /** Of a list of fields: name, value and 32 octets for each. RFC 9113 §6.5.2. */
  readonly maxListBytes: number
  /** Fields in a list. */
  readonly maxEntries: number
}

/** How the next octet begins. RFC 7541 §6. */
const INDEXED = 0x80
const WITH_INDEXING = 0x40
const SIZE_UPDATE = 0x20
const NEVER_INDEXED = 0x10

/** Indexes below this take one octet. */
const INDEX_MASK = 0x7f

const sharedLiterals = new LiteralCache()

/** Turns the header blocks of one direction of a connection into entries. RFC 7541. */
export class HpackDecoder {
  readonly #limits: HpackDecoderLimits
  readonly #table: DynamicTable
  readonly #reader = new BlockReader()
  readonly #literal: Literal = { reader: this.#reader, header: undefined, start: 0, end: 0 }
  /** What the peer may set its table to. */
  #mostTableBytes: number

  constructor(limits: HpackDecoderLimits) {
    this.#limits = limits
    this.#mostTableBytes = Math.max(limits.maxTableBytes, DEFAULT_TABLE_BYTES)
    this.#table = new DynamicTable(DEFAULT_TABLE_BYTES)
  }

  /**
   * The peer has acknowledged our SETTINGS: from now on `maxTableBytes` holds. Before it 4096 do, if that is more. A peer whose
   * table is larger has to say with its next block that it no longer is. RFC 7541 §4.2.
   */
  settingsAcknowledged(): void {
    this.#mostTableBytes = this.#limits.maxTableBytes
  }

  /**
   * The fields of a whole block, in order. Every block must be decoded, in the order of their coming, also those of streams
   * that nobody wants any more: the table depends on them. An index costs no more than a reference, however large its entry.
   *
   * @param bytes - the block is from `start` to `end`; nothing of it is referred to afterwards
   * @returns a fresh array, now the caller's
   * @throws {HttpError} header_compression, after which the decoder and so the connection is of no use; head_too_large,
   *   after which the decoder goes on as if the list had been within the limits: only the stream is at fault
   */
  decode(bytes: Uint8Array, start: number, end: number): HeaderEntry[] {
    const reader = this.#reader
    reader.start(bytes, start, end)
    if (start < end) this.#readSizeUpdates()
    const { maxListBytes, maxEntries } = this.#limits
    const entries: HeaderEntry[] = []
    let listBytes = 0
    while (reader.at < end) {
      const entry = this.#readEntry(bytes[reader.at]!)
      listBytes += entry.sizeBytes
      if (listBytes <= maxListBytes && entries.length < maxEntries) entries.push(entry)
      // The rest is decoded for the sake of the table.
      else listBytes = Number.POSITIVE_INFINITY
    }
    reader.release()
    if (listBytes === Number.POSITIVE_INFINITY) {
      throw new HttpError('head_too_large', `a list of fields above ${maxListBytes} octets or ${maxEntries} fields`)
    }
    return entries
  }

  #readSizeUpdates(): void {
    const reader = this.#reader
    while (reader.at < reader.end && (reader.bytes[reader.at]! & 0xe0) === SIZE_UPDATE) {
      const bytes = reader.integer(0x1f)
      if (bytes > this.#mostTableBytes) {
        throw new HttpError('header_compression', `a table of ${bytes} octets, above ${this.#mostTableBytes}`)
      }
      this.#table.setMaxBytes(bytes)
    }
    if (this.#table.maxBytes > this.#mostTableBytes) {
      throw new HttpError('header_compression', `a table still above ${this.#mostTableBytes} octets`)
    }
  }

  #readEntry(octet: number): HeaderEntry {
    const reader = this.#reader
    if (octet >= INDEXED) return this.#entryAt(reader.integer(INDEX_MASK))
    if (octet >= WITH_INDEXING) {
      const entry = this.#readLiteral(reader.integer(0x3f))
      this.#table.add(entry)
      return entry
    }
    if (octet >= SIZE_UPDATE) throw new HttpError('header_compression', 'a table size within a block')
    return octet >= NEVER_INDEXED ? this.#readSecret(reader.integer(0x0f)) : this.#readLiteral(reader.integer(0x0f))
  }

  #entryAt(index: number): HeaderEntry {
    if (index < FIRST_DYNAMIC_INDEX && index > 0) return STATIC_TABLE[index]!
    const age = index - FIRST_DYNAMIC_INDEX
    if (age < 0 || age >= this.#table.count) throw new HttpError('header_compression', `index ${index} of no entry`)
    return this.#table.at(age)
  }

  #readLiteral(nameIndex: number): HeaderEntry {
    const reader = this.#reader
    const literal = this.#literal
    literal.header = nameIndex === 0 ? undefined : this.#entryAt(nameIndex).header
    literal.start = reader.at
    if (nameIndex === 0) reader.skipString()
    reader.skipString()
    literal.end = reader.at
    const known = sharedLiterals.find(literal)
    if (known !== undefined) return known
    reader.at = literal.start
    const entry = new HeaderEntry(literal.header ?? headerNameOf(reader.string()), reader.string())
    sharedLiterals.keep(literal, entry)
    return entry
  }

  /** RFC 7541 §6.2.3. Nothing of it is kept beyond its list. */
  #readSecret(nameIndex: number): HeaderEntry {
    const header = nameIndex === 0 ? headerNameOf(this.#reader.string()) : this.#entryAt(nameIndex).header
    return new HeaderEntry(header, this.#reader.string(), true)
  }
}
