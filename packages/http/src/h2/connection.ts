import { HttpError, type HttpFault } from '../http-error.ts'
import type { Fields } from '../message/fields.ts'
import { Output } from '../output.ts'
import type { StreamReset, Transport } from '../session.ts'
import { ClosedStreams } from './closed-streams.ts'
import { H2_CODE, nameOfCode } from './error-code.ts'
import { type Flood, FloodGuard } from './flood-guard.ts'
import { FrameHandler } from './frame-handler.ts'
import type { FrameOwner } from './frame-owner.ts'
import { DEFAULT_WINDOW_BYTES, SETTING } from './frame-types.ts'
import { FrameWriter } from './frame-writer.ts'
import { HpackEncoder } from './hpack/encoder.ts'
import type { HeaderEntry } from './hpack/header-entry.ts'
import type { H2Limits } from './limits.ts'
import { ReceiveCredit } from './receive-credit.ts'
import { SendOrder } from './send-order.ts'
import { PeerSettings } from './settings.ts'
import type { H2Stream } from './stream.ts'
import type { StreamHome } from './stream-home.ts'
import { StreamTable } from './stream-table.ts'
import { hasTrailers, writeTrailersBlock } from './write-head.ts'

/**
 * What the connection is at:
 *
 *     new --first octets, or first request--> open --fault, end--> closing --flush--> (FIN) --> ended
 *
 * `closing`: what was gathered leaves, what comes is thrown away.
 */
type Phase = 'new' | 'open' | 'closing' | 'ended'

/** What both roles of HTTP/2 have in common: the life of the connection and of its streams. RFC 9113. */
export abstract class H2Connection implements FrameOwner, StreamHome {
  readonly protocol = 'http2'
  readonly limits: H2Limits
  readonly peerRole: 'client' | 'server'
  readonly output: Output
  readonly writer: FrameWriter
  readonly order: SendOrder
  readonly encoder: HpackEncoder
  readonly credit: ReceiveCredit
  readonly guard: FloodGuard
  readonly closed: ClosedStreams
  readonly peer = new PeerSettings()
  readonly streams = new StreamTable()
  protected readonly transport: Transport
  protected readonly frames: FrameHandler
  #phase: Phase = 'new'
  #isFinDue = false
  #discardedBytes = 0

  constructor(transport: Transport, limits: H2Limits, peerRole: 'client' | 'server') {
    this.transport = transport
    this.limits = limits
    this.peerRole = peerRole
    this.output = new Output(transport)
    this.writer = new FrameWriter(this.output)
    this.order = new SendOrder(this.output)
    this.credit = new ReceiveCredit(this.writer, limits)
    this.guard = new FloodGuard(limits)
    this.closed = new ClosedStreams(limits.maxConcurrentStreams)
    this.encoder = new HpackEncoder({ maxTableBytes: limits.maxTableBytes })
    this.frames = new FrameHandler(this)
  }

  get activeStreams(): number {
    return this.streams.size
  }

  get isDeaf(): boolean {
    return this.#phase === 'closing' || this.#phase === 'ended'
  }

  get peerStreamWindow(): number {
    return this.peer.streamWindowBytes
  }

  get toldStreamWindow(): number {
    return this.credit.streamWindow
  }

  /** A smaller window than the default may not have reached the peer yet, so it is never enforced. */
  get ownStreamWindow(): number {
    return Math.max(DEFAULT_WINDOW_BYTES, this.limits.streamWindowBytes)
  }

  protected get isOpen(): boolean {
    return this.#phase === 'open'
  }

  receive(bytes: Uint8Array): void {
    if (this.isDeaf) {
      this.#discard(bytes.length)
      return
    }
    this.begin()
    this.frames.read(bytes)
  }

  receiveEnd(): void {
    if (this.isDeaf) return
    this.close({ kind: 'peer-closed', detail: 'the peer closed the connection' })
  }

  transportDrained(): void {
    this.output.isBlocked = false
    this.guard.giveBack('unread_replies', this.limits.maxUnreadReplies)
    this.order.run()
  }

