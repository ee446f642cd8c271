/** How long to wait between tries. */
export interface BackoffOptions {
  readonly firstMs: number
  /** No wait is longer than this, jitter included. */
  readonly lastMs: number
  /** Share of each wait that is random, 0 to 1: 0.5 gives waits from half to all of the nominal. */
  readonly jitter: number
}

/** Doubling waits with jitter; one per thing that is tried again. */
export class Backoff {
  readonly #options: BackoffOptions
  readonly #random: () => number
  #failures = 0

  constructor(options: BackoffOptions, random: () => number = Math.random) {
    this.#options = options
    this.#random = random
  }

  /** Failures since the last {@link reset}. */
  get failures(): number {
    return this.#failures
  }

  /** The wait before the next try, in ms; each call counts one failure. */
  nextMs(): number {
    const { firstMs, lastMs, jitter } = this.#options
    const nominal = Math.min(lastMs, firstMs * 2 ** this.#failures)
    this.#failures += 1
    return nominal * (1 - jitter * this.#random())
  }

  /** To be called after a success. */
  reset(): void {
    this.#failures = 0
  }
}
