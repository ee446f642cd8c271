import type { Clock } from '@heddle/base/clock'

/** A reading that is under way, and the one that follows it. */
interface Reading<T> {
  readonly found: Promise<T>
  next: Promise<T> | undefined
}

/** What is well answers within some milliseconds; a lost answer is not waited for by those who come after. */
const AHEAD_MS = 1_000

/**
 * Reads the same thing for many who ask at once, without telling anybody what was so before he asked: who comes while a reading is under
 * way shares the next, which begins after all of them have come.
 */
export class SharedReads<T> {
  readonly #read: (name: string) => Promise<T>
  readonly #clock: Clock
  readonly #underWay = new Map<string, Reading<T>>()

  constructor(read: (name: string) => Promise<T>, clock: Clock) {
    this.#read = read
    this.#clock = clock
  }

  /** @throws what the reading throws */
  read(name: string): Promise<T> {
    const current = this.#underWay.get(name)
    if (current === undefined) return this.#begin(name)
    current.next ??= this.#over(current.found).then(() => this.#begin(name))
    return current.next
  }

  #begin(name: string): Promise<T> {
    const reading: Reading<T> = { found: this.#read(name), next: undefined }
    this.#underWay.set(name, reading)
    const forget = () => {
      if (reading.next === undefined) this.#underWay.delete(name)
    }
    reading.found.then(forget, forget)
    return reading.found
  }

  /** Whether it brought anything is for those who asked it. */
  async #over(found: Promise<T>): Promise<void> {
    const settled = Promise.withResolvers<void>()
    const goOn = () => settled.resolve()
    const late = this.#clock.after(AHEAD_MS, goOn)
    found.then(goOn, goOn)
    await settled.promise
    late.cancel()
  }
}
