import type { Line } from '../../message/field-lines.ts'
import { isTextAt, toLatin1Buffer } from '../../octets.ts'
import type { HeaderEntry } from './header-entry.ts'

/** A power of two. */
const SLOTS = 256
const MAX_LINE_OCTETS = 160
/** The last octets of a line tell most of them apart, and a collision costs no more than making the entry. */
const HASHED_OCTETS = 16

/**
 * Entries of the field lines that came by HTTP/1 lately: of a line that comes again, as most do with every request of a client, no
 * string is made. Bounded by construction: each slot holds the last line of its hash.
 *
 * Shared by the connections of a process, on the same terms as `LiteralCache`.
 */
export class LineCache {
  readonly #lines = new Array<string>(SLOTS).fill('')
  readonly #entries = new Array<HeaderEntry | undefined>(SLOTS).fill(undefined)

  /** The entry that the same octets said before. */
  find(line: Line): HeaderEntry | undefined {
    const { bytes, start, end } = line
    const slot = slotOf(line)
    const kept = this.#lines[slot]!
    return kept.length === end - start && isTextAt(bytes, start, kept) ? this.#entries[slot] : undefined
  }

  /** Keeps what the line says, unless it is a secret. */
  keep(line: Line, entry: HeaderEntry): void {
    const { bytes, start, end } = line
    if (end - start > MAX_LINE_OCTETS || entry.indexing === 'never') return
    const slot = slotOf(line)
    this.#lines[slot] = toLatin1Buffer(bytes).latin1Slice(start, end)
    this.#entries[slot] = entry
  }
}

function slotOf({ bytes, start, end }: Line): number {
  let hash = end - start
  for (let i = Math.max(start, end - HASHED_OCTETS); i < end; i++) hash = (Math.imul(hash, 31) + bytes[i]!) | 0
  return (hash ^ (hash >>> 8) ^ (hash >>> 16)) & (SLOTS - 1)
}
