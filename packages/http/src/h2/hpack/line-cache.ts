import { Buffer } from 'node:buffer'
import type { HeaderEntry } from './header-entry.ts'

/** A power of two. */
const SLOTS = 256
const MAX_LINE_OCTETS = 160
/** The last octets of a line tell most of them apart, and a collision costs no more than making the entry. */
const HASHED_OCTETS = 16

/** A field line within a longer text, without its end. */
export interface Line {
  text: string
  start: number
  end: number
}

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
    const { text, start, end } = line
    const slot = slotOf(line)
    const kept = this.#lines[slot]!
    if (kept.length !== end - start) return undefined
    for (let i = 0; i < kept.length; i++) if (kept.charCodeAt(i) !== text.charCodeAt(start + i)) return undefined
    return this.#entries[slot]
  }

  /** Keeps what the line says, unless it is a secret. */
  keep(line: Line, entry: HeaderEntry): void {
    const { text, start, end } = line
    if (end - start > MAX_LINE_OCTETS || entry.indexing === 'never') return
    const slot = slotOf(line)
    // A copy: a part of the text would keep the whole head.
    this.#lines[slot] = Buffer.from(text.substring(start, end), 'latin1').toString('latin1')
    this.#entries[slot] = entry
  }
}

function slotOf({ text, start, end }: Line): number {
  let hash = end - start
  for (let i = Math.max(start, end - HASHED_OCTETS); i < end; i++) hash = (Math.imul(hash, 31) + text.charCodeAt(i)) | 0
  return (hash ^ (hash >>> 8) ^ (hash >>> 16)) & (SLOTS - 1)
}
