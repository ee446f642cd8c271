import { Buffer } from 'node:buffer'
import { CLIENT_PREFACE, FLAG, FRAME, FRAME_HEAD_BYTES, MAX_PAYLOAD_BYTES } from './frame-types.ts'

/** The head of a frame. RFC 9113 §4.1. */
export interface FrameHead {
  readonly length: number
  readonly type: number
  readonly flags: number
  readonly streamId: number
}

/** A whole frame; its payload is `bytes` from `start` to `end`, for the time of the call that has it. */
export interface Frame extends FrameHead {
  readonly bytes: Uint8Array
  readonly start: number
  readonly end: number
}

/** Whom a {@link FrameReader} tells what it found, in order. */
export interface FrameSink {
  /** Nothing more is wanted: octets are to be thrown away. */
  readonly isDeaf: boolean
  /** The client did not begin with its preface. RFC 9113 §3.4. */
  badPreface(): void
  /** The payload is larger than may be, or has no room for what its flags announce. RFC 9113 §4.2. */
  badFrameSize(detail: string): void
  /** Any frame but DATA. */
  frame(frame: Frame): void
  /** A DATA frame begins. @param overhead - octets of padding, with the one that says how many */
  dataBegun(head: FrameHead, overhead: number): void
  /** A piece of its content, not empty: the octets of `bytes` from `start` to `end`. */
  data(bytes: Uint8Array, start: number, end: number): void
  /** The frame has ended. */
  dataEnded(): void
}

const NOTHING = new Uint8Array(0)

/**
 * Cuts the octets of a connection into frames, on the octets as they come: only a frame that came in part is copied, and of
 * DATA not more than its head.
 */
export class FrameReader implements Frame {
  // The frame at hand: one object for all.
  length = 0
  type = 0
  flags = 0
  streamId = 0
  bytes: Uint8Array = NOTHING
  start = 0
  end = 0
  readonly #sink: FrameSink
  #prefaceAt: number
  #held: Buffer | undefined
  #heldLength = 0
  /** Frames that came in part, so far. */
  #holds = 0
  #dataLeft = 0
  #paddingLeft = 0

  /** @param hasPreface - whether the peer is a client, which begins with a preface */
  constructor(sink: FrameSink, { hasPreface }: { readonly hasPreface: boolean }) {
    this.#sink = sink
    this.#prefaceAt = hasPreface ? 0 : CLIENT_PREFACE.length
  }

  /** A number of its own for each frame of a header block that has come in part; 0: none has. */
  get partOfBlock(): number {
    // Of less than a frame's head nobody can say what it will be.
    if (this.#heldLength < FRAME_HEAD_BYTES) return 0
    return this.type === FRAME.headers || this.type === FRAME.continuation ? this.#holds : 0
  }

  read(bytes: Uint8Array): void {
    const end = bytes.length
    let at = this.#prefaceAt < CLIENT_PREFACE.length ? this.#readPreface(bytes) : 0
    while (at < end && !this.#sink.isDeaf) {
      if (this.#dataLeft + this.#paddingLeft > 0) at = this.#readData(bytes, at, end)
      else if (this.#heldLength > 0) at = this.#complete(bytes, at, end)
      else at = this.#readFrame(bytes, at, end)
    }
  }

  #readPreface(bytes: Uint8Array): number {
    let at = 0
    for (; at < bytes.length && this.#prefaceAt < CLIENT_PREFACE.length; at++) {
      if (bytes[at] !== CLIENT_PREFACE.charCodeAt(this.#prefaceAt)) {
        this.#sink.badPreface()
        return bytes.length
      }
      this.#prefaceAt += 1
    }
    return at
  }

  #readFrame(bytes: Uint8Array, at: number, end: number): number {
    if (end - at < FRAME_HEAD_BYTES) return this.#hold(bytes, at, end)
    this.#readHead(bytes, at)
    const needed = this.#neededBytes()
    if (needed === 0) return end
    if (end - at < needed) return this.#hold(bytes, at, end)
    this.#deliver(bytes, at, at + needed)
    return at + needed
  }

  #readHead(bytes: Uint8Array, at: number): void {
    this.length = (bytes[at]! << 16) | (bytes[at + 1]! << 8) | bytes[at + 2]!
    this.type = bytes[at + 3]!
    this.flags = bytes[at + 4]!
    this.streamId = ((bytes[at + 5]! & 0x7f) << 24) | (bytes[at + 6]! << 16) | (bytes[at + 7]! << 8) | bytes[at + 8]!
  }

  /** How many octets have to be there before something can be done with the frame; 0 when it is refused. */
  #neededBytes(): number {
    if (this.length > MAX_PAYLOAD_BYTES) {
      this.#sink.badFrameSize(`a frame of ${this.length} octets`)
      return 0
    }
    if (this.type !== FRAME.data) return FRAME_HEAD_BYTES + this.length
    if ((this.flags & FLAG.padded) === 0) return FRAME_HEAD_BYTES
    if (this.length > 0) return FRAME_HEAD_BYTES + 1
    this.#sink.badFrameSize('a padded frame without octets')
    return 0
  }

