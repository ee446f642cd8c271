import { Backoff } from '@heddle/base/backoff'
import type { Clock } from '@heddle/base/clock'
import type { Log } from '@heddle/base/log'

export interface RepairOptions {
  /** For the log. */
  readonly what: string
  readonly clock: Clock
  readonly log: Log
}

const RETRY = { firstMs: 500, lastMs: 60_000, jitter: 0.5 }

/** Something that is put right when it is found wrong, one try at a time, tried again with growing waits. */
export class Repair {
  readonly #options: RepairOptions
  readonly #putRight: () => Promise<void>
  readonly #backoff = new Backoff(RETRY)
  #isRunning = false
  #isWanted = false

  /** @param putRight - looks at what is to be done when it is called; it may reject */
  constructor(options: RepairOptions, putRight: () => Promise<void>) {
    this.#options = options
    this.#putRight = putRight
  }

  /** To be called after each change that may have made it wrong. */
  soon(signal: AbortSignal): void {
    this.#isWanted = true
    if (this.#isRunning) return
    this.#isRunning = true
    void this.#run(signal).finally(() => {
      this.#isRunning = false
    })
  }

  async #run(signal: AbortSignal): Promise<void> {
    const { what, clock, log } = this.#options
    while (this.#isWanted && !signal.aborted) {
      this.#isWanted = false
      try {
        await this.#putRight()
        this.#backoff.reset()
      } catch (error) {
        this.#isWanted = true
        log.warn('not put right yet', { what, error: error instanceof Error ? error.message : String(error) })
        await clock.sleep(this.#backoff.nextMs(), signal)
      }
    }
  }
}
