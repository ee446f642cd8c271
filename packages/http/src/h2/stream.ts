import { HeldInput } from '../held-input.ts'
import type { Fields } from '../message/fields.ts'
import type { BodyReceiver, BodySender, StreamReset } from '../session.ts'
import { H2_CODE } from './error-code.ts'
import type { StreamHome } from './stream-home.ts'

/** A client that takes less than a frame between two looks is as good as gone: octet by octet, it could hold a stream for days. */
const LEAST_PROGRESS_BYTES = 16_384

/** No length was announced. */
export const UNKNOWN_LENGTH = -1

/**
 * One stream: what either side sends on it, with its two windows. RFC 9113 §5. Both halves end on their own; what a half's
 * end means to the other differs between the roles.
 */
export abstract class H2Stream implements BodySender {
  readonly id: number
  readonly home: StreamHome
  receiver: BodyReceiver | undefined
  /** What the peer lets us send. May be negative: RFC 9113 §6.9.2. */
  sendWindow: number
  /** What we let the peer send. */
  receiveWindow: number
  /** Octets that were consumed, and not yet added to the window. */
  #owedBytes = 0
  /** What is to come of an announced body, or {@link UNKNOWN_LENGTH}. */
  contentLeft = UNKNOWN_LENGTH
  /** What we have still to send of an announced body, or {@link UNKNOWN_LENGTH}. */
  protected announcedLeft = UNKNOWN_LENGTH
  /** Among those that wait in the {@link SendOrder}. */
  isWaiting = false
  nextWaiting: H2Stream | undefined
  /** Octets flow both ways until each side has ended its own. */
  isOpaque = false
  /** Whether octets that come have to be held: it is not known yet what they are. */
  protected isGated = false
  /** END_STREAM has come. */
  isInputEnded = false
  /** The receiver is to hear, or has heard, of the end; what comes behind it is thrown away. */
  #isInputEndDue = false
  /** Our side has said its last word; it may still wait in the queue. */
  protected isOutputEnded = false
  #isOutputEndSent = false
  /** The handle does nothing any more and the receiver hears nothing. */
  protected isOver = false
  #isRemoved = false
  #isPaused = false
  #isInputEndTold = false
  #held: HeldInput | undefined
  #queue: HeldInput | undefined
  #queuedBefore = Number.POSITIVE_INFINITY
  #receivedTrailers: Fields | undefined
  #trailers: Fields | undefined

  constructor(home: StreamHome, id: number) {
    this.home = home
    this.id = id
    this.sendWindow = home.peerStreamWindow
    this.receiveWindow = home.ownStreamWindow
  }

  /** Whether the stream is no longer one of the connection. */
  get isRemoved(): boolean {
    return this.#isRemoved
  }

  get isOutputEndSent(): boolean {
    return this.#isOutputEndSent
  }

