import type { H2Stream } from './stream.ts'

const FEWEST_SLOTS = 16
const MOST_SLOTS = 1024

/**
 * The open streams of a connection by their ids. A `Map` in their place kept ended streams alive: each time it has seen enough
 * deletions the runtime gives it a new table, the one before goes on to refer to the new one and to what it held, and once one of
 * them has grown old enough, all that follow live on until a full collection.
 *
 * Ids grow, so those of the streams that are open now mostly lie side by side: a slot for each of the last so many ids. A stream that
 * is still there when a later one needs its slot moves among the lasting ones.
 */
export class StreamTable {
  #slots: (H2Stream | undefined)[] = []
  #lasting: Map<number, H2Stream> | undefined
  #size = 0

  get size(): number {
    return this.#size
  }

  get(id: number): H2Stream | undefined {
    const stream = this.#slots[slotOf(id, this.#slots.length)]
    return stream?.id === id ? stream : this.#lasting?.get(id)
  }

  /** Adds a stream whose id is not there. */
  add(stream: H2Stream): void {
    this.#size += 1
    if (this.#size * 2 > this.#slots.length && this.#slots.length < MOST_SLOTS) this.#grow()
    this.#place(stream)
  }

  /** @returns whether it was there */
  delete(id: number): boolean {
    const slot = slotOf(id, this.#slots.length)
    if (this.#slots[slot]?.id === id) this.#slots[slot] = undefined
    else if (this.#lasting?.delete(id) !== true) return false
    this.#size -= 1
    if (this.#size === 0) this.#rest()
    return true
  }

  /** All of them, as they are now, in the order of their ids. */
  list(): H2Stream[] {
    const listed = [...(this.#lasting?.values() ?? [])]
    for (const stream of this.#slots) if (stream !== undefined) listed.push(stream)
    return listed.sort((a, b) => a.id - b.id)
  }

  #place(stream: H2Stream): void {
    const slot = slotOf(stream.id, this.#slots.length)
    const other = this.#slots[slot]
    if (other !== undefined) {
      this.#lasting ??= new Map()
      this.#lasting.set(other.id, other)
    }
    this.#slots[slot] = stream
  }

  #grow(): void {
    const before = this.#slots
    this.#slots = new Array<H2Stream | undefined>(Math.max(FEWEST_SLOTS, before.length * 2)).fill(undefined)
    for (const stream of before) if (stream !== undefined) this.#place(stream)
  }

  /** An idle connection holds no more than it needs. */
  #rest(): void {
    this.#lasting = undefined
    if (this.#slots.length > FEWEST_SLOTS) this.#slots = []
  }
}

/** Ids of streams that one side begins are all odd. */
function slotOf(id: number, slots: number): number {
  return (id >>> 1) & (slots - 1)
}
