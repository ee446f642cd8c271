import type { Fields } from '../message/fields.ts'
import type { RequestHead, ResponseHead } from '../message/head.ts'
import type { Output } from '../output.ts'
import type { ServerStream, StreamReset } from '../session.ts'
import { BodyWriter } from './body-writer.ts'
import type { Framing } from './framing.ts'
import type { ReceivedRequest } from './read-head.ts'
import type { AnnouncedLength } from './received-head.ts'
import { type ConnectionOption, formatInformationalHead, writeResponseHead } from './write-head.ts'

/** What a stream needs of its session. */
export interface StreamOwner {
  readonly output: Output
  /** Whether the connection may carry another request after this answer, as far as can be told now. */
  mayPersist(stream: H1ServerStream): boolean
  pauseBody(): void
  resumeBody(): void
  /** The answer is no switch of protocols, so the request, which might have been one, has ended. */
  requestEnded(): void
  /** From here the input is opaque. */
  switched(): void
  /** The opaque output has ended. */
  halfClosed(): void
  answerEnded(persists: boolean): void
  /** Ends the connection at once. */
  abort(): void
  /** Ends the connection at once, and tells the receiver. */
  abortWithError(detail: string): void
}

/** The answer to one request; a handle that outlives its request does nothing. */
export class H1ServerStream implements ServerStream {
  readonly head: RequestHead
  /** Whether our side asked for the body. */
  isContinued = false
  readonly #owner: StreamOwner
  readonly #request: ReceivedRequest
  #writer: BodyWriter | undefined
  #persists = false
  /** Of an opaque stream: our half is closed. */
  #isOutputEnded = false
  #isOver = false

  constructor(owner: StreamOwner, request: ReceivedRequest) {
    this.#owner = owner
    this.#request = request
    this.head = request.head
  }

  get isHeadSent(): boolean {
    return this.#writer !== undefined
  }

  get isOver(): boolean {
    return this.#isOver
  }

  /** Makes the handle inert. */
  close(): void {
    this.#isOver = true
  }

  sendInformational(head: ResponseHead): void {
    if (head.status < 100 || head.status > 199 || head.status === 101)
      throw new RangeError(`status ${head.status} is final`)
    // RFC 9110 §15.2: a client of HTTP/1.0 would take it for the answer.
    if (this.#isOver || this.#writer !== undefined || this.#request.minorVersion === 0) return
    if (head.status === 100) this.isContinued = true
    this.#owner.output.writeText(formatInformationalHead(head))
  }

  sendHead(head: ResponseHead, hasBody: boolean): void {
    if (this.#isOver) return
    if (this.#writer !== undefined) throw new RangeError('the head of this answer was sent before')
    if (head.status < 200) {
      this.#sendSwitch(head)
      return
    }
    const framing = this.#framing(head, hasBody)
    this.#persists = framing !== 'until-close' && this.#request.keepsAlive && this.#owner.mayPersist(this)
    const said = { length: this.#announcedLength(head, framing), option: this.#option(framing) }
    writeResponseHead(this.#owner.output, head, said)
    this.#writer = new BodyWriter(this.#owner.output, framing, head.bodyLength)
    if (framing === 'opaque') {
      this.#owner.switched()
      return
    }
    if (this.maySwitch) this.#owner.requestEnded()
    if (framing === 'none' && !this.#isOver) this.#finish()
  }

  sendData(bytes: Uint8Array, start = 0, end = bytes.length): boolean {
    if (this.#isOver || this.#isOutputEnded) return true
    if (this.#writer === undefined) throw new RangeError('a body before its head')
    if (this.#writer.mayWrite(end - start)) return this.#writer.write(bytes, start, end)
    this.#owner.abortWithError('our side sent more octets than it announced')
    return true
  }

  sendEnd(trailers?: Fields): void {
    if (this.#isOver) return
    if (this.#writer === undefined) throw new RangeError('the end of an answer before its head')
    if (!this.#writer.mayEnd) {
      this.#owner.abortWithError('our side sent fewer octets than it announced')
      return
    }
    if (this.#writer.framing === 'opaque') {
      this.#endOpaque()
      return
    }
    this.#writer.end(trailers)
    this.#finish()
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

  /** Whether the answer decides if octets follow that are not HTTP. */
  get maySwitch(): boolean {
    return this.head.upgrade !== undefined || this.head.method === 'CONNECT'
  }

  #endOpaque(): void {
    if (this.#isOutputEnded) return
    this.#isOutputEnded = true
    this.#owner.halfClosed()
  }

  #sendSwitch(head: ResponseHead): void {
    if (head.status !== 101) throw new RangeError(`status ${head.status} is not final`)
    if (this.head.upgrade === undefined) throw new RangeError('101 to a request without upgrade')
    this.#owner.output.writeText(formatInformationalHead(head))
    this.#writer = new BodyWriter(this.#owner.output, 'opaque', undefined)
    this.#owner.switched()
  }

  /** RFC 9112 §6.3. */
  #framing(head: ResponseHead, hasBody: boolean): Framing {
    const { status, bodyLength } = head
    const { method } = this.head
    if (method === 'CONNECT' && status <= 299) return 'opaque'
    if (method === 'HEAD' || status === 204 || status === 304) return 'none'
    if (!hasBody) {
      if (bodyLength !== undefined && bodyLength > 0) throw new RangeError(`no body, but a length of ${bodyLength}`)
      return 'none'
    }
    if (bodyLength !== undefined) return 'length'
    return this.#request.minorVersion === 1 ? 'chunked' : 'until-close'
  }

  /** RFC 9110 §8.6: with HEAD and 304 what would have been sent, with 204 nothing. */
  #announcedLength(head: ResponseHead, framing: Framing): AnnouncedLength {
    if (framing === 'chunked') return 'chunked'
    if (framing === 'length') return head.bodyLength
    if (framing !== 'none' || head.status === 204) return undefined
    return this.head.method === 'HEAD' || head.status === 304 ? head.bodyLength : 0
  }

  #option(framing: Framing): ConnectionOption {
    if (framing === 'opaque') return undefined
    if (!this.#persists) return 'close'
    return this.#request.minorVersion === 0 ? 'keep-alive' : undefined
  }

  #finish(): void {
    this.#isOver = true
    this.#owner.answerEnded(this.#persists)
  }
}
