import { HttpError } from '../http-error.ts'
import type { RequestHead } from '../message/head.ts'
import type { BodySender, ClientHandler, ClientSession, ResponseReceiver, StreamReset, Transport } from '../session.ts'
import { H2ClientStream, type RequestHome } from './client-stream.ts'
import { H2Connection, resetByPeer } from './connection.ts'
import { H2_CODE, nameOfCode } from './error-code.ts'
import { readTrailers } from './field-rules.ts'
import { CLIENT_PREFACE, MAX_STREAM_ID, SETTING } from './frame-types.ts'
import type { HeaderEntry } from './hpack/header-entry.ts'
import type { H2Limits } from './limits.ts'
import { readResponseHead } from './read-response-head.ts'
import { checkRequestHead, writeRequestBlock } from './write-head.ts'

const LAST_ANSWER: StreamReset = { kind: 'peer-closed', detail: 'the connection ended with its last answer' }
const UNPROCESSED: StreamReset = { kind: 'refused', detail: 'GOAWAY: the server has not processed it' }

/** Any answer will do, so these octets tell nothing. */
const LIFE_PING = new Uint8Array(8)

/** See `createH2Client`. */
export class H2ClientSession extends H2Connection implements ClientSession, RequestHome {
  readonly role = 'client'
  protected readonly lastPeerId = 0
  readonly #handler: ClientHandler
  #nextId = 1
  #isDraining = false
  #isUnusableTold = false
  /** Streams that the server allowed when it said so last. */
  #allowedStreams = -1

  constructor(handler: ClientHandler, transport: Transport, limits: H2Limits) {
    super(transport, limits, 'server')
    this.#handler = handler
  }

  get capacity(): number {
    return this.isReusable ? Math.max(0, this.peer.maxConcurrentStreams - this.streams.size) : 0
  }

  get isReusable(): boolean {
    return !this.isDeaf && !this.#isDraining && this.#nextId <= MAX_STREAM_ID
  }

  request(head: RequestHead, hasBody: boolean, receiver: ResponseReceiver): BodySender {
    if (this.capacity === 0) throw new RangeError('this connection takes no request now')
    checkUpgrade(head, this.takesUpgrades)
    checkRequestHead(head)
    checkBody(head, hasBody)
    this.begin()
    const id = this.#nextId
    this.#nextId += 2
    const protocol = this.#protocolOf(head)
    const isTunnel = protocol !== undefined || head.method === 'CONNECT'
    this.writer.beginHeaders()
    writeRequestBlock(head, { protocol, hasBody }, this)
    this.writer.endHeaders(id, !hasBody && !isTunnel)
    const stream = new H2ClientStream(this, id, { head, protocol, hasBody, responseReceiver: receiver })
    this.streams.add(stream)
    return stream
  }

  get takesUpgrades(): boolean | undefined {
    return this.peer.isKnown ? this.peer.takesExtendedConnect : undefined
  }

  greet(): void {
    this.begin()
    this.output.requestFlush()
  }

  ping(): void {
    if (this.isOpen) this.writer.writePing(LIFE_PING)
  }

