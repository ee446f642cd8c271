import type { HeaderEntry } from './header-entry.ts'

/** What every peer may use before it knows our SETTINGS, and we before we know its. RFC 9113 §6.5.2. */
export const DEFAULT_TABLE_BYTES = 4096

const FIRST_RING_LENGTH = 16

/**
 * The entries that were added last, as far as they fit. RFC 7541 §2.3.2, §4. A ring: nothing moves when entries come and go. Each
 * counts 32 octets at least, so there are few whatever the peer sends.
 */
export class DynamicTable {
  /** Entries that are in it. */
  count = 0
  /** The number of the entry that was added last: they are counted from 1 on, and again from -2^31 after 2^31 - 1. */
  added = 0
  #ring: (HeaderEntry | undefined)[] = []
  /** One less than the ring's length, a power of two. */
  #mask = 0
  #bytes = 0
  #maxBytes: number

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  get maxBytes(): number {
    return this.#maxBytes
  }

  /** @param age - 0: added last; below `count` */
  at(age: number): HeaderEntry {
    return this.#ring[(this.added - age) & this.#mask]!
  }

  /** Age of the entry with that number; not below `count` when it is not in the table. */
  ageOf(number: number): number {
    return (this.added - number) >>> 0
  }

  /** RFC 7541 §4.4: what is too large for the table empties it, and is no error. */
  add(entry: HeaderEntry): void {
    this.#evictAbove(this.#maxBytes - entry.sizeBytes)
    if (entry.sizeBytes > this.#maxBytes) return
    if (this.count === this.#ring.length) this.#grow()
    this.added = (this.added + 1) | 0
    this.#ring[this.added & this.#mask] = entry
    this.count++
    this.#bytes += entry.sizeBytes
  }

  /** RFC 7541 §4.3. */
  setMaxBytes(maxBytes: number): void {
    this.#maxBytes = maxBytes
    this.#evictAbove(maxBytes)
  }

  #grow(): void {
    const ring = new Array<HeaderEntry | undefined>(Math.max(FIRST_RING_LENGTH, this.#ring.length * 2)).fill(undefined)
    for (let age = 0; age < this.count; age++) ring[(this.added - age) & (ring.length - 1)] = this.at(age)
    this.#ring = ring
    this.#mask = ring.length - 1
  }

  #evictAbove(bytes: number): void {
    while (this.#bytes > bytes && this.count > 0) {
      const oldest = (this.added - this.count + 1) & this.#mask
      this.#bytes -= this.#ring[oldest]!.sizeBytes
      this.#ring[oldest] = undefined
      this.count--
    }
  }
}
