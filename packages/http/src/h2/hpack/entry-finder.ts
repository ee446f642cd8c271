import type { DynamicTable } from './dynamic-table.ts'
import type { HeaderEntry } from './header-entry.ts'
import type { HeaderName } from './header-name.ts'

/** A power of two. A table of 4096 octets has some forty entries. */
const BUCKETS = 64
const BUCKET_MASK = BUCKETS - 1
const NOT_FOUND = -1

/**
 * Finds entries in a dynamic table. Entries with the same hash are chained by their numbers, newest first: what was evicted is
 * older than all that is left, so a chain ends there, and nobody has to take it out.
 */
export class EntryFinder {
  readonly #table: DynamicTable
  /** By hash: number of the newest entry. */
  readonly #newest = new Int32Array(BUCKETS)
  /** By number of an entry: number of the next older one with the same hash. Longer than the table ever is. */
  readonly #older: Int32Array
  readonly #olderMask: number
  /** By hash of a name: number of the newest entry. Of two names with the same hash only the later is found. */
  readonly #newestOfName = new Int32Array(BUCKETS)

  /** @param mostEntries - what the table never exceeds */
  constructor(table: DynamicTable, mostEntries: number) {
    this.#table = table
    this.#olderMask = 2 ** Math.ceil(Math.log2(mostEntries + 1)) - 1
    this.#older = new Int32Array(this.#olderMask + 1)
  }

  /** Age of an entry with the same name and value, or -1. */
  find(entry: HeaderEntry): number {
    const table = this.#table
    let last = NOT_FOUND
    let number = this.#newest[entry.hash & BUCKET_MASK]!
    for (;;) {
      const age = table.ageOf(number)
      if (age >= table.count || age <= last) return NOT_FOUND
      const other = table.at(age)
      if (other === entry || (other.value === entry.value && other.name === entry.name)) return age
      last = age
      number = this.#older[number & this.#olderMask]!
    }
  }

  /** Age of an entry with that name, or -1. */
  findName(header: HeaderName): number {
    const age = this.#table.ageOf(this.#newestOfName[header.hash & BUCKET_MASK]!)
    return age < this.#table.count && this.#table.at(age).name === header.text ? age : NOT_FOUND
  }

  /** Notes `entry`, which was added to the table just now. */
  note(entry: HeaderEntry): void {
    const number = this.#table.added
    const bucket = entry.hash & BUCKET_MASK
    this.#older[number & this.#olderMask] = this.#newest[bucket]!
    this.#newest[bucket] = number
    this.#newestOfName[entry.header.hash & BUCKET_MASK] = number
  }
}
