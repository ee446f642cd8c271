/** Ticks without work before garbage is given back. */
const COLLECT_TICKS = 3
/** Ticks without work before compiled code is given back as well. */
const SHRINK_TICKS = 6
/** So much work, in connections and requests, makes code that is worth the giving back; a trickle does not. */
const SHRINK_WORK = 5_000

/** What can be done about memory; see `runtime.ts`. */
export interface MemoryRelease {
  collect(): void
  shrink(): void
}

/**
 * Gives memory back once a proxy that had work, or has just started, has been quiet for some seconds. A runtime does so by
 * itself only when it allocates, which an idle proxy does not.
 */
export class IdleMemory {
  readonly #workDone: () => number
  readonly #release: MemoryRelease
  #seen = 0
  #quietTicks = 0
  #isCollectDue = true
  #isShrinkDue = true
  #shrunkAt = 0

  /** @param workDone - a number that grows with the work */
  constructor(workDone: () => number, release: MemoryRelease) {
    this.#workDone = workDone
    this.#release = release
  }

  /** @returns whether it wants to be asked again although nothing else goes on */
  tick(): boolean {
    const done = this.#workDone()
    if (done !== this.#seen) this.#worked(done)
    else this.#quiet()
    return this.#isCollectDue || this.#isShrinkDue
  }

  #worked(done: number): void {
    this.#seen = done
    this.#quietTicks = 0
    this.#isCollectDue = true
    if (done - this.#shrunkAt >= SHRINK_WORK) this.#isShrinkDue = true
  }

  #quiet(): void {
    this.#quietTicks += 1
    if (this.#isCollectDue && this.#quietTicks >= COLLECT_TICKS) {
      this.#isCollectDue = false
      this.#release.collect()
    }
    if (this.#isShrinkDue && this.#quietTicks >= SHRINK_TICKS) {
      this.#isShrinkDue = false
      this.#shrunkAt = this.#seen
      this.#release.shrink()
      // The runtime shrinks only after we have returned, and what that sets free waits for a collection.
      this.#isCollectDue = true
    }
  }
}
