import type { BlockReader } from './block-reader.ts'
import type { HeaderEntry } from './header-entry.ts'
import type { HeaderName } from './header-name.ts'

/** A power of two. */
const SLOTS = 256
const SLOT_OCTETS = 128
/** The last octets of a literal tell most of them apart, and a collision costs no more than decoding. */
const HASHED_OCTETS = 16

/** Where a literal stands in the block that is being read. */
export interface Literal {
  readonly reader: BlockReader
  /** The name, where it is given by an index: then the octets are those of the value only. */
  header: HeaderName | undefined
  start: number
  end: number
}

/**
 * What literals said that came lately: of one that comes again, as paths do from peers that do not index them, no string is
 * made. Bounded by construction: each slot holds the last literal of its hash.
 *
 * Shared by the connections of a process. That shows in time only, and only to whoever knows a whole value already; values
 * that must not be indexed are never kept here.
 */
export class LiteralCache {
  readonly #octets = new Uint8Array(SLOTS * SLOT_OCTETS)
  readonly #lengths = new Uint8Array(SLOTS)
  readonly #headers = new Array<HeaderName | undefined>(SLOTS).fill(undefined)
  readonly #entries = new Array<HeaderEntry | undefined>(SLOTS).fill(undefined)

  /** The entry that the same octets said before. */
  find(literal: Literal): HeaderEntry | undefined {
    const { start, header } = literal
    const length = literal.end - start
    if (length > SLOT_OCTETS) return undefined
    const slot = slotOf(literal)
    if (this.#lengths[slot] !== length || this.#headers[slot] !== header) return undefined
    const { bytes } = literal.reader
    const kept = this.#octets
    const keptAt = slot * SLOT_OCTETS
    for (let i = 0; i < length; i++) if (kept[keptAt + i] !== bytes[start + i]) return undefined
    return this.#entries[slot]
  }

  /** Keeps what the octets say. */
  keep(literal: Literal, entry: HeaderEntry): void {
    const { start, end } = literal
    if (end - start > SLOT_OCTETS || entry.indexing === 'never') return
    const slot = slotOf(literal)
    for (let i = start, at = slot * SLOT_OCTETS; i < end; i++, at++) this.#octets[at] = literal.reader.bytes[i]!
    this.#lengths[slot] = end - start
    this.#headers[slot] = literal.header
    this.#entries[slot] = entry
  }
}

function slotOf({ reader, header, start, end }: Literal): number {
  const { bytes } = reader
  let hash = header === undefined ? end - start : (end - start) ^ header.hash
  for (let i = Math.max(start, end - HASHED_OCTETS); i < end; i++) hash = (Math.imul(hash, 31) + bytes[i]!) | 0
  return (hash ^ (hash >>> 8) ^ (hash >>> 16)) & (SLOTS - 1)
}