  #deliver(bytes: Uint8Array, at: number, end: number): void {
    const sink = this.#sink
    if (this.type !== FRAME.data) {
      this.bytes = bytes
      this.start = at + FRAME_HEAD_BYTES
      this.end = end
      sink.frame(this)
      this.bytes = NOTHING
      return
    }
    const isPadded = (this.flags & FLAG.padded) !== 0
    const padding = isPadded ? bytes[at + FRAME_HEAD_BYTES]! : 0
    const overhead = isPadded ? padding + 1 : 0
    this.#dataLeft = this.length - overhead
    this.#paddingLeft = padding
    sink.dataBegun(this, overhead)
    if (sink.isDeaf) return
    if (this.#dataLeft + this.#paddingLeft === 0) sink.dataEnded()
  }

  #readData(bytes: Uint8Array, at: number, end: number): number {
    let next = at
    if (this.#dataLeft > 0) {
      next = Math.min(end, at + this.#dataLeft)
      this.#dataLeft -= next - at
      this.#sink.data(bytes, at, next)
    }
    const padding = Math.min(end - next, this.#paddingLeft)
    this.#paddingLeft -= padding
    if (this.#dataLeft + this.#paddingLeft === 0) this.#sink.dataEnded()
    return next + padding
  }

  #hold(bytes: Uint8Array, at: number, end: number): number {
    const room = end - at < FRAME_HEAD_BYTES ? FRAME_HEAD_BYTES : this.#neededBytes()
    this.#held = Buffer.allocUnsafeSlow(room)
    this.#held.set(bytes.subarray(at, end))
    this.#heldLength = end - at
    this.#holds += 1
    return end
  }

  /** Adds to the frame that came in part no more than it lacks. */
  #complete(bytes: Uint8Array, at: number, end: number): number {
    const needed = this.#heldLength < FRAME_HEAD_BYTES ? FRAME_HEAD_BYTES : this.#neededBytes()
    const next = Math.min(end, at + needed - this.#heldLength)
    this.#held = grown(this.#held!, this.#heldLength, needed)
    this.#held.set(bytes.subarray(at, next), this.#heldLength)
    this.#heldLength += next - at
    if (this.#heldLength < needed) return next
    return this.#takeHeld() ? next : end
  }

  /** @returns false when the frame is refused */
  #takeHeld(): boolean {
    const held = this.#held!
    this.#readHead(held, 0)
    const needed = this.#neededBytes()
    if (needed === 0) return false
    if (this.#heldLength < needed) return true
    this.#heldLength = 0
    this.#held = undefined
    this.#deliver(held, 0, needed)
    return true
  }
}

function grown(buffer: Buffer, length: number, needed: number): Buffer {
  if (buffer.length >= needed) return buffer
  const larger = Buffer.allocUnsafeSlow(needed)
  buffer.copy(larger, 0, 0, length)
  return larger
}
