import { Buffer } from 'node:buffer'
import type { H2Limits } from './limits.ts'
import type { Payload } from './payload.ts'

/** A header block that comes in several frames, kept until it is complete. RFC 9113 §4.3. */
export class HeaderBlock {
  readonly streamId: number
  /** Whether the stream's half ends with it. */
  readonly isEnd: boolean
  #bytes: Buffer
  #length = 0
  #frames = 0
  readonly #limits: H2Limits

  constructor(streamId: number, isEnd: boolean, limits: H2Limits) {
    this.streamId = streamId
    this.isEnd = isEnd
    this.#limits = limits
    this.#bytes = Buffer.alloc(0)
  }

  /** All octets so far. */
  get bytes(): Buffer {
    return this.#bytes.subarray(0, this.#length)
  }

  /**
   * Adds a fragment.
   * @returns false when the block has become too large, or comes in too many pieces
   */
  add({ bytes, start, end }: Payload): boolean {
    this.#frames += 1
    const length = this.#length + end - start
    if (length > this.#limits.maxHeaderBlockBytes || this.#frames > this.#limits.maxContinuations + 1) return false
    if (length > this.#bytes.length) {
      const grown = Buffer.allocUnsafeSlow(length * 2)
      this.#bytes.copy(grown, 0, 0, this.#length)
      this.#bytes = grown
    }
    this.#bytes.set(bytes.subarray(start, end), this.#length)
    this.#length = length
    return true
  }
}
