/** An item that keeps its place in a {@link Roster} under this name; -1: it is in none. */
export type Placed<Slot extends string> = { [Name in Slot]: number }

/**
 * Items that come and go with connections, in no order. Not a `Set`: one that sees many deletions is given new tables, of which the old
 * ones keep alive what they held (see docs/decisions/0006). Of the connections that had ended, each collection of young objects kept
 * a quarter that way.
 */
export class Roster<Slot extends string, Item extends Placed<Slot>> {
  readonly #slot: Slot
  readonly #items: Item[] = []

  /** @param slot - which property of items is this roster's own */
  constructor(slot: Slot) {
    this.#slot = slot
  }

  get size(): number {
    return this.#items.length
  }

  /** Adds an item that may be there already. */
  add(item: Item): void {
    if (item[this.#slot] >= 0) return
    this.#keepAt(item, this.#items.length)
  }

  /** Removes an item that may not be there. */
  delete(item: Item): void {
    const place = item[this.#slot]
    if (place < 0) return
    this.#keepAt(item, -1)
    const last = this.#items.pop()!
    if (last !== item) this.#keepAt(last, place)
  }

  clear(): void {
    for (const item of this.#items) this.#keepAt(item, -1)
    this.#items.length = 0
  }

  /** Calls `visit` once for each item that is there now, unless it is removed before its turn. */
  forEach(visit: (item: Item) => void): void {
    for (const item of [...this.#items]) if (item[this.#slot] >= 0) visit(item)
  }

  [Symbol.iterator](): Iterator<Item> {
    return this.#items[Symbol.iterator]()
  }

  #keepAt(item: Item, place: number): void {
    const placed: Placed<Slot> = item
    placed[this.#slot] = place as Placed<Slot>[Slot]
    if (place >= 0) this.#items[place] = item
  }
}
