import { readFile } from 'node:fs/promises'
import type { Clock } from '@heddle/base/clock'
import { ConfigError } from '@heddle/base/config-error'

/** The kubelet swaps a token's file long before the old one expires, so a minute of the old one does no harm. */
const READ_AGAIN_US = 60e6

/** A small file that others rewrite: read anew after a minute, or when its content was refused. */
export class FileText {
  readonly path: string
  readonly #clock: Clock
  #text: string | undefined
  #readAtUs = 0

  constructor(path: string, clock: Clock) {
    this.path = path
    this.#clock = clock
  }

  /** @throws {ConfigError} when it cannot be read */
  async read(): Promise<string> {
    const nowUs = this.#clock.monotonicUs()
    if (this.#text !== undefined && nowUs - this.#readAtUs < READ_AGAIN_US) return this.#text
    try {
      this.#text = await readFile(this.path, 'utf8')
      this.#readAtUs = nowUs
      return this.#text
    } catch (error) {
      // While somebody replaces it, what was read before is as good.
      if (this.#text !== undefined) return this.#text
      throw new ConfigError([`${this.path}: ${(error as Error).message}`], 'credentials cannot be read')
    }
  }

  /** The next {@link read} looks at the file. */
  forget(): void {
    this.#readAtUs = Number.NEGATIVE_INFINITY
  }
}
