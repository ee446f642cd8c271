import { toKeep } from '@heddle/base/copy-of'
import { HeldInput } from '@heddle/http/held-input'

/**
 * What is in memory of a request's body: what waits for somebody to take it, and what was sent on but may have to be sent again. Made
 * when the first octets come, so that a request without a body has none of it.
 */
export class RequestBody {
  readonly #replayBytes: number
  /** Came while no connection was there to take it; in one piece, since an object for each octet would take a hundred times its room. */
  #held: HeldInput | undefined
  /** The first part of what was sent on, as long as it may have to be sent again. Most bodies come in one. */
  #first: Uint8Array | undefined
  /** The others, in one piece as well. */
  #others: HeldInput | undefined
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
    if (this.#held === undefined) this.#held = new HeldInput(bytes, start, end)
    else this.#held.append(bytes, start, end)
  }

  /** What waited. */
  takeHeld(): Uint8Array | undefined {
    const held = octetsOf(this.#held)
    this.#held = undefined
    return held
  }

  /** The octets of `bytes` from `start` to `end` were sent on. */
  keep(bytes: Uint8Array, start: number, end: number): void {
    this.#keptBytes += end - start
    if (this.#keptBytes > this.#replayBytes) this.forgetKept()
    else if (this.#first === undefined) this.#first = toKeep(bytes, start, end)
    else if (this.#others === undefined) this.#others = new HeldInput(bytes, start, end)
    else this.#others.append(bytes, start, end)
  }

  /** It will not be sent again. */
  forgetKept(): void {
    this.#first = undefined
    this.#others = undefined
  }

  /** What was sent waits again, before what does already. @returns false when it is not there any more */
  rewind(): boolean {
    if (!this.mayRewind) return false
    const all = [this.#first, octetsOf(this.#others), this.takeHeld()]
    this.forgetKept()
    this.#keptBytes = 0
    for (const bytes of all) if (bytes !== undefined) this.hold(bytes, 0, bytes.length)
    return true
  }

  /** What waits, to somebody who gets it as well. */
  replayHeld(data: (bytes: Uint8Array) => unknown): void {
    const held = octetsOf(this.#held)
    if (held !== undefined) data(held)
  }

  /** All that came. */
  replay(data: (bytes: Uint8Array) => unknown): void {
    for (const bytes of [this.#first, octetsOf(this.#others), octetsOf(this.#held)])
      if (bytes !== undefined) data(bytes)
  }
}

function octetsOf(held: HeldInput | undefined): Uint8Array | undefined {
  return held?.bytes.subarray(held.start, held.end)
}
