import type { Clock, Timer } from '@heddle/base/clock'
import type { Log } from '@heddle/base/log'
import { replaceFile } from './write-file.ts'

/** What a {@link SavedFile} is made of. */
export interface SavedFileOptions {
  readonly path: string
  /** What is to be in the file, asked for when it is written. */
  readonly content: () => string
  readonly clock: Clock
  readonly log: Log
}

/** Changes within this time are written at once. */
const GATHER_MS = 200
/** A full disk is tried again this often. */
const RETRY_MS = 5_000

/**
 * A file that follows a state in memory. Failing to write it is logged and tried again: the service goes on without,
 * at the price of an older state after a restart.
 */
export class SavedFile {
  readonly #options: SavedFileOptions
  #timer: Timer | undefined
  #writing: Promise<boolean> = Promise.resolve(true)
  #written: string | undefined
  #closed = false

  constructor(options: SavedFileOptions) {
    this.#options = options
  }

  /** To be called after each change of the state. */
  touch(): void {
    this.#writeAfter(GATHER_MS)
  }

  /** Writes now; for the end of the process, after which nothing is written any more. */
  async close(): Promise<void> {
    this.#closed = true
    this.#timer?.cancel()
    await this.#write()
  }

  #writeAfter(delayMs: number): void {
    if (this.#closed || this.#timer !== undefined) return
    this.#timer = this.#options.clock.after(delayMs, () => {
      this.#timer = undefined
      void this.#write().then((written) => {
        if (!written) this.#writeAfter(RETRY_MS)
      })
    })
  }

  #write(): Promise<boolean> {
    this.#writing = this.#writing.then(() => this.#replace())
    return this.#writing
  }

  async #replace(): Promise<boolean> {
    const { path, content, log } = this.#options
    try {
      const wanted = content()
      if (wanted !== this.#written) await replaceFile(path, wanted, 0o600)
      this.#written = wanted
      return true
    } catch (error) {
      log.error('state not saved', { path, error })
      return false
    }
  }
}
