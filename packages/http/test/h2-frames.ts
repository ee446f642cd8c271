import { Buffer } from 'node:buffer'
import { H2_CODE } from '../src/h2/error-code.ts'
import { CLIENT_PREFACE, FRAME, FRAME_HEAD_BYTES } from '../src/h2/frame-types.ts'

/** A frame with this head and payload, whatever sense it makes. RFC 9113 §4.1. */
// biome-ignore lint/complexity/useMaxParams: the parts of a frame, in their order on the wire
export function frame(
  type: number,
  flags: number,
  streamId: number,
  payload: readonly number[] | Uint8Array = [],
): Buffer {
  const head = Buffer.alloc(FRAME_HEAD_BYTES)
  head.writeUIntBE(payload.length, 0, 3)
  head[3] = type
  head[4] = flags
  head.writeUInt32BE(streamId, 5)
  return Buffer.concat([head, Buffer.from(payload)])
}

export const SETTINGS = frame(FRAME.settings, 0, 0)
/** What a client begins with. */
export const OPENING = Buffer.concat([Buffer.from(CLIENT_PREFACE), SETTINGS])

/** A block without Huffman and tables: each field as a literal that is not indexed. RFC 7541 §6.2.2. */
export function block(fields: readonly (readonly [string, string])[]): Buffer {
  const parts = fields.flatMap(([name, value]) => [Buffer.from([0]), literal(name), literal(value)])
  return Buffer.concat(parts)
}

function literal(text: string): Buffer {
  const octets = Buffer.from(text, 'latin1')
  if (octets.length < 127) return Buffer.concat([Buffer.from([octets.length]), octets])
  const rest = octets.length - 127
  const length: number[] = [127]
  let left = rest
  for (; left >= 128; left = Math.floor(left / 128)) length.push((left % 128) | 0x80)
  length.push(left)
  return Buffer.concat([Buffer.from(length), octets])
}

export const GET_FIELDS: readonly (readonly [string, string])[] = [
  [':method', 'GET'],
  [':scheme', 'http'],
  [':path', '/'],
  [':authority', 'a'],
]
export const POST_FIELDS: readonly (readonly [string, string])[] = [[':method', 'POST'], ...GET_FIELDS.slice(1)]

/** HEADERS with END_HEADERS; `isEnd`: and END_STREAM. */
export function headers(
  streamId: number,
  fields: readonly (readonly [string, string])[],
  { isEnd = false }: { readonly isEnd?: boolean } = {},
): Buffer {
  return frame(FRAME.headers, isEnd ? 5 : 4, streamId, block(fields))
}

export function word(value: number): number[] {
  return [value >>> 24, (value >>> 16) & 0xff, (value >>> 8) & 0xff, value & 0xff]
}

export function windowUpdate(streamId: number, increment: number): Buffer {
  return frame(FRAME.windowUpdate, 0, streamId, word(increment))
}

export function rstStream(streamId: number, code: number = H2_CODE.cancel): Buffer {
  return frame(FRAME.rstStream, 0, streamId, word(code))
}

/** A frame that was written. */
export interface WrittenFrame {
  readonly type: number
  readonly flags: number
  readonly streamId: number
  readonly payload: Buffer
}

/** What was written, frame by frame; the preface of a client is left out. */
export function framesOf(octets: Buffer): WrittenFrame[] {
  const frames: WrittenFrame[] = []
  let at = octets.subarray(0, CLIENT_PREFACE.length).toString('latin1') === CLIENT_PREFACE ? CLIENT_PREFACE.length : 0
  while (at < octets.length) {
    const end = at + FRAME_HEAD_BYTES + octets.readUIntBE(at, 3)
    if (end > octets.length) throw new Error('a frame without its end')
    const streamId = octets.readUInt32BE(at + 5)
    frames.push({
      type: octets[at + 3]!,
      flags: octets[at + 4]!,
      streamId,
      payload: octets.subarray(at + FRAME_HEAD_BYTES, end),
    })
    at = end
  }
  return frames
}

/** The code of the GOAWAY that was written, if one was. */
export function goawayCode(frames: readonly WrittenFrame[]): number | undefined {
  return frames.find(({ type }) => type === FRAME.goaway)?.payload.readUInt32BE(4)
}

/** The code of the first RST_STREAM on that stream. */
export function resetCode(frames: readonly WrittenFrame[], streamId: number): number | undefined {
  return frames.find((one) => one.type === FRAME.rstStream && one.streamId === streamId)?.payload.readUInt32BE(0)
}
