import type { Clock } from '@heddle/base/clock'

const EVERY_US = 1_000_000

/**
 * Lets one line a second through for each word: whoever knocks in a loop is in the counters, not in a full disk.
 * The words must be few.
 */
export class LogLimit {
  readonly #clock: Clock
  readonly #lastUs = new Map<string, number>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Whether a line about `word` may be written now. */
  take(word: string): boolean {
    const nowUs = this.#clock.monotonicUs()
    if (nowUs - (this.#lastUs.get(word) ?? Number.NEGATIVE_INFINITY) < EVERY_US) return false
    this.#lastUs.set(word, nowUs)
    return true
  }
}
