import { HttpError } from '../http-error.ts'
import type { Fields } from '../message/fields.ts'
import type { ReceivedOctets } from '../message/received-octets.ts'
import { CR, LF } from '../octets.ts'
import type { BodyReceiver, ServerHandler, ServerSession, StreamReset, Transport } from '../session.ts'
import { type BodyReader, LengthBody } from './body-reader.ts'
import { ChunkedBody } from './chunked-body.ts'
import { H1Connection } from './connection.ts'
import { formatFaultAnswer } from './fault-answer.ts'
import type { H1Limits } from './limits.ts'
import { type ReceivedRequest, readRequestHead } from './read-head.ts'
import { requestScanRules } from './scan-rules.ts'
import { H1ServerStream, type StreamOwner } from './server-stream.ts'

/**
 * What the input is at:
 *
 *     head --> body --> answer --> head ...      one request; `answer`: it was read to its end, its answer has not ended
 *                \--> discard --> head           answered early: the rest of its body is thrown away
 *     answer --> opaque --> half-closed          101, 2xx to CONNECT; half-closed: only output is left
 *     any --> closing --> ended                  our FIN is sent or due; what still comes is thrown away
 */
type Phase = 'head' | 'body' | 'answer' | 'discard' | 'opaque' | 'half-closed' | 'closing' | 'ended'

/** See `createH1Server`. One class, since what it does is one state machine: the input's, with the answer's end as event. */
export class H1ServerSession extends H1Connection implements ServerSession, StreamOwner {
  readonly role = 'server'
  readonly #handler: ServerHandler
  #phase: Phase = 'head'
  /** RFC 9112 §2.2: one empty line may come before a request. */
  #mayBeEmptyLine = true
  #hasBodyBegun = false
  #stream: H1ServerStream | undefined
  #receiver: BodyReceiver | undefined
  #trailers: Fields | undefined
  /** The request has ended, but its receiver could not be told yet. */
  #isRequestEndDue = false
  /** An answer ended, or the protocol was switched: at the flush we go on to what waited for that. */
  #isTurnDue = false
  #isOutputEnded = false
  #discardedBytes = 0

  constructor(handler: ServerHandler, transport: Transport, limits: H1Limits) {
    super(transport, limits, requestScanRules(limits))
    this.#handler = handler
  }

  get activeStreams(): number {
    return this.#stream === undefined ? 0 : 1
  }

  get headUnderWay(): number {
    // What was not looked at, for the client reads no answers, may well be complete.
    return this.#phase === 'head' && this.input.held !== undefined && !this.output.isBlocked ? 1 : 0
  }

