/** Frames of HTTP/2 as octets, right or wrong ones alike. RFC 9113 §4.1, §6. */

export const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'latin1')

export const FRAME = {
  data: 0,
  headers: 1,
  priority: 2,
  rstStream: 3,
  settings: 4,
  pushPromise: 5,
  ping: 6,
  goAway: 7,
  windowUpdate: 8,
  continuation: 9,
} as const

export const FLAG = { endStream: 1, ack: 1, endHeaders: 4, padded: 8, priority: 0x20 } as const

/** RFC 9113 §7. */
export const CODE = {
  noError: 0,
  protocolError: 1,
  flowControlError: 3,
  streamClosed: 5,
  frameSizeError: 6,
  refusedStream: 7,
  cancel: 8,
  compressionError: 9,
  enhanceYourCalm: 11,
} as const

const NOTHING = Buffer.alloc(0)

export interface FrameParts {
  readonly flags?: number
  readonly stream?: number
  readonly payload?: Buffer
}

export function frame(type: number, { flags = 0, stream = 0, payload = NOTHING }: FrameParts = {}): Buffer {
  const head = Buffer.alloc(9)
  head.writeUIntBE(payload.length, 0, 3)
  head[3] = type
  head[4] = flags
  head.writeUInt32BE(stream, 5)
  return Buffer.concat([head, payload])
}

/** SETTINGS, each as identifier and value. RFC 9113 §6.5.1. */
export function settings(...pairs: readonly (readonly [number, number])[]): Buffer {
  const payload = Buffer.alloc(pairs.length * 6)
  pairs.forEach(([id, value], index) => {
    payload.writeUInt16BE(id, index * 6)
    payload.writeUInt32BE(value, index * 6 + 2)
  })
  return frame(FRAME.settings, { payload })
}

export function rstStream(stream: number, code: number): Buffer {
  return frame(FRAME.rstStream, { stream, payload: uint32(code) })
}

export function windowUpdate(stream: number, increment: number): Buffer {
  return frame(FRAME.windowUpdate, { stream, payload: uint32(increment) })
}

export function ping(): Buffer {
  return frame(FRAME.ping, { payload: Buffer.from('12345678') })
}

/** RFC 9113 §5.3.1: deprecated, and still to be parsed. */
export function priority(stream: number, dependency: number): Buffer {
  return frame(FRAME.priority, { stream, payload: Buffer.concat([uint32(dependency), Buffer.from([16])]) })
}

export function data(stream: number, text: string | Buffer, flags = 0): Buffer {
  return frame(FRAME.data, { stream, flags, payload: Buffer.from(text as string) })
}

export type Line = readonly [name: string, value: string]

/** Pseudo-headers of a plain request. */
export function request(path: string, method = 'GET'): readonly Line[] {
  return [
    [':method', method],
    [':scheme', 'http'],
    [':path', path],
    [':authority', 'origin'],
  ]
}

/** HEADERS with the whole of its block. */
export function headers(stream: number, lines: readonly Line[], flags: number = FLAG.endStream): Buffer {
  return frame(FRAME.headers, { stream, flags: flags | FLAG.endHeaders, payload: block(lines) })
}

/** A header block of literals that nobody indexes, without Huffman coding. RFC 7541 §6.2.2. */
export function block(lines: readonly Line[]): Buffer {
  return Buffer.concat(lines.flatMap(([name, value]) => [Buffer.of(0), text(name), text(value)]))
}

/** A literal that both sides are to keep in their tables. RFC 7541 §6.2.1. */
export function indexedLiteral([name, value]: Line): Buffer {
  return Buffer.concat([Buffer.of(0x40), text(name), text(value)])
}

/** RFC 7541 §6.1. */
export function indexed(index: number): Buffer {
  return prefixed(0x80, 7, index)
}

/** RFC 7541 §6.3. */
export function tableSize(octets: number): Buffer {
  return prefixed(0x20, 5, octets)
}

function text(value: string): Buffer {
  const octets = Buffer.from(value, 'latin1')
  return Buffer.concat([prefixed(0, 7, octets.length), octets])
}

/** An integer behind the bits of `first`. RFC 7541 §5.1. */
function prefixed(first: number, bits: number, value: number): Buffer {
  const max = 2 ** bits - 1
  if (value < max) return Buffer.of(first | value)
  const octets = [first | max]
  let rest = value - max
  for (; rest >= 128; rest = Math.floor(rest / 128)) octets.push((rest % 128) | 128)
  octets.push(rest)
  return Buffer.from(octets)
}

function uint32(value: number): Buffer {
  const octets = Buffer.alloc(4)
  octets.writeUInt32BE(value)
  return octets
}
