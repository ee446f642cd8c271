/** The keys under which a value is found, by index. */
export type Indexes<T, Index extends string> = Readonly<Record<Index, (value: T) => readonly string[]>>

/** Values by name, and by the keys of their indexes. */
export class IndexedCache<T, Index extends string> {
  readonly #indexes: readonly (readonly [Index, (value: T) => readonly string[]])[]
  readonly #values = new Map<string, T>()
  readonly #names = new Map<Index, Map<string, Set<string>>>()

  constructor(indexes: Indexes<T, Index>) {
    this.#indexes = Object.entries(indexes) as [Index, (value: T) => readonly string[]][]
    for (const [index] of this.#indexes) this.#names.set(index, new Map())
  }

  get size(): number {
    return this.#values.size
  }

  get(name: string): T | undefined {
    return this.#values.get(name)
  }

  values(): Iterable<T> {
    return this.#values.values()
  }

  entries(): Iterable<readonly [string, T]> {
    return this.#values.entries()
  }

  /** The values that have `key` in `index`, in the order they came. */
  by(index: Index, key: string): readonly T[] {
    return Array.from(this.namesBy(index, key), (name) => this.#values.get(name)!)
  }

  /** Their names. */
  namesBy(index: Index, key: string): Iterable<string> {
    return this.#names.get(index)!.get(key) ?? []
  }

  /** The value that was there before. */
  set(name: string, value: T): T | undefined {
    const before = this.delete(name)
    this.#values.set(name, value)
    for (const [index, keysOf] of this.#indexes) {
      const names = this.#names.get(index)!
      for (const key of keysOf(value)) {
        const having = names.get(key)
        if (having === undefined) names.set(key, new Set([name]))
        else having.add(name)
      }
    }
    return before
  }

  /** The value that was there. */
  delete(name: string): T | undefined {
    const before = this.#values.get(name)
    if (before === undefined) return undefined
    this.#values.delete(name)
    for (const [index, keysOf] of this.#indexes) {
      const names = this.#names.get(index)!
      for (const key of keysOf(before)) {
        const having = names.get(key)
        having?.delete(name)
        if (having?.size === 0) names.delete(key)
      }
    }
    return before
  }
}
