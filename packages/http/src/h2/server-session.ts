import { Buffer } from 'node:buffer'
import { HttpError } from '../http-error.ts'
import { createFields } from '../message/fields.ts'
import { createResponseHead, type ResponseHead } from '../message/head.ts'
import type { ServerHandler, ServerSession, Transport } from '../session.ts'
import { H2Connection, resetByPeer } from './connection.ts'
import { H2_CODE } from './error-code.ts'
import { readTrailers } from './field-rules.ts'
import { MAX_STREAM_ID, SETTING } from './frame-types.ts'
import type { HeaderEntry } from './hpack/header-entry.ts'
import type { H2Limits } from './limits.ts'
import { readRequestHead } from './read-request-head.ts'
import type { H2RequestHead } from './received-head.ts'
import { UNKNOWN_LENGTH } from './receiving-half.ts'
import { type AnswerHead, type AnswerHome, H2ServerStream } from './server-stream.ts'
import { writeResponseBlock } from './write-head.ts'

/** Told apart from pings of others by nothing but these octets. */
const DRAIN_PING = Buffer.from('heddle-d', 'latin1')

/** What comes before the first request is under way; numbers of header blocks are higher. */
const SET_UP = 1

/** See `createH2Server`. */
export class H2ServerSession extends H2Connection implements ServerSession, AnswerHome {
  readonly role = 'server'
  protected lastPeerId = 0
  readonly #handler: ServerHandler
  #isIdleDue = false
  #isSetUp = false
  /** Heads have no flow control: whoever asks on and on and does not read would fill the memory with them. */
  #unreadHeads = 0
  /** `announced`: GOAWAY without a last stream was sent, so that what is on its way is served still. RFC 9113 §6.8. */
  #draining: 'no' | 'announced' | 'last' = 'no'

  constructor(handler: ServerHandler, transport: Transport, limits: H2Limits) {
    super(transport, limits, 'client')
    this.#handler = handler
  }

  get headUnderWay(): number {
    if (this.isDeaf) return 0
    return this.#isSetUp ? this.frames.blockUnderWay : SET_UP
  }

