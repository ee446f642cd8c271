import { HeldInput } from '../held-input.ts'
import type { Fields } from '../message/fields.ts'
import type { BodyReceiver, BodySender, StreamReset } from '../session.ts'
import { H2_CODE } from './error-code.ts'
import { ReceivingHalf, UNKNOWN_LENGTH } from './receiving-half.ts'
import type { StreamHome } from './stream-home.ts'

/** A client that takes less than a frame between two looks is as good as gone: octet by octet, it could hold a stream for days. */
const LEAST_PROGRESS_BYTES = 16_384

/**
 * One stream. RFC 9113 §5: here is what our side sends on it, with its window, and the stream's end. Both halves end on their own; what
 * a half's end means to the other differs between the roles.
 */
export abstract class H2Stream extends ReceivingHalf implements BodySender {
  /** What the peer lets us send. May be negative: RFC 9113 §6.9.2. */
  sendWindow: number
  /** What we have still to send of an announced body, or {@link UNKNOWN_LENGTH}. */
  protected announcedLeft = UNKNOWN_LENGTH
  /** Among those that wait in the {@link SendOrder}. */
  isWaiting = false
  nextWaiting: H2Stream | undefined
  /** Octets flow both ways until each side has ended its own. */
  isOpaque = false
  /** Our side has said its last word; it may still wait in the queue. */
  protected isOutputEnded = false
  #isOutputEndSent = false
  #isRemoved = false
  #queue: HeldInput | undefined
  #queuedBefore = Number.POSITIVE_INFINITY
  #trailers: Fields | undefined

  constructor(home: StreamHome, id: number) {
    super(home, id)
    this.sendWindow = home.peerStreamWindow
  }

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

  sendData(bytes: Uint8Array, start = 0, end = bytes.length): boolean {
    if (this.isOver || this.isOutputEnded) return true
    this.checkMaySend()
    if (this.announcedLeft !== UNKNOWN_LENGTH && !this.#countSent(end - start)) return true
    if (start === end) return this.#queue === undefined
    const sent = this.#queue === undefined && !this.home.order.mustWait ? this.#send(bytes, start, end) : start
    if (this.#isRemoved || sent === end) return true
    if (this.#queue === undefined) this.#queue = new HeldInput(bytes, sent, end)
    else this.#queue.append(bytes, sent, end)
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

  /** The window of this stream grew, or that of all streams changed. */
  growWindow(increment: number): void {
    this.sendWindow += increment
    if (this.#queue !== undefined && this.sendWindow > 0) this.home.order.add(this)
  }

  /** One frame of what waits; called by {@link SendOrder}. */
  sendQueued(): void {
    const queue = this.#queue
    if (queue === undefined || this.sendWindow <= 0) return
    queue.start = this.#sendFrame(queue.bytes, queue.start, queue.end)
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

  /** The peer wants no more of what we send; what it sent goes on. */
  stopSending(): void {
    this.isOutputEnded = true
    this.#isOutputEndSent = true
    this.#queue = undefined
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

  /** @throws {RangeError} when nothing may be sent yet: a bug of the caller */
  protected abstract checkMaySend(): void
  /** Our half has ended, for whoever sends; what is queued is still to be sent. */
  protected abstract outputEnded(): void
  /** Our half has left, all of it. */
  protected abstract outputEndSent(): void

  #sendEnd(): void {
    const trailers = this.#trailers
    this.#trailers = undefined
    this.#isOutputEndSent = true
    this.home.writeStreamEnd(this.id, trailers)
    this.outputEnded()
    if (!this.#isRemoved) this.outputEndSent()
  }

  /** As much as may be sent now. @returns up to where */
  #send(bytes: Uint8Array, start: number, end: number): number {
    const { order } = this.home
    let at = start
    while (at < end && this.sendWindow > 0 && !order.isBlocked) at = this.#sendFrame(bytes, at, end)
    return at
  }

  /** One frame. @returns up to where its octets are those of `bytes` from `start` on */
  #sendFrame(bytes: Uint8Array, start: number, end: number): number {
    const { order, writer, guard } = this.home
    const window = Math.min(this.sendWindow, order.window)
    const count = writer.beginData(this.id, Math.min(end - start, window))
    writer.output.copyIn(bytes, start, start + count)
    guard.dataSent(count, count === window)
    this.sendWindow -= count
    order.window -= count
    return start + count
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
