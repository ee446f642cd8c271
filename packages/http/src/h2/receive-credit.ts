import { DEFAULT_WINDOW_BYTES, SETTING } from './frame-types.ts'
import type { FrameWriter } from './frame-writer.ts'
import type { H2Limits } from './limits.ts'

/** Of a stream, while much is held: so many streams that nobody reads cannot fill what may be held. */
const NARROW_WINDOW_BYTES = 8192
/** Share of what may be held beyond which windows are narrow; the rest is for what is on its way, and for narrow windows. */
const MUCH = 3 / 8
/** Each change is a frame that wants an answer. An odd number: whoever goes on like that stays with narrow windows. */
const MOST_CHANGES = 63

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
  #changesLeft = MOST_CHANGES
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
   * Makes the windows of streams narrow when much is held, and wide again when nothing is.
   * @returns whether they have become narrow
   */
  adjustStreams(): boolean {
    const { streamWindowBytes, maxHeldBytes } = this.#limits
    const isWide = this.streamWindow > NARROW_WINDOW_BYTES
    if (isWide ? this.#heldBytes <= maxHeldBytes * MUCH : this.#heldBytes > 0) return false
    const wanted = isWide ? NARROW_WINDOW_BYTES : streamWindowBytes
    if (wanted === this.streamWindow || this.#changesLeft === 0) return false
    this.#changesLeft -= 1
    this.streamWindow = wanted
    this.#writer.writeSettings([SETTING.initialWindowSize, wanted])
    return isWide
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
