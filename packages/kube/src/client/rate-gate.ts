import type { Clock } from '@heddle/base/clock'

/** How many calls a client makes. */
export interface CallRate {
  /** In the long run. */
  readonly perSecond: number
  /** At once after a pause, at least 1. */
  readonly burst: number
}

/**
 * Lets calls through at a bounded rate, those above it later, in the order they came. It bounds what one process asks of the API
 * server whatever its code does; the server's own fairness (429) comes on top.
 */
export class RateGate {
  readonly #rate: CallRate
  readonly #clock: Clock
  /** Negative: calls that were promised a later moment. */
  #tokens: number
  #filledAtUs: number

  constructor(rate: CallRate, clock: Clock) {
    this.#rate = rate
    this.#clock = clock
    this.#tokens = rate.burst
    this.#filledAtUs = clock.monotonicUs()
  }

  /** Resolves when the call may be made, or at once when `signal` is aborted. */
  async pass(signal: AbortSignal): Promise<void> {
    this.#fill()
    this.#tokens -= 1
    if (this.#tokens >= 0) return
    await this.#clock.sleep((-this.#tokens / this.#rate.perSecond) * 1000, signal)
  }

  #fill(): void {
    const nowUs = this.#clock.monotonicUs()
    const earned = ((nowUs - this.#filledAtUs) / 1e6) * this.#rate.perSecond
    this.#tokens = Math.min(this.#rate.burst, this.#tokens + earned)
    this.#filledAtUs = nowUs
  }
}
