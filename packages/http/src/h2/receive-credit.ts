import { DEFAULT_WINDOW_BYTES, SETTING } from './frame-types.ts'
import type { FrameWriter } from './frame-writer.ts'
import type { H2Limits } from './limits.ts'

/** Each quarter of what may be held that is held makes the windows of streams a quarter of what they were. */
const QUARTERS = 4
const LEAST_WINDOW_BYTES = 4096
/** Windows grow again by a step at most so often; each change is a frame that wants an answer. */
const CALM_MS = 1000

/**
 * What the peer may send on all streams together. It gets back what it sent as soon as that was taken, also where a stream is
 * paused, so that one of them does not stop the others; only when too much is held, it waits for that. RFC 9113 §5.2.
 *
 * It should never come to that: all that is sent between two proxies shares a connection, and a few streams that nobody reads
 * would stop everybody. So when much is held already, the peer is asked to send less on each stream before it is consumed;
 * those that have sent more than that are silent. RFC 9113 §6.9.2. A peer that does not comply only stops itself.
 */
export class ReceiveCredit {
  /** First window of streams, as the peer was told last. */
  streamWindow: number
  /** How often {@link streamWindow} was cut to a quarter. */
  #steps = 0
  #changedMs = 0
  #window = DEFAULT_WINDOW_BYTES
  #owedBytes = 0
  #heldBytes = 0
  readonly #writer: FrameWriter
  readonly #limits: H2Limits

  constructor(writer: FrameWriter, limits: H2Limits) {
    this.#writer = writer
    this.#limits = limits
    this.streamWindow = limits.streamWindowBytes
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

  /**
   * Makes the windows of streams narrower when more is held.
   * @returns whether they have become so
   */
  narrow(): boolean {
    const { maxHeldBytes } = this.#limits
    const steps = Math.min(QUARTERS - 1, Math.floor((this.#heldBytes * QUARTERS) / maxHeldBytes))
    return steps > this.#steps && this.#tellWindow(steps)
  }

  /** Makes them wider again when next to nothing is held for so narrow ones. */
  widen(): void {
    const { maxHeldBytes, nowMs } = this.#limits
    if (this.#steps === 0 || this.#heldBytes * QUARTERS * QUARTERS > maxHeldBytes * this.#steps) return
    if (nowMs !== undefined && nowMs() - this.#changedMs < CALM_MS) return
    this.#tellWindow(this.#steps - 1)
  }

  /** Tells the peer when it is worth a frame. */
  give(): void {
    const { connectionWindowBytes, maxHeldBytes } = this.#limits
    const credit = this.#owedBytes - Math.max(0, this.#heldBytes - maxHeldBytes)
    if (credit * 2 < connectionWindowBytes) return
    if (this.#steps > 0) this.widen()
    this.#owedBytes -= credit
    this.#window += credit
    this.#writer.writeWindowUpdate(0, credit)
  }

  /** @returns whether that is another window */
  #tellWindow(steps: number): boolean {
    const { streamWindowBytes, nowMs } = this.#limits
    const cut = Math.floor(streamWindowBytes / QUARTERS ** steps)
    const window = Math.min(streamWindowBytes, Math.max(LEAST_WINDOW_BYTES, cut))
    this.#steps = steps
    this.#changedMs = nowMs?.() ?? 0
    if (window === this.streamWindow) return false
    this.streamWindow = window
    this.#writer.writeSettings([SETTING.initialWindowSize, window])
    return true
  }
}
