import { Backoff } from '@heddle/base/backoff'
import type { Clock } from '@heddle/base/clock'
import type { Log } from '@heddle/base/log'
import { messageOf } from '@heddle/base/message-of'

export interface RepairOptions {
  /** For the log. */
  readonly what: string
  readonly clock: Clock
  readonly log: Log
}

const RETRY = { firstMs: 500, lastMs: 60_000, jitter: 0.5 }
/** Who removes Heddle removes all of it at once; the control plane must not put back what it made in its last seconds. */
const REMOVED_MS = 5_000

/** Something that is put right when it is found wrong, one try at a time, tried again with growing waits. */
export class Repair {
  readonly #options: RepairOptions
  readonly #putRight: () => Promise<void>
  readonly #backoff = new Backoff(RETRY)
  #isRunning = false
  #isWanted = false
  #wasThere = false

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
    void this.#run(signal)
  }

  /**
   * To be called with what there is now of the object that is kept: at once where it is there or never was, a little later where
   * it was removed.
   */
  after(present: unknown, signal: AbortSignal): void {
    const isRemoved = present === undefined && this.#wasThere
    this.#wasThere = present !== undefined
    if (!isRemoved) {
      this.soon(signal)
      return
    }
    const timer = this.#options.clock.after(REMOVED_MS, () => this.soon(signal))
    signal.addEventListener('abort', timer.cancel, { once: true })
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
        log.warn('not put right yet', { what, error: messageOf(error) })
        await clock.sleep(this.#backoff.nextMs(), signal)
      }
    }
    // Not a turn later: what is wanted until then would wait for the next change.
    this.#isRunning = false
  }
}
