import { HttpError } from '../http-error.ts'
import type { RequestHead } from '../message/head.ts'
import type { ReceivedOctets } from '../message/received-octets.ts'
import type { BodySender, ClientHandler, ClientSession, ResponseReceiver, StreamReset, Transport } from '../session.ts'
import { type BodyReader, CloseBody, LengthBody } from './body-reader.ts'
import { BodyWriter } from './body-writer.ts'
import { ChunkedBody } from './chunked-body.ts'
import { H1ClientStream, type RequestOwner } from './client-stream.ts'
import { H1Connection } from './connection.ts'
import { requestFraming } from './framing.ts'
import type { H1Limits } from './limits.ts'
import { type ReceivedResponse, type ResponseBody, readResponseHead } from './read-head.ts'
import { responseScanRules } from './scan-rules.ts'
import { writeRequestHead } from './write-head.ts'

/**
 * What the input is at:
 *
 *     idle --request--> head --> body --> idle
 *                         \--> opaque --> half-closed     101, 2xx to CONNECT; half-closed: only output is left
 *     any --> ended                                       not to be used again
 */
type Phase = 'idle' | 'head' | 'body' | 'opaque' | 'half-closed' | 'ended'

const CLOSED: StreamReset = { kind: 'peer-closed', detail: 'the server closed the connection' }
const LAST_ANSWER: StreamReset = { kind: 'peer-closed', detail: 'the connection ends with this answer' }

/** See `createH1Client`. One class, since what it does is one state machine: the input's. */
export class H1ClientSession extends H1Connection implements ClientSession, RequestOwner {
  readonly role = 'client'
  readonly #handler: ClientHandler
  #phase: Phase = 'idle'
  #stream: H1ClientStream | undefined
  #receiver: ResponseReceiver | undefined
  /** The request's first octets went to the transport: before, nothing can be an answer to it. */
  #isRequestWritten = false
  #isAnswerBegun = false
  #informationalBytes = 0
  #keepsAlive = true
  /** The answer has ended, but its receiver could not be told yet. */
  #isEndDue = false

  constructor(handler: ClientHandler, transport: Transport, limits: H1Limits) {
    super(transport, limits, responseScanRules(limits))
    this.#handler = handler
  }

  get activeStreams(): number {
    return this.#stream === undefined ? 0 : 1
  }

  get capacity(): number {
    return this.#phase === 'idle' && !this.isDraining ? 1 : 0
  }

  get isReusable(): boolean {
    const mayBeIdle = this.#phase === 'idle' || this.#phase === 'head' || this.#phase === 'body'
    return mayBeIdle && this.#keepsAlive && !this.isDraining
  }

  request(head: RequestHead, hasBody: boolean, receiver: ResponseReceiver): BodySender {
    if (this.capacity === 0) throw new RangeError('this connection takes no request now')
    const framing = requestFraming(head, hasBody)
    writeRequestHead(this.output, head, framing)
    this.output.requestFlush()
    const stream = new H1ClientStream(this, head, new BodyWriter(this.output, framing, head.bodyLength))
    this.#stream = stream
    this.#receiver = receiver
    this.#phase = 'head'
    this.#isRequestWritten = false
    this.#isAnswerBegun = false
    this.#informationalBytes = 0
    return stream
  }

  get takesUpgrades(): boolean {
    return true
  }

  greet(): void {}

  ping(): void {}

  transportDrained(): void {
    this.output.isBlocked = false
    this.#receiver?.onWritable()
  }

  flush(): void {
    this.output.beginFlush()
    this.#isRequestWritten = true
    this.output.endFlush()
    this.sendDueFin()
  }