  drain(): void {
    if (this.isDeaf || this.#draining !== 'no') return
    this.#draining = 'announced'
    if (!this.isOpen) {
      // Not a word was said yet; a client that sends its preface now learns that nothing was processed.
      this.begin()
      this.#sendLastGoaway()
      return
    }
    this.writer.writeGoaway(MAX_STREAM_ID, H2_CODE.noError, '')
    this.writer.writePing(DRAIN_PING)
  }

  resetStuck(): number {
    const stuck = this.streams.list().filter((stream) => stream.isStuck())
    for (const stream of stuck) this.resetStream(stream, H2_CODE.cancel)
    return stuck.length
  }

  refuse(error: HttpError): void {
    this.fail(H2_CODE.noError, error.fault, error.message)
  }

  writeAnswerHead(streamId: number, head: ResponseHead, answer: AnswerHead): void {
    this.writer.beginHeaders()
    writeResponseBlock(head, answer, this)
    this.writer.endHeaders(streamId, answer.isLast)
    if (this.output.isBlocked) this.#unreadHeads += 1
  }

  override transportDrained(): void {
    this.#unreadHeads = 0
    super.transportDrained()
  }

  answerBegun(): void {
    this.guard.giveBack('rapid_reset', 1)
    this.guard.giveBack('priority_flood', 1)
    this.guard.giveBack('ping_flood', 1)
  }

  streamRemoved(stream: { readonly id: number }): void {
    if (!this.streams.delete(stream.id)) return
    if (this.streams.size > 0) return
    this.#isIdleDue = true
    this.output.requestFlush()
  }

  protected settle(): void {
    if (this.isDeaf || this.streams.size > 0) return
    if (this.#draining === 'last') {
      this.close({ kind: 'local', detail: 'drained' })
      return
    }
    if (!this.#isIdleDue) return
    this.#isIdleDue = false
    this.#handler.onIdle()
  }

  protected writePreface(settings: readonly number[]): void {
    const { maxConcurrentStreams } = this.limits
    this.writer.writeSettings([
      ...settings,
      ...[SETTING.maxConcurrentStreams, maxConcurrentStreams],
      ...[SETTING.enableConnectProtocol, 1],
    ])
  }

  resetClosed(streamId: number, code: number): void {
    this.writer.writeRstStream(streamId, code)
    this.countReset()
  }

  protected streamAborted(): void {
    // Its receiver knows; nobody else counts streams.
  }

  isIdle(streamId: number): boolean {
    return streamId > this.lastPeerId || streamId % 2 === 0
  }

  headers(streamId: number, entries: HeaderEntry[], isEnd: boolean): void {
    const stream = this.streams.get(streamId)
    if (stream !== undefined) {
      this.#trailers(stream as H2ServerStream, entries, isEnd)
      return
    }
    if (!this.#begins(streamId)) return
    let head: H2RequestHead
    try {
      head = readRequestHead(entries, isEnd, this.limits.maxTargetBytes)
    } catch (error) {
      this.#refuseRequest(streamId, error)
      return
    }
    this.#beginRequest(streamId, head, isEnd)
  }

  headersTooLarge(streamId: number, error: HttpError): void {
    const stream = this.streams.get(streamId)
    if (stream !== undefined) {
      this.failStream(stream, H2_CODE.protocolError, error)
      return
    }
    if (this.#begins(streamId)) this.#refuseRequest(streamId, error)
  }

  streamReset(stream: H2ServerStream, code: number): void {
    const isEarly = !stream.isHeadSent
    stream.abort(resetByPeer(code))
    if (isEarly) this.countReset()
  }

  goaway(): void {
    // The client will not take streams of ours, of which there are none.
  }

  pingAcked(bytes: Uint8Array, at: number): void {
    if (this.#draining !== 'announced') return
    if (DRAIN_PING.compare(bytes, at, at + DRAIN_PING.length) === 0) this.#sendLastGoaway()
  }

  settingsChanged(): void {
    if (this.#isSetUp) return
    this.#isSetUp = true
    this.#isIdleDue = true
    this.output.requestFlush()
  }

  protected failed(error: HttpError): void {
    this.#handler.onFault(error)
  }

  #sendLastGoaway(): void {
    this.#draining = 'last'
    this.writer.writeGoaway(this.lastPeerId, H2_CODE.noError, '')
  }

  /** Whether a stream may begin with that id; says what is wrong otherwise. RFC 9113 §5.1.1, §5.1.2. */
  #begins(streamId: number): boolean {
    if (streamId % 2 === 0) {
      this.fail(H2_CODE.protocolError, 'stream_state', 'a request on a stream of the server')
      return false
    }
    if (streamId <= this.lastPeerId) {
      this.#headersOnClosed(streamId)
      return false
    }
    if (this.#unreadHeads > this.limits.maxUnreadReplies) {
      this.fail(H2_CODE.enhanceYourCalm, 'unread_replies', 'the client asks for more answers than it reads')
      return false
    }
    if (this.#draining === 'last') {
      this.writer.writeRstStream(streamId, H2_CODE.refusedStream)
      this.countReset()
      return false
    }
    this.lastPeerId = streamId
    if (this.streams.size < this.limits.maxConcurrentStreams) return true
    this.writer.writeRstStream(streamId, H2_CODE.refusedStream)
    this.closed.add(streamId, this.ownStreamWindow)
    this.#handler.onFault(new HttpError('too_many_streams', `over ${this.limits.maxConcurrentStreams} streams`))
    this.countReset()
    return false
  }

  #headersOnClosed(streamId: number): void {
    if (this.closed.has(streamId)) return
    this.fail(H2_CODE.streamClosed, 'stream_state', 'HEADERS on a stream that is over')
  }

  #beginRequest(streamId: number, head: H2RequestHead, isEnd: boolean): void {
    const stream = new H2ServerStream(this, streamId, head)
    this.streams.add(stream)
    stream.isInputEnded = isEnd
    stream.contentLeft =
      head.upgrade !== undefined || head.method === 'CONNECT' ? UNKNOWN_LENGTH : (head.bodyLength ?? UNKNOWN_LENGTH)
    const receiver = this.#handler.onRequest(stream, head)
    stream.begin(receiver)
  }

  #trailers(stream: H2ServerStream, entries: HeaderEntry[], isEnd: boolean): void {
    if (stream.isInputEnded) {
      const error = new HttpError('stream_state', 'HEADERS behind the end of a stream')
      this.failStream(stream, H2_CODE.streamClosed, error)
      return
    }
    try {
      if (!isEnd) throw new HttpError('stream_state', 'a second head')
      // RFC 9113 §8.5: once they are connected, octets and nothing else.
      if (stream.maySwitch) throw new HttpError('stream_state', 'trailers on a tunnel')
      this.endInput(stream, readTrailers(entries, this.limits.maxTrailerBytes))
    } catch (error) {
      if (!(error instanceof HttpError)) throw error
      this.failStream(stream, H2_CODE.protocolError, error)
    }
  }

  /** The head of a request makes no sense: the client is told why, and the connection goes on. RFC 9113 §8.1.1. */
  #refuseRequest(streamId: number, error: unknown): void {
    if (!(error instanceof HttpError)) throw error
    const fields = createFields([['heddle-error', error.fault]])
    const head = createResponseHead({ status: error.status, bodyLength: 0, fields })
    this.writeAnswerHead(streamId, head, { status: error.status, length: 0, isLast: true })
    this.writer.writeRstStream(streamId, H2_CODE.protocolError)
    this.closed.add(streamId, this.ownStreamWindow)
    this.#handler.onFault(error)
    this.countReset()
  }
}
