/** How many equal observations in a row it takes to believe them; both at least 1. */
export interface HealthThresholds {
  readonly healthy: number
  readonly unhealthy: number
}

/** `unknown` until the first threshold is reached. */
export type Health = 'unknown' | 'healthy' | 'unhealthy'

/** What is believed of one instance; see {@link createHealthState}. */
export interface HealthState {
  readonly health: Health
  /**
   * Takes one observation into account.
   *
   * @returns the new belief when it changed, else `undefined`
   */
  observe(ok: boolean): Health | undefined
}

/**
 * Turns single observations into a belief that does not flap: it changes only after as many equal observations in a
 * row as the threshold says. The first observation of all decides at once when it is a success, so that an instance
 * which is well when it is first seen gets traffic without waiting.
 *
 * ```
 * unknown   -- a success first, or `healthy` in a row --> healthy
 * unknown   -- `unhealthy` failures in a row -----------> unhealthy
 * healthy   -- `unhealthy` failures in a row -----------> unhealthy
 * unhealthy -- `healthy` successes in a row ------------> healthy
 * ```
 *
 * @throws {RangeError} when a threshold is not a whole number of at least 1
 */
export function createHealthState(thresholds: HealthThresholds): HealthState {
  for (const [name, value] of Object.entries(thresholds)) {
    if (!Number.isInteger(value) || value < 1)
      throw new RangeError(`${name}: expected a whole number from 1, got ${value}`)
  }
  return new CountingHealthState(thresholds)
}

class CountingHealthState implements HealthState {
  readonly #thresholds: HealthThresholds
  #health: Health = 'unknown'
  #last: boolean | undefined
  #inARow = 0

  constructor(thresholds: HealthThresholds) {
    this.#thresholds = thresholds
  }

  get health(): Health {
    return this.#health
  }

  observe(ok: boolean): Health | undefined {
    const isFirst = this.#last === undefined
    this.#inARow = ok === this.#last ? this.#inARow + 1 : 1
    this.#last = ok
    const believed: Health = ok ? 'healthy' : 'unhealthy'
    const needed = isFirst && ok ? 1 : this.#thresholds[believed]
    if (this.#health === believed || this.#inARow < needed) return undefined
    this.#health = believed
    return believed
  }
}
