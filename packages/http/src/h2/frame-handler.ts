import { HttpError } from '../http-error.ts'
import { takeGoaway, takePing, takePriority, takeRstStream, takeSettings, takeWindowUpdate } from './control-frames.ts'
import { H2_CODE } from './error-code.ts'
import type { FrameOwner } from './frame-owner.ts'
import { type Frame, type FrameHead, FrameReader, type FrameSink } from './frame-reader.ts'
import { FLAG, FRAME } from './frame-types.ts'
import { HeaderBlocks } from './header-blocks.ts'
import { UNKNOWN_LENGTH } from './receiving-half.ts'
import type { H2Stream } from './stream.ts'

/** Says what each frame that comes means to the connection. RFC 9113 §6. */
export class FrameHandler implements FrameSink {
  readonly #owner: FrameOwner
  readonly #reader: FrameReader
  readonly #blocks: HeaderBlocks
  /** Stream of the DATA frame that is coming, unless its content is thrown away. */
  #dataStream: H2Stream | undefined
  #isDataLast = false
  #isFirst = true

  constructor(owner: FrameOwner) {
    this.#owner = owner
    this.#reader = new FrameReader(this, { hasPreface: owner.peerRole === 'client' })
    this.#blocks = new HeaderBlocks(owner)
  }

  get isDeaf(): boolean {
    return this.#owner.isDeaf
  }

  /** A number of its own for each header block that has come in part; 0: none has. */
  get blockUnderWay(): number {
    // Even for blocks of several frames, so that each further frame that comes in part is not taken for a new one.
    return this.#blocks.expectedOn === undefined ? this.#oddOf(this.#reader.partOfBlock) : this.#blocks.begun * 2
  }

  read(bytes: Uint8Array): void {
    this.#reader.read(bytes)
  }

  badPreface(): void {
    this.#owner.fail(H2_CODE.protocolError, 'bad_preface', 'the connection did not begin with the preface of HTTP/2')
  }

  badFrameSize(detail: string): void {
    this.#owner.fail(H2_CODE.frameSizeError, 'bad_frame', detail)
  }

  frame(frame: Frame): void {
    if (!this.#mayCome(frame)) return
    const owner = this.#owner
    switch (frame.type) {
      case FRAME.headers:
        this.#blocks.headers(frame)
        return
      case FRAME.continuation:
        this.#blocks.continuation(frame)
        return
      case FRAME.windowUpdate:
        takeWindowUpdate(owner, frame)
        return
      case FRAME.settings:
        takeSettings(owner, frame)
        if (!owner.isDeaf && (frame.flags & FLAG.ack) !== 0) this.#blocks.settingsAcknowledged()
        return
      case FRAME.ping:
        takePing(owner, frame)
        return
      case FRAME.rstStream:
        takeRstStream(owner, frame)
        return
      case FRAME.priority:
        takePriority(owner, frame)
        return
      case FRAME.goaway:
        takeGoaway(owner, frame)
        return
      case FRAME.pushPromise:
        // We never allow it, and clients may not push at all. RFC 9113 §8.4.
        owner.fail(H2_CODE.protocolError, 'stream_state', 'PUSH_PROMISE')
        return
      default:
        owner.allows('empty_frame_flood', 'too many frames that say nothing')
    }
  }

  dataBegun(head: FrameHead, overhead: number): void {
    this.#dataStream = undefined
    if (!this.#mayCome(head)) return
    const owner = this.#owner
    const { length, streamId, flags } = head
    this.#isDataLast = (flags & FLAG.endStream) !== 0
    if (streamId === 0 || overhead > length) {
      owner.fail(H2_CODE.protocolError, 'bad_frame', 'DATA on stream 0, or with more padding than octets')
      return
    }
    if (!owner.credit.take(length)) {
      owner.fail(H2_CODE.flowControlError, 'window_fault', 'DATA beyond the window of the connection')
      return
    }
    const isEmpty = length === overhead && !this.#isDataLast
    if (isEmpty && !owner.allows('empty_frame_flood', 'too many DATA frames without octets')) return
    if (overhead > 0) owner.credit.owe(overhead)
    this.#dataStream = this.#streamOfData(streamId, length, overhead)
  }

  data(bytes: Uint8Array, start: number, end: number): void {
    const stream = this.#dataStream
    if (stream !== undefined && !stream.isRemoved) stream.takeData(bytes, start, end)
    if (!this.#owner.isDeaf) this.#owner.credit.owe(end - start)
  }

  dataEnded(): void {
    const stream = this.#dataStream
    this.#dataStream = undefined
    if (this.#isDataLast && stream !== undefined && !stream.isRemoved) this.#owner.endInput(stream, undefined)
  }

  #oddOf(count: number): number {
    return count === 0 ? 0 : count * 2 + 1
  }

  #isWithinLength(stream: H2Stream, count: number): boolean {
    if (stream.contentLeft === UNKNOWN_LENGTH) return true
    stream.contentLeft -= count
    if (stream.contentLeft >= 0) return true
    this.#owner.failStream(stream, H2_CODE.protocolError, new HttpError('bad_framing', 'more octets than announced'))
    return false
  }

  /** What holds for frames of all types. */
  #mayCome({ type, streamId, flags }: FrameHead): boolean {
    if (this.#isFirst) {
      this.#isFirst = false
      if (type !== FRAME.settings || (flags & FLAG.ack) !== 0) {
        this.#owner.fail(H2_CODE.protocolError, 'bad_preface', 'the first frame is not SETTINGS')
        return false
      }
    }
    const expectedOn = this.#blocks.expectedOn
    if (expectedOn === undefined || (type === FRAME.continuation && streamId === expectedOn)) return true
    this.#owner.fail(H2_CODE.protocolError, 'stream_state', 'a frame within a header block')
    return false
  }

  #streamOfData(streamId: number, length: number, overhead: number): H2Stream | undefined {
    const owner = this.#owner
    const stream = owner.streams.get(streamId)
    if (stream === undefined) {
      this.#dataOnClosed(streamId, length)
      return undefined
    }
    if (stream.isInputEnded) {
      const error = new HttpError('stream_state', 'DATA behind the end of a stream')
      owner.failStream(stream, H2_CODE.streamClosed, error)
      return undefined
    }
    if (!stream.hasHead) {
      const error = new HttpError('stream_state', 'DATA before the head of an answer')
      owner.failStream(stream, H2_CODE.protocolError, error)
      return undefined
    }
    if (length > stream.receiveWindow) {
      const error = new HttpError('window_fault', 'DATA beyond the window of the stream')
      owner.failStream(stream, H2_CODE.flowControlError, error)
      return undefined
    }
    stream.receiveWindow -= length
    // At the frame's begin, so that it does not matter in which pieces it comes.
    if (!this.#isWithinLength(stream, length - overhead)) return undefined
    if (overhead > 0) stream.consumed(overhead)
    if (length > overhead) owner.guard.dataReceived()
    return stream
  }

  #dataOnClosed(streamId: number, length: number): void {
    const owner = this.#owner
    if (owner.isIdle(streamId)) {
      owner.fail(H2_CODE.protocolError, 'stream_state', 'DATA on a stream that was never begun')
      return
    }
    if (!owner.closed.has(streamId)) {
      owner.resetClosed(streamId, H2_CODE.streamClosed)
      return
    }
    if (owner.closed.discard(length)) return
    owner.fail(H2_CODE.flowControlError, 'window_fault', 'DATA beyond the window of a stream that was reset')
  }
}
