/** Which destinations that do not exist the streams of one identity ask for. A key counts once, however many of them hold it. */
export class MissingKeys {
  readonly max: number
  readonly #streamsOf = new Map<string, number>()

  /** @param max - keys that are followed, so that a proxy hears when what it asked for comes to exist */
  constructor(max: number) {
    this.max = max
  }

  get size(): number {
    return this.#streamsOf.size
  }

  /** Whether one more stream may hold `key` although it does not exist. */
  mayHold(key: string): boolean {
    return this.#streamsOf.has(key) || this.#streamsOf.size < this.max
  }

  /** A stream holds `key`. What ceased to exist while it was held counts as well, above the limit too. */
  add(key: string): void {
    this.#streamsOf.set(key, (this.#streamsOf.get(key) ?? 0) + 1)
  }

  /** To be called once for each {@link add}. */
  release(key: string): void {
    const left = (this.#streamsOf.get(key) ?? 0) - 1
    if (left > 0) this.#streamsOf.set(key, left)
    else this.#streamsOf.delete(key)
  }
}