  transportDrained(): void {
    this.output.isBlocked = false
    this.#receiver?.onWritable()
    this.advance()
    // Of a request that waited for this, only a part may be here.
    if (this.#phase === 'head' && this.input.held !== undefined) this.#takeTurn()
  }

  flush(): void {
    this.output.beginFlush()
    while (this.#isTurnDue) {
      this.#isTurnDue = false
      this.advance()
      const mustWait = this.input.held !== undefined && this.output.isBlocked
      if (this.#phase === 'head' && !mustWait && !this.#isTurnDue) this.#handler.onIdle()
    }
    this.output.endFlush()
    this.sendDueFin()
  }

  drain(): void {
    this.isDraining = true
    // A head that has begun to come is served still: its client cannot know.
    if (this.#phase === 'head' && this.input.held === undefined) this.#close()
  }

  destroy(reason: StreamReset): void {
    const receiver = this.#receiver
    this.abort()
    receiver?.onAbort(reason)
  }

  refuse(error: HttpError): void {
    switch (this.#phase) {
      case 'opaque':
      case 'half-closed':
        this.destroy({ kind: 'protocol', detail: error.message, error })
        return
      case 'discard':
        // The answer was given; another one would be taken for that of the next request.
        this.#close()
        return
      case 'head':
      case 'body':
      case 'answer':
        this.#fail(error)
        return
      case 'closing':
      case 'ended':
        return
    }
  }

  resetStuck(): number {
    return 0
  }

  step(bytes: Uint8Array, at: number, end: number): number {
    switch (this.#phase) {
      case 'head':
        return this.#readHead(bytes, at, end)
      case 'body':
        return this.input.isBodyPaused ? at : this.#readBody(bytes, at, end)
      case 'answer':
        return at
      case 'discard':
        return this.#readBody(bytes, at, end)
      case 'opaque':
        if (this.input.isBodyPaused || this.#receiver === undefined) return at
        this.#receiver.onData(bytes, at, end)
        return end
      case 'closing':
        this.#discard(end - at)
        return end
      case 'half-closed':
      case 'ended':
        return end
    }
  }

  mayPersist(stream: H1ServerStream): boolean {
    // What came early after CONNECT was meant for a tunnel; it must not be read as requests when there is none.
    if (this.isDraining || stream.head.method === 'CONNECT') return false
    if (this.body === undefined) return true
    // RFC 9110 §10.1.1: without 100 nobody knows whether the body will come.
    if (stream.head.expectsContinue && !stream.isContinued && !this.#hasBodyBegun) return false
    return this.body.remaining <= this.limits.maxDiscardedBytes
  }

  resumeBody(): void {
    this.input.unpauseBody()
    if (this.#isRequestEndDue) this.#tellRequestEnd()
    this.advance()
  }

  requestEnded(): void {
    this.#tellRequestEnd()
  }

  switched(): void {
    this.#phase = 'opaque'
    this.#takeTurn()
  }

  halfClosed(): void {
    this.#isOutputEnded = true
    this.endOutput()
    if (this.#phase === 'half-closed') this.#endStream('ended')
  }

  answerEnded(persists: boolean): void {
    if (!persists || this.isDraining) {
      this.#close()
      return
    }
    const body = this.body
    this.#endStream(body === undefined ? 'head' : 'discard')
    this.#discardedBytes = 0
    if (body !== undefined && body.remaining > this.limits.maxDiscardedBytes) {
      this.#close()
      return
    }
    this.#takeTurn()
  }

  abort(): void {
    this.#endStream('ended')
    this.body = undefined
    this.#isTurnDue = false
    this.abortTransport()
  }

  abortWithError(detail: string): void {
    this.destroy({ kind: 'local', detail })
  }

  #takeTurn(): void {
    this.#isTurnDue = true
    this.output.requestFlush()
  }

  #readHead(bytes: Uint8Array, at: number, end: number): number {
    // A client that pipelines without reading its answers waits here.
    if (this.output.isBlocked) return at
    if (this.#mayBeEmptyLine && bytes[at] === CR && this.scan === undefined) {
      if (at + 1 === end) return at
      if (bytes[at + 1] === LF) {
        this.#mayBeEmptyLine = false
        return at + 2
      }
    }
    let received: ReceivedOctets | undefined
    let request: ReceivedRequest
    try {
      received = this.scanHead(bytes, at, end)
      if (received === undefined) return at
      request = readRequestHead(received, this.scan!, this.limits.maxTargetBytes)
    } catch (error) {
      this.#fail(error)
      return end
    }
    this.endHead()
    this.#mayBeEmptyLine = true
    this.#beginRequest(request)
    return at + received.size
  }

  #beginRequest(request: ReceivedRequest): void {
    const { head } = request
    const stream = new H1ServerStream(this, request)
    this.#stream = stream
    this.#hasBodyBegun = false
    if (head.bodyLength === 0) {
      this.#phase = 'answer'
    } else {
      this.body = head.bodyLength === undefined ? new ChunkedBody(this.limits) : new LengthBody(head.bodyLength)
      this.#phase = 'body'
    }
    const receiver = this.#handler.onRequest(stream, head)
    if (this.#stream !== stream) return
    this.#receiver = receiver
    if (this.#phase === 'answer' && !stream.maySwitch) this.#isRequestEndDue = true
    if (this.#isRequestEndDue) this.#tellRequestEnd()
  }

  #tellRequestEnd(): void {
    this.#isRequestEndDue = this.#receiver === undefined || this.input.isBodyPaused
    if (this.#isRequestEndDue) return
    const trailers = this.#trailers
    this.#trailers = undefined
    this.#receiver?.onEnd(trailers)
  }

  #readBody(bytes: Uint8Array, at: number, end: number): number {
    const body = this.body!
    let next: number
    try {
      next = body.read(bytes, at, end)
    } catch (error) {
      this.#fail(error)
      return end
    }
    this.#hasBodyBegun = true
    if (this.#phase === 'discard') this.#discard(next - at)
    else if (body.dataEnd > body.dataStart) this.#receiver?.onData(bytes, body.dataStart, body.dataEnd)
    if (body.isDone && this.body === body) this.#endBody(body)
    return next
  }

  #endBody(body: BodyReader): void {
    this.body = undefined
    if (this.#phase === 'body') {
      this.#phase = 'answer'
      this.#trailers = body.trailers
      this.#tellRequestEnd()
      return
    }
    if (this.isDraining) {
      this.#close()
      return
    }
    this.#phase = 'head'
    this.#takeTurn()
  }

  #discard(count: number): void {
    this.#discardedBytes += count
    if (this.#discardedBytes <= this.limits.maxDiscardedBytes) return
    if (this.#phase === 'discard') {
      this.#close()
      return
    }
    this.abort()
  }

  protected endInput(): void {
    switch (this.#phase) {
      case 'head':
        this.#endHead()
        return
      case 'body':
        if (!this.input.isBodyPaused) this.#fail(this.body!.end(this.input.held))
        return
      case 'discard':
        this.#close()
        return
      case 'opaque':
        if (this.input.isBodyPaused || this.#receiver === undefined) return
        this.#endOpaqueInput(this.#receiver)
        return
      case 'closing':
        this.#phase = 'ended'
        return
      case 'answer':
      case 'half-closed':
      case 'ended':
        return
    }
  }

  #endHead(): void {
    if (this.input.held === undefined) this.#close()
    else if (!this.output.isBlocked) this.#fail(this.faultOfCutHead())
  }

  #endOpaqueInput(receiver: BodyReceiver): void {
    this.#phase = 'half-closed'
    if (this.#isOutputEnded) this.#endStream('ended')
    receiver.onEnd(undefined)
  }

  #endStream(phase: Phase): void {
    this.#phase = phase
    this.#stream?.close()
    this.#stream = undefined
    this.#receiver = undefined
    this.#trailers = undefined
    this.#isRequestEndDue = false
    this.input.unpauseBody()
  }

  /** No more requests: FIN after what is gathered, and until the peer's FIN what still comes is thrown away. */
  #close(): void {
    this.#endStream('closing')
    this.body = undefined
    this.#discardedBytes = 0
    this.#isTurnDue = true
    this.endOutput()
  }

  /** The peer broke the protocol, or ended in the middle. */
  #fail(error: unknown): void {
    if (!(error instanceof HttpError)) throw error
    const stream = this.#stream
    const receiver = this.#receiver
    if (stream?.isHeadSent === true) this.abort()
    else this.#closeWithAnswer(error, stream?.head.method === 'HEAD')
    const kind = error.fault === 'incomplete_message' ? 'peer-closed' : 'protocol'
    if (stream === undefined) this.#handler.onFault(error)
    else receiver?.onAbort({ kind, detail: error.message, error })
  }

  #closeWithAnswer(error: HttpError, isHeadOnly: boolean): void {
    this.output.writeText(formatFaultAnswer(error, isHeadOnly))
    this.#close()
  }
}
