/** Octets in front of every frame's payload (RFC 9113, section 4.1). */
export const FRAME_HEAD_BYTES = 9

/** What a client says first (RFC 9113, section 3.4). */
export const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'latin1')

/** The longest payload that everybody takes. */
export const MAX_FRAME_BYTES = 16_384

/** The widest window there is (RFC 9113, section 6.9.1). */
export const MAX_WINDOW_BYTES = 2 ** 31 - 1

/** Window of a new connection and stream. */
export const DEFAULT_WINDOW_BYTES = 65_535

export const FRAME = {
  data: 0,
  headers: 1,
  rstStream: 3,
  settings: 4,
  ping: 6,
  goaway: 7,
  windowUpdate: 8,
} as const

export const FLAG = { endStream: 1, ack: 1, endHeaders: 4, padded: 8 } as const

export const SETTING = { headerTableBytes: 1, maxStreams: 3, initialWindowBytes: 4 } as const

/** One frame; the payload is `bytes` from `start` to `end`. */
export interface Frame {
  readonly type: number
  readonly flags: number
  readonly streamId: number
  readonly bytes: Buffer
  readonly start: number
  readonly end: number
}

/** Cuts octets as they come into frames. Takes every length: what the benchmark talks to is trusted. */
export class FrameReader {
  #rest: Buffer | undefined
  /** Octets in front of the first frame that are not looked at. */
  #skipBytes: number

  constructor(options: { readonly skipBytes: number }) {
    this.#skipBytes = options.skipBytes
  }

  read(chunk: Buffer, handle: (frame: Frame) => void): void {
    const bytes = this.#rest === undefined ? chunk : Buffer.concat([this.#rest, chunk])
    let at = Math.min(this.#skipBytes, bytes.length)
    this.#skipBytes -= at
    while (at + FRAME_HEAD_BYTES <= bytes.length) {
      const start = at + FRAME_HEAD_BYTES
      const end = start + bytes.readUIntBE(at, 3)
      if (end > bytes.length) break
      const streamId = bytes.readUInt32BE(at + 5) & 0x7fff_ffff
      handle({ type: bytes[at + 3]!, flags: bytes[at + 4]!, streamId, bytes, start, end })
      at = end
    }
    this.#rest = at === bytes.length ? undefined : Buffer.from(bytes.subarray(at))
  }
}

/** Octets of a DATA frame that are the message's own: without padding (RFC 9113, section 6.1). */
export function readDataRange(frame: Frame): { readonly start: number; readonly end: number } {
  if ((frame.flags & FLAG.padded) === 0) return { start: frame.start, end: frame.end }
  return { start: frame.start + 1, end: frame.end - frame.bytes[frame.start]! }
}

/** The value of one setting, or `undefined` when the frame does not have it (RFC 9113, section 6.5.1). */
export function readSetting(frame: Frame, id: number): number | undefined {
  let value: number | undefined
  for (let at = frame.start; at + 6 <= frame.end; at += 6) {
    if (frame.bytes.readUInt16BE(at) === id) value = frame.bytes.readUInt32BE(at + 2)
  }
  return value
}
