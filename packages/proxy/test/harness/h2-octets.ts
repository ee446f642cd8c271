/** Frames of HTTP/2 as octets, for clients that do what no library lets them do. RFC 9113 §4.1. */
export interface FrameParts {
  readonly type: number
  readonly flags?: number
  readonly stream?: number
  readonly payload?: readonly number[] | Buffer
}

export const HEADERS = 1
const RST_STREAM = 3
const SETTINGS = 4
export const PING = 6
export const GOAWAY = 7
const WINDOW_UPDATE = 8
export const CONTINUATION = 9
export const END_STREAM = 1
const END_HEADERS = 4
const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')

/** `GET /` of the authority `a`. RFC 7541, Appendix A. */
export const GET_BLOCK: readonly number[] = [0x82, 0x86, 0x84, 0x41, 1, 0x61]

export function frame({ type, flags = 0, stream = 0, payload = [] }: FrameParts): Buffer {
  const head = Buffer.alloc(9)
  head.writeUIntBE(payload.length, 0, 3)
  head[3] = type
  head[4] = flags
  head.writeUInt32BE(stream, 5)
  return Buffer.concat([head, Buffer.from(payload)])
}

/** What a client says first. RFC 9113 §3.4. */
export function opening(): Buffer {
  return Buffer.concat([PREFACE, settings()])
}

/** A whole request without body. */
export function get(stream: number): Buffer {
  return frame({ type: HEADERS, flags: END_STREAM | END_HEADERS, stream, payload: GET_BLOCK })
}

/** SETTINGS, each as identifier and value. RFC 9113 §6.5.1. */
export function settings(...pairs: readonly (readonly [number, number])[]): Buffer {
  const payload = pairs.flatMap(([id, value]) => [
    0,
    id,
    value >>> 24,
    (value >>> 16) & 0xff,
    (value >>> 8) & 0xff,
    value & 0xff,
  ])
  return frame({ type: SETTINGS, payload })
}

/** Streams on which a client has sent HEADERS, in their order; `received` is Latin-1, from the preface on. */
export function requestsIn(received: string): readonly number[] {
  const octets = Buffer.from(received, 'latin1').subarray(PREFACE.length)
  const streams: number[] = []
  let at = 0
  while (at + 9 <= octets.length) {
    if (octets[at + 3] === HEADERS) streams.push(octets.readUInt32BE(at + 5))
    at += 9 + octets.readUIntBE(at, 3)
  }
  return streams
}

export function windowUpdate(stream: number, increment: number): Buffer {
  const payload = Buffer.alloc(4)
  payload.writeUInt32BE(increment)
  return frame({ type: WINDOW_UPDATE, stream, payload })
}

/** Codes of the RST_STREAM frames that came, by stream; `received` is Latin-1, from the first frame on. */
export function resetsIn(received: string): ReadonlyMap<number, number> {
  const octets = Buffer.from(received, 'latin1')
  const codes = new Map<number, number>()
  for (let at = 0; at + 9 <= octets.length; at += 9 + octets.readUIntBE(at, 3))
    if (octets[at + 3] === RST_STREAM) codes.set(octets.readUInt32BE(at + 5), octets.readUInt32BE(at + 9))
  return codes
}
