/** Ticks without work before memory is given back. */
const QUIET_TICKS = 3

/**
 * Gives memory back once a proxy that had work has been quiet for some seconds. A runtime does so by itself only when it
 * allocates, which an idle proxy does not.
 */
export class IdleMemory {
  readonly #workDone: () => number
  readonly #release: () => void
  #seen = 0
  #quietTicks = 0
  #isOwed = true

  /** @param workDone - any number that changes when there was work */
  constructor(workDone: () => number, release: () => void) {
    this.#workDone = workDone
    this.#release = release
  }

  /** @returns whether it wants to be asked again although nothing else goes on */
  tick(): boolean {
    const done = this.#workDone()
    if (done !== this.#seen) {
      this.#seen = done
      this.#quietTicks = 0
      this.#isOwed = true
      return true
    }
    this.#quietTicks += 1
    if (!this.#isOwed || this.#quietTicks < QUIET_TICKS) return this.#isOwed
    this.#isOwed = false
    this.#release()
    return false
  }
}
