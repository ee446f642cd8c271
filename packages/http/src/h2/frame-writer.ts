import { copyOf } from '@heddle/base/copy-of'
import type { Output } from '../output.ts'
import { FLAG, FRAME, FRAME_HEAD_BYTES, MAX_PAYLOAD_BYTES } from './frame-types.ts'

const NONE = -1
const FLAGS_AT = 4
/** A frame of DATA may be cut where the output's buffer ends, but not into crumbs. */
const MIN_CUT_BYTES = 1024
const PING_BYTES = 8

/** Writes frames into the output of a session, each in one piece. RFC 9113 §6. */
export class FrameWriter {
  readonly output: Output
  /** The stream of the HEADERS or DATA that was written last, which can still be made its last. */
  #lastStreamId = NONE
  #lastFlagsAt = 0
  #lastEnd = 0
  #lastWrites = 0

  constructor(output: Output) {
    this.output = output
  }

  /**
   * Begins DATA with as many octets as fit, at most `max`: they are to be put into the output (`copyIn`) now.
   * @returns how many
   */
  beginData(streamId: number, max: number): number {
    const { output } = this
    const room = output.bytes.length - output.position - FRAME_HEAD_BYTES
    let count = Math.min(max, MAX_PAYLOAD_BYTES)
    if (count > room && room >= MIN_CUT_BYTES) count = room
    output.ensure(FRAME_HEAD_BYTES + count)
    const at = output.position
    this.#writeHead(streamId, count, kind(FRAME.data, 0))
    this.#remember(streamId, at, output.position + count)
    return count
  }

  /** Ends the stream's output: by a flag in its last frame where that is still here, else by an empty DATA. */
  writeEnd(streamId: number): void {
    const { output } = this
    if (this.#lastStreamId === streamId && this.#lastEnd === output.position && this.#lastWrites === output.writes) {
      output.bytes[this.#lastFlagsAt]! |= FLAG.endStream
      this.#lastStreamId = NONE
      return
    }
    output.ensure(FRAME_HEAD_BYTES)
    this.#writeHead(streamId, 0, kind(FRAME.data, FLAG.endStream))
  }

  /** Begins HEADERS: the block is to be written to the output now. */
  beginHeaders(): void {
    const { output } = this
    output.ensure(FRAME_HEAD_BYTES)
    output.beginFrame()
    output.position += FRAME_HEAD_BYTES
  }

  /** Ends HEADERS, with CONTINUATION frames when the block is long. */
  endHeaders(streamId: number, isLast: boolean): void {
    const { output } = this
    const at = output.frameStart
    const blockEnd = output.position
    const length = blockEnd - at - FRAME_HEAD_BYTES
    output.endFrame()
    const flags = isLast ? FLAG.endStream : 0
    output.position = at
    if (length > MAX_PAYLOAD_BYTES) {
      this.#writeBlock(streamId, flags, copyOf(output.bytes, at + FRAME_HEAD_BYTES, blockEnd))
      return
    }
    this.#writeHead(streamId, length, kind(FRAME.headers, flags | FLAG.endHeaders))
    output.position = blockEnd
    this.#remember(streamId, at, output.position)
  }

  writeRstStream(streamId: number, code: number): void {
    this.output.ensure(FRAME_HEAD_BYTES + 4)
    this.#writeHead(streamId, 4, kind(FRAME.rstStream, 0))
    this.#writeWord(code)
  }

  /** @param pairs - identifier and value of each setting, one after the other */
  writeSettings(pairs: readonly number[]): void {
    const { output } = this
    const length = pairs.length * 3
    output.ensure(FRAME_HEAD_BYTES + length)
    this.#writeHead(0, length, kind(FRAME.settings, 0))
    for (let i = 0; i < pairs.length; i += 2) {
      output.bytes[output.position++] = pairs[i]! >>> 8
      output.bytes[output.position++] = pairs[i]!
      this.#writeWord(pairs[i + 1]!)
    }
  }

  writeSettingsAck(): void {
    this.output.ensure(FRAME_HEAD_BYTES)
    this.#writeHead(0, 0, kind(FRAME.settings, FLAG.ack))
  }

  /** @param octets - 8 of them, by which its answer is known */
  writePing(octets: Uint8Array): void {
    this.#writePing(kind(FRAME.ping, 0), octets, 0)
  }

  /** @param bytes - which have the 8 octets of the ping at `at` */
  writePingAck(bytes: Uint8Array, at: number): void {
    this.#writePing(kind(FRAME.ping, FLAG.ack), bytes, at)
  }

  /** @param debug - Latin-1 */
  writeGoaway(lastStreamId: number, code: number, debug: string): void {
    this.output.ensure(FRAME_HEAD_BYTES + 8 + debug.length)
    this.#writeHead(0, 8 + debug.length, kind(FRAME.goaway, 0))
    this.#writeWord(lastStreamId)
    this.#writeWord(code)
    this.output.position += this.output.bytes.latin1Write(debug, this.output.position)
  }

  writeWindowUpdate(streamId: number, increment: number): void {
    this.output.ensure(FRAME_HEAD_BYTES + 4)
    this.#writeHead(streamId, 4, kind(FRAME.windowUpdate, 0))
    this.#writeWord(increment)
  }

  /** HEADERS and CONTINUATION; the block is no longer in the output. */
  #writeBlock(streamId: number, flags: number, block: Uint8Array): void {
    const { output } = this
    for (let at = 0; at < block.length; at += MAX_PAYLOAD_BYTES) {
      const end = Math.min(block.length, at + MAX_PAYLOAD_BYTES)
      const endFlag = end === block.length ? FLAG.endHeaders : 0
      output.ensure(FRAME_HEAD_BYTES + end - at)
      if (at === 0) this.#writeHead(streamId, end, kind(FRAME.headers, flags))
      else this.#writeHead(streamId, end - at, kind(FRAME.continuation, endFlag))
      output.bytes.set(block.subarray(at, end), output.position)
      output.position += end - at
    }
  }

  #writePing(kind: number, bytes: Uint8Array, at: number): void {
    const { output } = this
    output.ensure(FRAME_HEAD_BYTES + PING_BYTES)
    this.#writeHead(0, PING_BYTES, kind)
    output.bytes.set(bytes.subarray(at, at + PING_BYTES), output.position)
    output.position += PING_BYTES
  }

  #remember(streamId: number, at: number, end: number): void {
    this.#lastStreamId = streamId
    this.#lastFlagsAt = at + FLAGS_AT
    this.#lastEnd = end
    this.#lastWrites = this.output.writes
  }

  #writeHead(streamId: number, length: number, kind: number): void {
    const { bytes, position } = this.output
    bytes[position] = length >>> 16
    bytes[position + 1] = length >>> 8
    bytes[position + 2] = length
    bytes[position + 3] = kind >>> 8
    bytes[position + FLAGS_AT] = kind
    bytes[position + 5] = streamId >>> 24
    bytes[position + 6] = streamId >>> 16
    bytes[position + 7] = streamId >>> 8
    bytes[position + 8] = streamId
    this.output.position = position + FRAME_HEAD_BYTES
  }

  #writeWord(word: number): void {
    const { bytes, position } = this.output
    bytes[position] = word >>> 24
    bytes[position + 1] = word >>> 16
    bytes[position + 2] = word >>> 8
    bytes[position + 3] = word
    this.output.position = position + 4
  }
}

/** Type and flags of a frame, as they lie in its head. */
function kind(type: number, flags: number): number {
  return (type << 8) | flags
}
