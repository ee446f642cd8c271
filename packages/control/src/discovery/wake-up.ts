import type { Clock } from '@heddle/base/clock'

/** Lets one loop wait until something happens; a call that comes while nobody waits is kept. */
export class WakeUp {
  readonly #clock: Clock
  #isDue = false
  #resume: (() => void) | undefined

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Ends the wait, or the next one at once. */
  call(): void {
    this.#isDue = true
    this.#resume?.()
  }

  /** Resolves after `call`, or after `limitMs`. */
  async wait(limitMs: number): Promise<'called' | 'limit'> {
    if (!this.#isDue) await this.#sleep(limitMs)
    const outcome = this.#isDue ? 'called' : 'limit'
    this.#isDue = false
    return outcome
  }

  #sleep(limitMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = this.#clock.after(limitMs, resolve)
      this.#resume = () => {
        timer.cancel()
        resolve()
      }
    })
  }
}
