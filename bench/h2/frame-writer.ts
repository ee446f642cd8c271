import { FLAG, FRAME, FRAME_HEAD_BYTES, type Frame } from './frames.ts'

const START_BYTES = 16_384
const NOTHING = Buffer.alloc(0)

/** Gathers frames, so that a turn ends in one write. */
export class FrameWriter {
  #bytes = Buffer.allocUnsafe(START_BYTES)
  #length = 0

  get length(): number {
    return this.#length
  }

  /** What was gathered since the last time, in a buffer of its own. */
  take(): Buffer {
    const taken = Buffer.from(this.#bytes.subarray(0, this.#length))
    this.#length = 0
    return taken
  }

  raw(bytes: Uint8Array): void {
    this.#reserve(bytes.length)
    this.#bytes.set(bytes, this.#length)
    this.#length += bytes.length
  }

  frame(type: number, flags: number, of: { readonly streamId: number; readonly payload: Uint8Array }): void {
    const { streamId, payload } = of
    this.#reserve(FRAME_HEAD_BYTES + payload.length)
    const at = this.#length
    this.#bytes.writeUIntBE(payload.length, at, 3)
    this.#bytes[at + 3] = type
    this.#bytes[at + 4] = flags
    this.#bytes.writeUInt32BE(streamId, at + 5)
    this.#bytes.set(payload, at + FRAME_HEAD_BYTES)
    this.#length = at + FRAME_HEAD_BYTES + payload.length
  }

  settings(pairs: readonly (readonly [id: number, value: number])[]): void {
    const payload = Buffer.alloc(6 * pairs.length)
    pairs.forEach(([id, value], i) => void payload.writeUInt32BE(value, payload.writeUInt16BE(id, 6 * i)))
    this.frame(FRAME.settings, 0, { streamId: 0, payload })
  }

  settingsAck(): void {
    this.frame(FRAME.settings, FLAG.ack, { streamId: 0, payload: NOTHING })
  }

  /** Answers a PING frame; one that is an answer itself gets none. */
  pingAck({ flags, bytes, start, end }: Frame): void {
    if ((flags & FLAG.ack) !== 0) return
    this.frame(FRAME.ping, FLAG.ack, { streamId: 0, payload: bytes.subarray(start, end) })
  }

  windowUpdate(streamId: number, increment: number): void {
    const payload = Buffer.alloc(4)
    payload.writeUInt32BE(increment)
    this.frame(FRAME.windowUpdate, 0, { streamId, payload })
  }

  #reserve(count: number): void {
    if (this.#length + count <= this.#bytes.length) return
    const grown = Buffer.allocUnsafe(Math.max(2 * this.#bytes.length, this.#length + count))
    grown.set(this.#bytes.subarray(0, this.#length))
    this.#bytes = grown
  }
}