  drain(): void {
    if (this.isDeaf || this.#isDraining) return
    this.#isDraining = true
    this.output.requestFlush()
  }

  override receiveEnd(): void {
    super.receiveEnd()
    this.#tellUnusable({ kind: 'peer-closed', detail: 'the server closed the connection' })
  }

  streamRemoved(stream: { readonly id: number }): void {
    this.streams.delete(stream.id)
    if (this.streams.size === 0 && !this.isReusable) this.output.requestFlush()
  }

  streamOver(): void {
    if (this.isReusable) {
      this.#handler.onIdle()
      return
    }
    if (!this.isDeaf) this.#tellUnusable(LAST_ANSWER)
  }

  protected settle(): void {
    if (this.isDeaf || this.isReusable || this.streams.size > 0) return
    if (this.isOpen) this.writer.writeGoaway(0, H2_CODE.noError, '')
    this.close(LAST_ANSWER)
  }

  protected writePreface(settings: readonly number[]): void {
    this.output.writeText(CLIENT_PREFACE)
    this.writer.writeSettings([...settings, SETTING.enablePush, 0])
  }

  resetClosed(): void {
    // As with heads. Another reset would tell the server nothing new.
    this.allows('empty_frame_flood', 'too many octets on streams that are over')
  }

  protected streamAborted(): void {
    this.streamOver()
  }

  isIdle(streamId: number): boolean {
    return streamId >= this.#nextId || streamId % 2 === 0
  }

  headers(streamId: number, entries: HeaderEntry[], isEnd: boolean): void {
    const stream = this.#streamOfHeaders(streamId)
    if (stream === undefined) return
    try {
      if (stream.isInputEnded) throw new HttpError('stream_state', 'HEADERS behind the end of a stream')
      if (stream.hasHead) this.#trailers(stream, entries, isEnd)
      else this.#head(stream, entries, isEnd)
    } catch (error) {
      if (!(error instanceof HttpError)) throw error
      const code = error.fault === 'stream_state' ? H2_CODE.streamClosed : H2_CODE.protocolError
      this.failStream(stream, code, error)
    }
  }

  headersTooLarge(streamId: number, error: HttpError): void {
    const stream = this.#streamOfHeaders(streamId)
    if (stream !== undefined) this.failStream(stream, H2_CODE.protocolError, error)
  }

  streamReset(stream: H2ClientStream, code: number): void {
    // The answer is complete, and is being handed out: the server only wants no more of the request. RFC 9113 §8.1.
    if (stream.isInputEnded && !stream.isOpaque) {
      stream.stopSending()
      return
    }
    stream.abort(resetByPeer(code))
    this.streamOver()
  }

  goaway(lastStreamId: number, code: number): void {
    this.#isDraining = true
    for (const stream of this.streams.list()) if (stream.id > lastStreamId) stream.abort({ ...UNPROCESSED, code })
    this.#tellUnusable({ kind: 'peer-closed', detail: `the server said GOAWAY: ${nameOfCode(code)}`, code })
    this.output.requestFlush()
  }

  pingAcked(): void {}

  settingsChanged(): void {
    const { maxConcurrentStreams } = this.peer
    const isMore = maxConcurrentStreams > this.#allowedStreams
    this.#allowedStreams = maxConcurrentStreams
    if (isMore && this.capacity > 0) this.#handler.onAllowance()
  }

  protected failed(error: HttpError): void {
    this.#tellUnusable({ kind: 'protocol', detail: error.message, error })
  }

  #streamOfHeaders(streamId: number): H2ClientStream | undefined {
    const stream = this.streams.get(streamId)
    if (stream !== undefined) return stream as H2ClientStream
    if (streamId % 2 === 0 || this.isIdle(streamId)) {
      this.fail(H2_CODE.protocolError, 'stream_state', 'HEADERS on a stream that was never begun')
    } else if (!this.closed.has(streamId)) {
      // Reset by us so long ago that nobody remembers, and the server had not heard of it: nobody else is to suffer from that.
      this.allows('empty_frame_flood', 'too many heads on streams that are over')
    }
    return undefined
  }

  #head(stream: H2ClientStream, entries: HeaderEntry[], isEnd: boolean): void {
    const response = readResponseHead(entries, isEnd, stream)
    if (response.head.status < 200 && !response.isOpaque) {
      this.#informational(stream, entries, response.head)
      return
    }
    stream.answer(response)
    if (isEnd && !stream.isRemoved) this.endInput(stream, undefined)
  }

  /** They are handed on at once, so a server that never comes to its answer could fill the memory with them. */
  #informational(
    stream: H2ClientStream,
    entries: readonly HeaderEntry[],
    head: Parameters<ResponseReceiver['onInformational']>[0],
  ): void {
    for (const { sizeBytes } of entries) stream.informationalBytes += sizeBytes
    const { maxInformationalBytes } = this.limits
    if (stream.informationalBytes > maxInformationalBytes) {
      throw new HttpError('head_too_large', `over ${maxInformationalBytes} octets of informational answers`)
    }
    stream.responseReceiver.onInformational(head)
  }

  #trailers(stream: H2ClientStream, entries: HeaderEntry[], isEnd: boolean): void {
    if (!isEnd) throw new HttpError('bad_framing', 'a second head')
    // RFC 9113 §8.5.
    if (stream.isOpaque) throw new HttpError('bad_framing', 'trailers on a tunnel')
    this.endInput(stream, readTrailers(entries, this.limits.maxTrailerBytes))
  }

  /** Only one protocol can be asked for: the first, which the client likes most. */
  #protocolOf({ upgrade, method }: RequestHead): string | undefined {
    if (upgrade === undefined || method !== 'GET') return undefined
    // RFC 8441 §3: the offer is ignored as any server may ignore it.
    return this.peer.takesExtendedConnect ? upgrade.split(',', 1)[0] : undefined
  }

  #tellUnusable(reason: StreamReset): void {
    if (this.#isUnusableTold) return
    this.#isUnusableTold = true
    this.#handler.onUnusable(reason)
  }
}

function checkUpgrade({ upgrade, method }: RequestHead, takesUpgrades: boolean | undefined): void {
  if (upgrade === undefined || method !== 'GET' || takesUpgrades !== undefined) return
  throw new RangeError('whether the server takes upgrades is not known yet')
}

function checkBody({ bodyLength, upgrade, method }: RequestHead, hasBody: boolean): void {
  if (!hasBody && bodyLength !== undefined && bodyLength > 0) {
    throw new RangeError(`no body, but a length of ${bodyLength}`)
  }
  if (hasBody && (upgrade !== undefined || method === 'CONNECT')) {
    throw new RangeError('a request that may switch has no body')
  }
}
