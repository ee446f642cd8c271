import { HeldInput } from '../held-input.ts'
import type { Fields } from '../message/fields.ts'
import type { BodyReceiver } from '../session.ts'
import type { StreamHome } from './stream-home.ts'

/** No length was announced. */
export const UNKNOWN_LENGTH = -1

/**
 * What the peer sends on one stream, with its window: goes to the receiver, or is held while that pauses. RFC 9113 §5.2. The other
 * half is the sending one.
 */
export abstract class ReceivingHalf {
  readonly id: number
  readonly home: StreamHome
  receiver: BodyReceiver | undefined
  /** What we let the peer send. */
  receiveWindow: number
  /** Octets that were consumed, and not yet added to the window. */
  #owedBytes = 0
  /** What is to come of an announced body, or {@link UNKNOWN_LENGTH}. */
  contentLeft = UNKNOWN_LENGTH
  /** Whether octets that come have to be held: it is not known yet what they are. */
  protected isGated = false
  /** END_STREAM has come. */
  isInputEnded = false
  /** The receiver is to hear, or has heard, of the end; what comes behind it is thrown away. */
  #isInputEndDue = false
  #isInputEndTold = false
  #isPaused = false
  /** The handle does nothing any more and the receiver hears nothing. */
  protected isOver = false
  #held: HeldInput | undefined
  #trailers: Fields | undefined

  constructor(home: StreamHome, id: number) {
    this.home = home
    this.id = id
    this.receiveWindow = home.ownStreamWindow
  }

  /** Whether the head came of what the peer sends, so that octets may follow. */
  abstract readonly hasHead: boolean
  /** Whether the stream is no longer one of the connection. */
  abstract readonly isRemoved: boolean
  /** The receiver is told of the end of the peer's half. */
  protected abstract inputEndTold(): void
  /** After its `onEnd` returned. */
  protected afterEndTold(): void {}

  get isInputEndTold(): boolean {
    return this.#isInputEndTold
  }

  /** Octets that are held because the receiver paused. */
  get heldBytes(): number {
    return this.#held?.size ?? 0
  }

  pauseBody(): void {
    if (!this.isOver) this.#isPaused = true
  }

  resumeBody(): void {
    if (this.isOver) return
    this.#isPaused = false
    this.release()
  }

  /** The receiver is known; what came before it comes now. */
  begin(receiver: BodyReceiver): void {
    if (this.isOver) return
    this.receiver = receiver
    this.#isInputEndDue ||= this.isInputEnded
    this.release()
  }

  /** Octets of the body, within the window: those of `bytes` from `start` to `end`. */
  takeData(bytes: Uint8Array, start: number, end: number): void {
    if (this.isOver || this.#isInputEndDue) return
    const count = end - start
    if (this.#isHolding) {
      this.home.held(count)
      if (this.#held === undefined) this.#held = new HeldInput(bytes, start, end)
      else this.#held.append(bytes, start, end)
      return
    }
    this.receiver!.onData(bytes, start, end)
    this.consumed(count)
  }

  /** The peer's half has ended. */
  takeEnd(trailers: Fields | undefined): void {
    this.isInputEnded = true
    if (this.#isInputEndDue) return
    this.#isInputEndDue = true
    this.#trailers = trailers
    if (!this.#isHolding) this.#tellEnd()
  }

  /** Tells the receiver that the peer's half has ended, though it has not: what came, and what comes, is of nobody. */
  protected cutInput(): void {
    this.#dropHeld()
    this.#isInputEndDue = true
    if (!this.#isHolding) this.#tellEnd()
  }

  /** `count` octets (0: the window has become smaller) are no longer in our memory: the peer may send as many, told when it is worth a frame. */
  consumed(count: number): void {
    if (this.isRemoved || this.isInputEnded) return
    this.#owedBytes += count
    if (this.#owedBytes * 2 < this.home.toldStreamWindow) return
    this.receiveWindow += this.#owedBytes
    this.home.writer.writeWindowUpdate(this.id, this.#owedBytes)
    this.#owedBytes = 0
  }

  /** From now on the receiver hears nothing, and the handle does nothing. */
  protected detach(): void {
    this.isOver = true
    this.receiver = undefined
    this.#dropHeld()
  }

  /** Hands out what was held, as far as the receiver takes it. */
  protected release(): void {
    const held = this.#held
    if (held !== undefined && this.#mayTell) {
      this.#held = undefined
      const { size } = held
      this.home.held(-size)
      this.receiver!.onData(held.bytes, held.start, held.end)
      this.consumed(size)
    }
    if (this.#isInputEndDue && !this.isOver && !this.#isHolding) this.#tellEnd()
  }

  #dropHeld(): void {
    if (this.#held === undefined) return
    this.home.held(-this.#held.size)
    this.#held = undefined
  }

  get #mayTell(): boolean {
    return !this.#isPaused && !this.isGated && this.receiver !== undefined
  }

  get #isHolding(): boolean {
    return this.#held !== undefined || !this.#mayTell
  }

  #tellEnd(): void {
    if (this.#isInputEndTold) return
    this.#isInputEndTold = true
    const trailers = this.#trailers
    this.#trailers = undefined
    const receiver = this.receiver!
    this.inputEndTold()
    receiver.onEnd(trailers)
    this.afterEndTold()
  }
}
