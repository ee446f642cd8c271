import { Buffer } from 'node:buffer'

const FIRST_BYTES = 512

/**
 * Octets that came and cannot be used yet. An octet's place is written once: parts that were given away while they were
 * here may still be on their way to another transport.
 */
export class HeldInput {
  #bytes: Buffer
  start = 0
  end = 0

  constructor(bytes: Uint8Array, at: number) {
    this.#bytes = Buffer.allocUnsafeSlow(Math.max(FIRST_BYTES, bytes.length - at))
    this.append(bytes, at)
  }

  get bytes(): Buffer {
    return this.#bytes
  }

  get size(): number {
    return this.end - this.start
  }

  /** Adds `bytes` from `at` on. */
  append(bytes: Uint8Array, at: number): void {
    const count = bytes.length - at
    if (this.end + count > this.#bytes.length) this.#grow(count)
    this.#bytes.set(at === 0 ? bytes : bytes.subarray(at), this.end)
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
