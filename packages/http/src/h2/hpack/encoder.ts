import type { Fields } from '../../message/fields.ts'
import { DEFAULT_TABLE_BYTES, DynamicTable } from './dynamic-table.ts'
import { EntryFinder } from './entry-finder.ts'
import { fieldEntry } from './field-entry.ts'
import type { HeaderEntry } from './header-entry.ts'
import type { HeaderName } from './header-name.ts'
import type { OctetSink } from './octet-sink.ts'
import { FIRST_DYNAMIC_INDEX } from './static-table.ts'
import { literalOf, MOST_OCTETS_OF_INTEGER, type Prefix, writeInteger, writeOctets, writeRaw } from './write-literal.ts'

/** How the representations begin. RFC 7541 §6. */
const INDEXED: Prefix = { pattern: 0x80, mask: 0x7f }
const WITH_INDEXING: Prefix = { pattern: 0x40, mask: 0x3f }
const SIZE_UPDATE: Prefix = { pattern: 0x20, mask: 0x1f }
const NEVER_INDEXED: Prefix = { pattern: 0x10, mask: 0x0f }
const WITHOUT_INDEXING: Prefix = { pattern: 0x00, mask: 0x0f }

const SMALLEST_ENTRY_BYTES = 32
/** A larger part of the table would push out most of what is in it, again and again. nghttp2 draws the line at 3/4. */
const MOST_OF_TABLE = 0.5

/**
 * Writes the header blocks of one direction of a connection. RFC 7541. What was written must be sent, in that order, else the
 * peer's table is no longer as ours. Every method makes its own room in the sink.
 *
 * @example
 * encoder.begin(out)
 * encoder.encode(entryOf(':status', '200'), out)
 * encoder.encodeFields(head.fields, isEndToEnd, out)
 */
export class HpackEncoder {
  readonly #mostTableBytes: number
  readonly #table: DynamicTable
  readonly #finder: EntryFinder
  /** The smallest size that the peer has asked for since the last block, when it is to be told. RFC 7541 §4.2. */
  #smallestBytes: number | undefined

  /** @param options - `maxTableBytes`: how much we use of what the peer allows, at most */
  constructor(options: { readonly maxTableBytes: number }) {
    this.#mostTableBytes = options.maxTableBytes
    this.#table = new DynamicTable(DEFAULT_TABLE_BYTES)
    const mostEntries = Math.ceil(Math.max(options.maxTableBytes, DEFAULT_TABLE_BYTES) / SMALLEST_ENTRY_BYTES)
    this.#finder = new EntryFinder(this.#table, mostEntries)
    this.setPeerTableBytes(DEFAULT_TABLE_BYTES)
  }

  /** The peer's SETTINGS_HEADER_TABLE_SIZE; 4096 before one came. The next block says what we make of it. */
  setPeerTableBytes(bytes: number): void {
    const tableBytes = Math.min(bytes, this.#mostTableBytes)
    if (tableBytes === this.#table.maxBytes) return
    this.#smallestBytes = Math.min(tableBytes, this.#smallestBytes ?? this.#table.maxBytes)
    this.#table.setMaxBytes(tableBytes)
  }

  /** Starts a block: writes what has to stand first in it. */
  begin(out: OctetSink): void {
    if (this.#smallestBytes !== undefined) this.#writeSizeUpdates(this.#smallestBytes, out)
  }

  /** RFC 7541 §4.2: the smallest size since the last block, as entries were evicted then, and the last. */
  #writeSizeUpdates(smallestBytes: number, out: OctetSink): void {
    const { maxBytes } = this.#table
    this.#smallestBytes = undefined
    out.ensure(2 * MOST_OCTETS_OF_INTEGER)
    if (smallestBytes < maxBytes) writeInteger(SIZE_UPDATE, smallestBytes, out)
    writeInteger(SIZE_UPDATE, maxBytes, out)
  }

  /** Writes one entry: an index of one or two octets when it was sent before. */
  encode(entry: HeaderEntry, out: OctetSink): void {
    if (entry.staticIndex !== 0) {
      out.ensure(1)
      out.bytes[out.position++] = INDEXED.pattern | entry.staticIndex
      return
    }
    const { indexing } = entry
    if (indexing === 'never' || indexing === 'without') {
      this.#writeLiteral(indexing === 'never' ? NEVER_INDEXED : WITHOUT_INDEXING, entry, out)
      return
    }
    const age = this.#finder.find(entry)
    if (age !== -1) {
      out.ensure(MOST_OCTETS_OF_INTEGER)
      writeInteger(INDEXED, FIRST_DYNAMIC_INDEX + age, out)
      return
    }
    this.#encodeNew(entry, out)
  }

  /** An entry that may be indexed, and is not in the table. */
  #encodeNew(entry: HeaderEntry, out: OctetSink): void {
    const { header } = entry
    // One with a new name is worth a place even when it does not come again: the next one need not write out its name.
    const isWorthwhile = entry.wasWritten || entry.indexing === 'first' || this.#nameIndexOf(header) === 0
    if (!isWorthwhile || entry.sizeBytes > this.#table.maxBytes * MOST_OF_TABLE) {
      this.#writeLiteral(WITHOUT_INDEXING, entry, out)
      return
    }
    this.#writeLiteral(WITH_INDEXING, entry, out)
    this.#table.add(entry)
    this.#finder.note(entry)
  }

  #writeLiteral(prefix: Prefix, entry: HeaderEntry, out: OctetSink): void {
    const nameIndex = this.#nameIndexOf(entry.header)
    out.ensure(MOST_OCTETS_OF_INTEGER)
    writeInteger(prefix, nameIndex, out)
    if (nameIndex === 0) writeName(entry.header, out)
    writeValue(entry, out)
  }

  #nameIndexOf(header: HeaderName): number {
    if (header.staticIndex !== 0) return header.staticIndex
    const age = this.#finder.findName(header)
    return age === -1 ? 0 : FIRST_DYNAMIC_INDEX + age
  }

  /**
   * Writes all of `fields` that `mayWrite`. It is asked by name, and only where the name means something to the codec, or the
   * entry is not valid ({@link HeaderEntry.isOrdinary}). Of {@link HeaderFields} no string is looked at.
   *
   * @throws {RangeError} when a line of fields of another codec has octets that no field can have; the block is to be given up
   */
  encodeFields(fields: Fields, mayWrite: (name: string) => boolean, out: OctetSink): void {
    const { count } = fields
    for (let i = 0; i < count; i++) {
      const entry = fieldEntry(fields, i)
      if (entry.isOrdinary || mayWrite(entry.name)) this.encode(entry, out)
    }
  }
}

function writeName(header: HeaderName, out: OctetSink): void {
  header.literal ??= literalOf(header.text)
  writeOctets(header.literal, out)
}

/** What is written for the second time may well be written often. */
function writeValue(entry: HeaderEntry, out: OctetSink): void {
  if (!entry.wasWritten) {
    entry.wasWritten = true
    writeRaw(entry.value, out)
    return
  }
  entry.literal ??= literalOf(entry.value)
  writeOctets(entry.literal, out)
}
