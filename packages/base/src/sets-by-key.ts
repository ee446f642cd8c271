/** Things under keys; a key without things is not kept. */
export class SetsByKey<T> {
  readonly #sets = new Map<string, Set<T>>()

  /** In the order in which they came. */
  get(key: string): ReadonlySet<T> {
    return this.#sets.get(key) ?? NONE
  }

  add(key: string, item: T): void {
    const items = this.#sets.get(key)
    if (items === undefined) this.#sets.set(key, new Set([item]))
    else items.add(item)
  }

  remove(key: string, item: T): void {
    const items = this.#sets.get(key)
    items?.delete(item)
    if (items?.size === 0) this.#sets.delete(key)
  }
}

const NONE: ReadonlySet<never> = new Set()
