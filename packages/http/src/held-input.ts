import { Buffer } from 'node:buffer'
import { part } from './octets.ts'

const FIRST_BYTES = 512

/**
 * Octets that came and cannot be used yet. An octet's place is written once: parts that were given away while they were
 * here may still be on their way to another transport.
 */
export class HeldInput {
  #bytes: Buffer
  start = 0
  end = 0

  constructor(bytes: Uint8Array, start: number, end: number) {
    this.#bytes = Buffer.allocUnsafeSlow(Math.max(FIRST_BYTES, end - start))
    this.append(bytes, start, end)
  }

  get bytes(): Buffer {
    return this.#bytes
  }

  get size(): number {
    return this.end - this.start
  }

  /** Adds the octets of `bytes` from `start` to `end`. */
  append(bytes: Uint8Array, start: number, end: number): void {
    const count = end - start
    if (this.end + count > this.#bytes.length) this.#grow(count)
    this.#bytes.set(part(bytes, start, end), this.end)
    this.end += count
  }

  /** Doubles, so that what comes octet by octet is copied twice at most. */
  #grow(count: number): void {
    const grown = Buffer.allocUnsafeSlow((this.size + count) * 2)
    this.#bytes.copy(grown, 0, this.start, this.end)
    this.end = this.size
    this.start = 0
    this.#bytes = grown
  }
}
