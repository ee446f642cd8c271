import type { Clock, Timer } from '@heddle/base/clock'

/** Bites when it was not fed for too long. One timer, however often it is fed. */
export class Watchdog {
  readonly #clock: Clock
  readonly #limitMs: number
  readonly #bite: () => void
  #fedUs: number
  #timer: Timer
  hasBitten = false

  constructor(clock: Clock, limitMs: number, bite: () => void) {
    this.#clock = clock
    this.#limitMs = limitMs
    this.#bite = bite
    this.#fedUs = clock.monotonicUs()
    this.#timer = clock.after(limitMs, () => this.#look())
  }

  feed(): void {
    this.#fedUs = this.#clock.monotonicUs()
  }

  stop(): void {
    this.#timer.cancel()
  }

  #look(): void {
    const restMs = this.#limitMs - (this.#clock.monotonicUs() - this.#fedUs) / 1000
    if (restMs > 0) {
      this.#timer = this.#clock.after(restMs, () => this.#look())
      return
    }
    this.hasBitten = true
    this.#bite()
  }
}
