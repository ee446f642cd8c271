import { DEFAULT_WINDOW_BYTES } from './frame-types.ts'
import type { FrameWriter } from './frame-writer.ts'
import type { H2Limits } from './limits.ts'

/**
 * What the peer may send on all streams together. It gets back what it sent as soon as that was taken, also where a stream is
 * paused, so that one of them does not stop the others; only when too much is held, it waits for that. RFC 9113 §5.2.
 */
export class ReceiveCredit {
  #window = DEFAULT_WINDOW_BYTES
  #owedBytes = 0
  #heldBytes = 0
  readonly #writer: FrameWriter
  readonly #limits: H2Limits

  constructor(writer: FrameWriter, limits: H2Limits) {
    this.#writer = writer
    this.#limits = limits
  }

  /** Octets of paused streams. */
  get heldBytes(): number {
    return this.#heldBytes
  }

  /** Widens the window to what it is to be. */
  open(): void {
    const more = this.#limits.connectionWindowBytes - this.#window
    if (more <= 0) return
    this.#window += more
    this.#writer.writeWindowUpdate(0, more)
  }

  /** @returns false when that is more than was allowed */
  take(bytes: number): boolean {
    this.#window -= bytes
    return this.#window >= 0
  }

  /** `bytes` were taken, whatever became of them. */
  owe(bytes: number): void {
    this.#owedBytes += bytes
    this.give()
  }

  /** So many more, or fewer, are held. */
  hold(bytes: number): void {
    this.#heldBytes += bytes
  }

  /** Tells the peer when it is worth a frame. */
  give(): void {
    const { connectionWindowBytes, maxHeldBytes } = this.#limits
    const credit = this.#owedBytes - Math.max(0, this.#heldBytes - maxHeldBytes)
    if (credit * 2 < connectionWindowBytes) return
    this.#owedBytes -= credit
    this.#window += credit
    this.#writer.writeWindowUpdate(0, credit)
  }
}
