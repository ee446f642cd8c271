import type { Fields } from '../message/fields.ts'
import type { RequestHead } from '../message/head.ts'
import type { BodySender, StreamReset } from '../session.ts'
import type { BodyWriter } from './body-writer.ts'

/** What a stream needs of its session. */
export interface RequestOwner {
  pauseBody(): void
  resumeBody(): void
  /** The opaque output has ended. */
  halfClosed(): void
  /** Ends the connection at once. */
  abort(): void
  /** Ends the connection at once, and tells the receiver. */
  abortWithError(detail: string): void
}

/** The sending half of one request; a handle that outlives its exchange does nothing. */
export class H1ClientStream implements BodySender {
  readonly head: RequestHead
  readonly #owner: RequestOwner
  #writer: BodyWriter
  /** The request was sent to its end; of an opaque stream: our half is closed. */
  #isEnded: boolean
  #isOver = false

  constructor(owner: RequestOwner, head: RequestHead, writer: BodyWriter) {
    this.#owner = owner
    this.head = head
    this.#writer = writer
    this.#isEnded = writer.framing === 'none'
  }

  get isEnded(): boolean {
    return this.#isEnded
  }

  /** Makes the handle inert. */
  close(): void {
    this.#isOver = true
  }

  /** The stream became opaque. */
  switchTo(writer: BodyWriter): void {
    this.#writer = writer
    this.#isEnded = false
  }

  sendData(bytes: Uint8Array, start = 0, end = bytes.length): boolean {
    if (this.#isOver || this.#isEnded) return true
    if (this.#writer.mayWrite(end - start)) return this.#writer.write(bytes, start, end)
    this.#owner.abortWithError('our side sent more octets than it announced')
    return true
  }

  sendEnd(trailers?: Fields): void {
    if (this.#isOver || this.#isEnded) return
    if (!this.#writer.mayEnd) {
      this.#owner.abortWithError('our side sent fewer octets than it announced')
      return
    }
    this.#isEnded = true
    if (this.#writer.framing === 'opaque') {
      this.#owner.halfClosed()
      return
    }
    this.#writer.end(trailers)
  }

  reset(_reset: StreamReset): void {
    if (!this.#isOver) this.#owner.abort()
  }

  pauseBody(): void {
    if (!this.#isOver) this.#owner.pauseBody()
  }

  resumeBody(): void {
    if (!this.#isOver) this.#owner.resumeBody()
  }
}