  /** Whether our side has said its last word, and next to nothing of what waits has left since the last call. */
  isStuck(): boolean {
    if (!this.isOutputEnded || this.#isOutputEndSent) return false
    const queuedBytes = this.#queue?.size ?? 0
    const isStuck = this.#queuedBefore - queuedBytes < LEAST_PROGRESS_BYTES
    this.#queuedBefore = queuedBytes
    return isStuck
  }

  /** Octets that are held because the receiver paused. */
  get heldBytes(): number {
    return this.#held?.size ?? 0
  }

  sendData(bytes: Uint8Array): boolean {
    if (this.isOver || this.isOutputEnded) return true
    this.checkMaySend()
    if (this.announcedLeft !== UNKNOWN_LENGTH && !this.#countSent(bytes.length)) return true
    if (bytes.length === 0) return this.#queue === undefined
    const sent = this.#queue === undefined && !this.home.order.mustWait ? this.#send(bytes) : 0
    if (this.#isRemoved || sent === bytes.length) return true
    if (this.#queue === undefined) this.#queue = new HeldInput(bytes, sent)
    else this.#queue.append(bytes, sent)
    if (this.sendWindow > 0) this.home.order.add(this)
    return false
  }

  sendEnd(trailers?: Fields): void {
    if (this.isOver || this.isOutputEnded) return
    this.checkMaySend()
    if (this.announcedLeft > 0) {
      this.#abortByMistake('our side sent fewer octets than it announced')
      return
    }
    this.isOutputEnded = true
    this.#trailers = trailers
    if (this.#queue === undefined) this.#sendEnd()
    else this.outputEnded()
  }

  reset(reset: StreamReset): void {
    if (this.isOver) return
    this.home.resetStream(this, reset.code ?? H2_CODE.cancel)
  }

  pauseBody(): void {
    if (!this.isOver) this.#isPaused = true
  }

  resumeBody(): void {
    if (this.isOver) return
    this.#isPaused = false
    this.release()
  }

  /** The window of this stream grew, or that of all streams changed. */
  growWindow(increment: number): void {
    this.sendWindow += increment
    if (this.#queue !== undefined && this.sendWindow > 0) this.home.order.add(this)
  }

  /** One frame of what waits; called by {@link SendOrder}. */
  sendQueued(): void {
    const queue = this.#queue
    if (queue === undefined || this.sendWindow <= 0) return
    queue.start += this.#sendFrame(queue.bytes.subarray(queue.start, queue.end))
    if (queue.size > 0) {
      if (this.sendWindow > 0) this.home.order.add(this)
      return
    }
    this.#queue = undefined
    if (this.isOutputEnded) this.#sendEnd()
    else this.receiver?.onWritable()
  }

  /** The head, which has been written, was the last of our half. */
  protected endWithHead(): void {
    this.isOutputEnded = true
    this.#isOutputEndSent = true
    this.outputEnded()
  }

  /** The receiver is known; what came before it comes now. */
  begin(receiver: BodyReceiver): void {
    if (this.isOver) return
    this.receiver = receiver
    this.#isInputEndDue ||= this.isInputEnded
    this.release()
  }

  /** The peer wants no more of what we send; what it sent goes on. */
  stopSending(): void {
    this.isOutputEnded = true
    this.#isOutputEndSent = true
    this.#queue = undefined
  }

  /** Octets of the body, within the window. */
  takeData(bytes: Uint8Array): void {
    if (this.isOver || this.#isInputEndDue) return
    if (this.#isHolding) {
      this.home.held(bytes.length)
      if (this.#held === undefined) this.#held = new HeldInput(bytes, 0)
      else this.#held.append(bytes, 0)
      return
    }
    this.receiver!.onData(bytes)
    this.consumed(bytes.length)
  }

  /** The peer's half has ended. */
  takeEnd(trailers: Fields | undefined): void {
    this.isInputEnded = true
    if (this.#isInputEndDue) return
    this.#isInputEndDue = true
    this.#receivedTrailers = trailers
    if (!this.#isHolding) this.#tellEnd()
  }

  /** Tells the receiver that the peer's half has ended, though it has not: what came, and what comes, is of nobody. */
  protected cutInput(): void {
    this.dropHeld()
    this.#isInputEndDue = true
    if (!this.#isHolding) this.#tellEnd()
  }

  /** `count` octets (0: the window has become smaller) are no longer in our memory: the peer may send as many, told when it is worth a frame. */
  consumed(count: number): void {
    if (this.#isRemoved || this.isInputEnded) return
    this.#owedBytes += count
    if (this.#owedBytes * 2 < this.home.toldStreamWindow) return
    this.receiveWindow += this.#owedBytes
    this.home.writer.writeWindowUpdate(this.id, this.#owedBytes)
    this.#owedBytes = 0
  }

  /** Ends the stream for both sides of it; nothing is written. */
  abort(reset: StreamReset): void {
    this.takeReceiver()?.onAbort(reset)
  }

  /** Removes the stream. @returns who has to hear of it */
  takeReceiver(): BodyReceiver | undefined {
    const receiver = this.isOver ? undefined : this.receiver
    this.remove()
    return receiver
  }

  /** Forgets all; called by the connection, too. */
  remove(): void {
    if (this.#isRemoved) return
    this.#isRemoved = true
    this.detach()
    this.#queue = undefined
    this.home.streamRemoved(this)
  }

  /** From now on the receiver hears nothing, and the handle does nothing. */
  protected detach(): void {
    this.isOver = true
    this.receiver = undefined
    this.dropHeld()
  }

  protected dropHeld(): void {
    if (this.#held === undefined) return
    this.home.held(-this.#held.size)
    this.#held = undefined
  }

  /** Hands out what was held, as far as the receiver takes it. */
  protected release(): void {
    const held = this.#held
    if (held !== undefined && this.#mayTell) {
      this.#held = undefined
      const { size } = held
      this.home.held(-size)
      this.receiver!.onData(held.bytes.subarray(held.start, held.end))
      this.consumed(size)
    }
    if (this.#isInputEndDue && !this.isOver && !this.#isHolding) this.#tellEnd()
  }

  get #mayTell(): boolean {
    return !this.#isPaused && !this.isGated && this.receiver !== undefined
  }

  get #isHolding(): boolean {
    return this.#held !== undefined || !this.#mayTell
  }

  /** Whether the head came of what the peer sends, so that octets may follow. */
  abstract readonly hasHead: boolean
  /** @throws {RangeError} when nothing may be sent yet: a bug of the caller */
  protected abstract checkMaySend(): void
  /** Our half has ended, for whoever sends; what is queued is still to be sent. */
  protected abstract outputEnded(): void
  /** Our half has left, all of it. */
  protected abstract outputEndSent(): void
  /** The receiver was told of the end of the peer's half. */
  protected abstract inputEndTold(): void

  #tellEnd(): void {
    if (this.#isInputEndTold) return
    this.#isInputEndTold = true
    const trailers = this.#receivedTrailers
    this.#receivedTrailers = undefined
    const receiver = this.receiver!
    this.inputEndTold()
    receiver.onEnd(trailers)
    this.afterEndTold()
  }

  /** After `onEnd` returned. */
  protected afterEndTold(): void {}

  get isInputEndTold(): boolean {
    return this.#isInputEndTold
  }

  #sendEnd(): void {
    const trailers = this.#trailers
    this.#trailers = undefined
    this.#isOutputEndSent = true
    this.home.writeStreamEnd(this.id, trailers)
    this.outputEnded()
    if (!this.#isRemoved) this.outputEndSent()
  }

  /** As much as may be sent now. @returns how many octets */
  #send(bytes: Uint8Array): number {
    const { order } = this.home
    let sent = 0
    while (sent < bytes.length && this.sendWindow > 0 && !order.isBlocked) {
      sent += this.#sendFrame(sent === 0 ? bytes : bytes.subarray(sent))
    }
    return sent
  }

  #sendFrame(bytes: Uint8Array): number {
    const { order, writer, guard } = this.home
    const window = Math.min(this.sendWindow, order.window)
    const count = writer.writeData(this.id, bytes, window)
    guard.dataSent(count, count === window)
    this.sendWindow -= count
    order.window -= count
    return count
  }

  /** @returns false when it was too much, and the stream is over */
  #countSent(count: number): boolean {
    this.announcedLeft -= count
    if (this.announcedLeft >= 0) return true
    this.#abortByMistake('our side sent more octets than it announced')
    return false
  }

  #abortByMistake(detail: string): void {
    const { receiver } = this
    this.home.resetStream(this, H2_CODE.internalError)
    receiver?.onAbort({ kind: 'local', detail, code: H2_CODE.internalError })
  }
}
