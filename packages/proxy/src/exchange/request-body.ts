/** A small part of a larger chunk than this is copied when kept, so that it does not hold the whole in memory. */
const MAX_REFERRED_BYTES = 16_384

/**
 * What is in memory of a request's body: what waits for somebody to take it, and what was sent on but may have to be sent again. Made
 * when the first octets come, so that a request without a body has none of it.
 */
export class RequestBody {
  readonly #replayBytes: number
  /** Came while no connection was there to take it. */
  #held: Uint8Array[] | undefined
  /** Was sent on, as long as it may have to be sent again. */
  #kept: Uint8Array[] | undefined
  #keptBytes = 0

  /** @param replayBytes - of a longer body nothing is kept */
  constructor(replayBytes: number) {
    this.#replayBytes = replayBytes
  }

  /** Whether {@link rewind} can do what it says. */
  get mayRewind(): boolean {
    return this.#keptBytes <= this.#replayBytes
  }

  /** The octets of `bytes` from `start` to `end` wait. */
  hold(bytes: Uint8Array, start: number, end: number): void {
    this.#held ??= []
    this.#held.push(bytes.slice(start, end))
  }

  /** What waited, which is the caller's from now on. */
  takeHeld(): readonly Uint8Array[] | undefined {
    const held = this.#held
    this.#held = undefined
    return held
  }

  /** The octets of `bytes` from `start` to `end` were sent on. */
  keep(bytes: Uint8Array, start: number, end: number): void {
    this.#keptBytes += end - start
    if (this.#keptBytes > this.#replayBytes) {
      this.#kept = undefined
      return
    }
    this.#kept ??= []
    const mustCopy = bytes.buffer.byteLength > MAX_REFERRED_BYTES
    this.#kept.push(mustCopy ? bytes.slice(start, end) : bytes.subarray(start, end))
  }

  /** It will not be sent again. */
  forgetKept(): void {
    this.#kept = undefined
  }

  /** What was sent waits again, before what does already. @returns false when it is not there any more */
  rewind(): boolean {
    if (!this.mayRewind) return false
    if (this.#kept !== undefined) this.#held = this.#held === undefined ? this.#kept : [...this.#kept, ...this.#held]
    this.#kept = undefined
    this.#keptBytes = 0
    return true
  }

  /** What waits, to somebody who gets it as well. */
  replayHeld(data: (bytes: Uint8Array) => unknown): void {
    if (this.#held !== undefined) for (const bytes of this.#held) data(bytes)
  }

  /** All that came. */
  replay(data: (bytes: Uint8Array) => unknown): void {
    if (this.#kept !== undefined) for (const bytes of this.#kept) data(bytes)
    this.replayHeld(data)
  }
}