  flush(): void {
    this.output.beginFlush()
    this.settle()
    this.output.endFlush()
    if (!this.#isFinDue) return
    this.#isFinDue = false
    this.#phase = 'ended'
    this.transport.end()
  }

  destroy(reason: StreamReset): void {
    this.#phase = 'ended'
    this.#isFinDue = false
    this.output.discard()
    this.transport.abort()
    this.#abortStreams(reason)
  }

  fail(code: number, fault: HttpFault, detail: string): void {
    if (this.isDeaf) return
    const error = new HttpError(fault, detail)
    this.writer.writeGoaway(this.lastPeerId, code, fault)
    this.close({ kind: 'protocol', detail, error, code })
    this.failed(error)
  }

  failStream(stream: H2Stream, code: number, error: HttpError): void {
    this.writer.writeRstStream(stream.id, code)
    if (!stream.isInputEnded) this.closed.add(stream.id, stream.receiveWindow)
    stream.abort({ kind: 'protocol', detail: error.message, error, code })
    this.streamAborted()
    this.countReset()
  }

  allows(flood: Flood, detail: string): boolean {
    if (this.guard.allows(flood)) return true
    this.fail(H2_CODE.enhanceYourCalm, flood, detail)
    return false
  }

  resetStream(stream: H2Stream, code: number): void {
    if (stream.isRemoved) return
    this.writer.writeRstStream(stream.id, code)
    if (!stream.isInputEnded) this.closed.add(stream.id, stream.receiveWindow)
    stream.remove()
  }

  writeStreamEnd(streamId: number, trailers: Fields | undefined): void {
    if (trailers === undefined || !hasTrailers(trailers)) {
      this.writer.writeEnd(streamId)
      return
    }
    this.writer.beginHeaders()
    writeTrailersBlock(trailers, this)
    this.writer.endHeaders(streamId, true)
  }

  held(bytes: number): void {
    this.credit.hold(bytes)
    if (!this.isOpen) return
    if (bytes > 0) {
      // Half of a window is less now: what was not worth a frame may be.
      if (this.credit.narrow()) for (const stream of this.streams.list()) stream.consumed(0)
      return
    }
    this.credit.widen()
    this.credit.give()
  }

  endInput(stream: H2Stream, trailers: Fields | undefined): void {
    if (stream.contentLeft > 0) {
      this.failStream(stream, H2_CODE.protocolError, new HttpError('bad_framing', 'fewer octets than announced'))
      return
    }
    stream.takeEnd(trailers)
  }

  abstract resetClosed(streamId: number, code: number): void
  abstract headers(streamId: number, entries: HeaderEntry[], isEnd: boolean): void
  abstract headersTooLarge(streamId: number, error: HttpError): void
  abstract isIdle(streamId: number): boolean
  abstract streamReset(stream: H2Stream, code: number): void
  abstract streamRemoved(stream: H2Stream): void
  abstract goaway(lastStreamId: number, code: number): void
  abstract pingAcked(bytes: Uint8Array, at: number): void
  abstract settingsChanged(): void
  /** The highest id of a stream that the peer began, for GOAWAY. */
  protected abstract readonly lastPeerId: number
  /** What is to be done once a turn. */
  protected abstract settle(): void
  /** The connection is of no more use because of what the peer sent. */
  protected abstract failed(error: HttpError): void
  /** A stream was aborted for what the peer sent on it. */
  protected abstract streamAborted(): void
  /** Writes what this role sends first. */
  protected abstract writePreface(settings: readonly number[]): void

  /** Writes what comes first. RFC 9113 §3.4. */
  protected begin(): void {
    if (this.#phase !== 'new') return
    this.#phase = 'open'
    const { streamWindowBytes, maxHeadBytes, maxTableBytes } = this.limits
    const settings: number[] = [SETTING.initialWindowSize, streamWindowBytes, SETTING.maxHeaderListSize, maxHeadBytes]
    if (maxTableBytes !== this.peer.tableBytes) settings.push(SETTING.headerTableSize, maxTableBytes)
    this.writePreface(settings)
    this.credit.open()
  }

  /** Ends in order: FIN after what is gathered. Streams that are open hear of `reason`. */
  protected close(reason: StreamReset): void {
    this.#phase = 'closing'
    this.#isFinDue = true
    this.output.requestFlush()
    this.#abortStreams(reason)
  }

  /** A stream was for nothing. */
  protected countReset(): void {
    this.allows('rapid_reset', `over ${this.limits.maxResets} streams were reset without an answer`)
  }

  #abortStreams(reason: StreamReset): void {
    // All are over before the first hears of it: it could want to go on with another one.
    const receivers = this.streams.list().map((stream) => stream.takeReceiver())
    for (const receiver of receivers) receiver?.onAbort(reason)
  }

  #discard(count: number): void {
    this.#discardedBytes += count
    if (this.#discardedBytes > this.limits.maxDiscardedBytes) this.destroy({ kind: 'local', detail: 'after the end' })
  }
}

/** What is told of a stream that the peer reset. */
export function resetByPeer(code: number): StreamReset {
  const detail = `the peer reset the stream: ${nameOfCode(code)}`
  return { kind: code === H2_CODE.refusedStream ? 'refused' : 'peer-closed', detail, code }
}