  drain(): void {
    this.isDraining = true
    if (this.#phase !== 'idle') return
    this.#phase = 'ended'
    this.endOutput()
  }

  destroy(reason: StreamReset): void {
    const receiver = this.#receiver
    const told = this.#asRefused(reason)
    this.abort()
    receiver?.onAbort(told)
  }

  step(bytes: Uint8Array, at: number, end: number): number {
    switch (this.#phase) {
      case 'idle':
        this.#breakOff({ kind: 'protocol', detail: 'the server spoke without being asked' })
        return end
      case 'head':
        return this.#readHead(bytes, at, end)
      case 'body':
        return this.#readBody(bytes, at, end)
      case 'opaque':
        if (this.input.isBodyPaused) return at
        this.#receiver?.onData(bytes, at, end)
        return end
      case 'half-closed':
      case 'ended':
        return end
    }
  }

  resumeBody(): void {
    this.input.unpauseBody()
    if (this.#isEndDue) this.#endAnswer(this.input.held !== undefined)
    this.advance()
  }

  halfClosed(): void {
    this.endOutput()
    if (this.#phase === 'half-closed') this.#endOpaque()
  }

  abort(): void {
    this.#endStream('ended')
    this.abortTransport()
  }

  abortWithError(detail: string): void {
    this.#breakOff({ kind: 'local', detail })
  }

  #readHead(bytes: Uint8Array, at: number, end: number): number {
    if (!this.#isRequestWritten) {
      this.#breakOff({ kind: 'refused', detail: 'the server spoke before it was asked' })
      return end
    }
    this.#isAnswerBegun = true
    let received: ReceivedOctets | undefined
    let response: ReceivedResponse
    try {
      received = this.scanHead(bytes, at, end)
      if (received === undefined) return at
      response = readResponseHead(received, this.scan!, this.#stream!.head)
      if (response.head.status < 200) this.#countInformational(received.size)
    } catch (error) {
      this.#fail(error)
      return end
    }
    this.endHead()
    const next = at + received.size
    this.#beginAnswer(response, next < end)
    return next
  }

  /** They are handed on at once, so a server that never comes to its answer could fill the memory with them. */
  #countInformational(size: number): void {
    this.#informationalBytes += size
    const { maxInformationalBytes } = this.limits
    if (this.#informationalBytes <= maxInformationalBytes) return
    throw new HttpError('head_too_large', `over ${maxInformationalBytes} octets of informational answers`)
  }

  #beginAnswer({ head, body, keepsAlive }: ReceivedResponse, hasMore: boolean): void {
    const receiver = this.#receiver!
    if (head.status < 200 && body !== 'opaque') {
      receiver.onInformational(head)
      return
    }
    this.#keepsAlive = keepsAlive
    if (body === 'opaque') {
      this.#phase = 'opaque'
      this.#stream?.switchTo(new BodyWriter(this.output, 'opaque', undefined))
      receiver.onHead(head, true)
      return
    }
    this.#phase = 'body'
    this.body = createBody(body, head.bodyLength ?? 0, this.limits)
    receiver.onHead(head, this.body !== undefined)
    if (this.body === undefined && this.#receiver === receiver) this.#endAnswer(hasMore)
  }

  #readBody(bytes: Uint8Array, at: number, end: number): number {
    const body = this.body
    if (this.input.isBodyPaused || body === undefined) return at
    let next: number
    try {
      next = body.read(bytes, at, end)
    } catch (error) {
      this.#fail(error)
      return end
    }
    if (body.dataEnd > body.dataStart) this.#receiver?.onData(bytes, body.dataStart, body.dataEnd)
    if (body.isDone && this.body === body) this.#endAnswer(next < end)
    return next
  }

  /** @param hasMore - octets came beyond the answer, which nobody asked for. RFC 9112 §9.3 */
  #endAnswer(hasMore: boolean): void {
    this.#isEndDue = this.input.isBodyPaused
    if (this.#isEndDue) return
    const receiver = this.#receiver
    const trailers = this.body?.trailers
    const isRequestEnded = this.#stream!.isEnded
    const isReusable = this.#keepsAlive && isRequestEnded && !hasMore && !this.isDraining && !this.isInputEnded
    this.#endStream(isReusable ? 'idle' : 'ended')
    receiver?.onEnd(trailers)
    if (isReusable) {
      if (this.#phase === 'idle') this.#handler.onIdle()
      return
    }
    // What is left of the request, or came too much, would be waited for by an orderly end.
    if (isRequestEnded && !hasMore) this.endOutput()
    else this.abortTransport()
    this.#handler.onUnusable(LAST_ANSWER)
  }

  protected endInput(): void {
    switch (this.#phase) {
      case 'idle':
        this.#phase = 'ended'
        this.endOutput()
        this.#handler.onUnusable(CLOSED)
        return
      case 'head':
        this.#fail(this.faultOfCutHead())
        return
      case 'body':
        this.#endBody()
        return
      case 'opaque':
        if (this.input.isBodyPaused) return
        this.#endOpaqueInput()
        return
      case 'half-closed':
      case 'ended':
        return
    }
  }

  #endBody(): void {
    if (this.input.isBodyPaused) return
    const fault = this.body?.end(this.input.held)
    if (fault === undefined) this.#endAnswer(false)
    else this.#fail(fault)
  }

  #endOpaqueInput(): void {
    this.#phase = 'half-closed'
    const receiver = this.#receiver
    const isOver = this.#stream!.isEnded
    receiver?.onEnd(undefined)
    if (isOver) this.#endOpaque()
  }

  #endOpaque(): void {
    this.#endStream('ended')
    this.#handler.onUnusable(LAST_ANSWER)
  }

  #endStream(phase: Phase): void {
    this.#phase = phase
    this.#stream?.close()
    this.#stream = undefined
    this.#receiver = undefined
    this.body = undefined
    this.scan = undefined
    this.#isEndDue = false
    this.input.unpauseBody()
  }

  #fail(error: unknown): void {
    if (!(error instanceof HttpError)) throw error
    const kind = error.fault === 'incomplete_message' ? 'peer-closed' : 'protocol'
    this.#breakOff({ kind, detail: error.message, error })
  }

  #breakOff(reset: StreamReset): void {
    const told = this.#asRefused(reset)
    this.destroy(told)
    this.#handler.onUnusable(told)
  }

  /** Closed before any octet of the answer: the request may be sent elsewhere. */
  #asRefused(reset: StreamReset): StreamReset {
    const isRefused = reset.kind === 'peer-closed' && this.#phase === 'head' && !this.#isAnswerBegun
    return isRefused ? { ...reset, kind: 'refused' } : reset
  }
}

function createBody(body: ResponseBody, length: number, limits: H1Limits): BodyReader | undefined {
  switch (body) {
    case 'length':
      return new LengthBody(length)
    case 'chunked':
      return new ChunkedBody(limits)
    case 'until-close':
      return new CloseBody()
    case 'none':
    case 'opaque':
      return undefined
  }
}
