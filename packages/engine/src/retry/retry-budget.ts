import type { RetryBudgetJson } from '@heddle/api/discovery/policy'

/** How much a budget allows. */
export interface RetryBudgetOptions {
  /** Of the requests of the interval. */
  readonly percent: number
  readonly intervalMs: number
  /** Allowed in any case, so that there can be retries where there is little traffic. */
  readonly minPerSecond: number
}

/**
 * Without a policy: a fifth of the requests of ten seconds, or one retry a second where that is more. So a service that fails
 * completely gets less than 1.2 times its load from each client that sends more than 5 requests a second.
 */
const DEFAULT: RetryBudgetOptions = { percent: 20, intervalMs: 10_000, minPerSecond: 1 }
/** The interval moves on by a tenth at a time. */
const SLOTS = 10

/** The options of a policy, with the defaults for what it leaves out. */
export function toRetryBudgetOptions(policy: RetryBudgetJson | undefined): RetryBudgetOptions {
  if (policy === undefined) return DEFAULT
  return {
    percent: policy.percent ?? 0,
    intervalMs: policy.intervalMs || DEFAULT.intervalMs,
    minPerSecond: (policy.minRetriesPerSecondThousandths ?? 0) / 1000,
  }
}

/**
 * How many retries a destination may get, measured by the requests of the last interval. It keeps retries from making the trouble of
 * an overloaded service worse: when everything fails, the load grows by the budget and no more. One per destination.
 */
export class RetryBudget {
  readonly options: RetryBudgetOptions
  readonly #slotMs: number
  readonly #requests = new Float64Array(SLOTS)
  readonly #retries = new Float64Array(SLOTS)
  #requestsSum = 0
  #retriesSum = 0
  /** Number of the slot under way, counted from time 0. */
  #slot = -1

  constructor(options: RetryBudgetOptions) {
    this.options = options
    this.#slotMs = options.intervalMs / SLOTS
  }

  /** A request of a client goes out for the first time. */
  countRequest(nowMs: number): void {
    this.#moveOn(nowMs)
    this.#requestsSum += 1
    this.#requests[this.#slot % SLOTS]! += 1
  }

  /**
   * Takes one retry out of it, if there is one. There are fewer than the share of the requests says, so that the load stays below
   * that as well.
   *
   * @returns whether there was one
   */
  take(nowMs: number): boolean {
    this.#moveOn(nowMs)
    if (!this.#hasOne()) return false
    this.#retriesSum += 1
    this.#retries[this.#slot % SLOTS]! += 1
    return true
  }

  #hasOne(): boolean {
    const { percent, minPerSecond, intervalMs } = this.options
    const byShare = (this.#requestsSum * percent) / 100
    const byMinimum = (minPerSecond * intervalMs) / 1000
    return this.#retriesSum + 1 < byShare || this.#retriesSum + 1 <= byMinimum
  }

  /** Forgets what is older than the interval. */
  #moveOn(nowMs: number): void {
    const slot = Math.floor(nowMs / this.#slotMs)
    if (slot <= this.#slot) return
    for (let next = Math.max(0, this.#slot + 1, slot - SLOTS + 1); next <= slot; next++) {
      const at = next % SLOTS
      this.#requestsSum -= this.#requests[at]!
      this.#retriesSum -= this.#retries[at]!
      this.#requests[at] = 0
      this.#retries[at] = 0
    }
    this.#slot = slot
  }
}
