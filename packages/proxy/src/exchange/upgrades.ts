import type { Histogram, Registry } from '@heddle/telemetry/registry'

/** In seconds: what a client gives up at once, ordinary visits, and connections that stay for days. */
const LIFE_BOUNDS = [1, 10, 60, 600, 3_600, 21_600, 86_400]

/**
 * WebSockets, and whatever else requests were upgraded to: how many are open, and how long they lived. Their lives are no
 * latencies, so they are counted apart from those of requests.
 */
export class Upgrades {
  #open = 0
  readonly #lives: Histogram

  constructor(meter: Registry) {
    meter.gauge('heddle_upgrades_open_count', 'WebSockets and other upgraded streams that are open.', () => this.#open)
    const help = 'How long those lived that ended, from the head of the answer on.'
    this.#lives = meter.histogram('heddle_upgrade_life_seconds', help, LIFE_BOUNDS)
  }

  opened(): void {
    this.#open += 1
  }

  /** To be called once for each that was opened. */
  ended(lifeUs: number): void {
    this.#open -= 1
    this.#lives.observe(lifeUs / 1e6)
  }
}
