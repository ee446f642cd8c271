const MOST_US = 1_000_000

/** Counts of times, exact to the microsecond up to one second; longer ones count as one second. */
export class Histogram {
  readonly #counts = new Uint32Array(MOST_US + 1)
  #total = 0

  get total(): number {
    return this.#total
  }

  add(us: number): void {
    const at = Math.min(MOST_US, Math.max(0, Math.round(us)))
    this.#counts[at] = this.#counts[at]! + 1
    this.#total++
  }

  /**
   * The time that `share` of all took at most, in microseconds; 0 when there are none.
   *
   * @param share - from 0 to 1
   */
  quantileUs(share: number): number {
    const wanted = Math.max(1, Math.ceil(share * this.#total))
    let seen = 0
    for (let us = 0; us <= MOST_US; us++) {
      seen += this.#counts[us]!
      if (seen >= wanted) return us
    }
    return 0
  }
}
