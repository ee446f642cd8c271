import { Buffer } from 'node:buffer'
import { H2_CODE } from '../src/h2/error-code.ts'
import { FRAME } from '../src/h2/frame-types.ts'
import type { HttpFault } from '../src/http-error.ts'
import { block, frame, GET_FIELDS, headers, POST_FIELDS, rstStream, SETTINGS, windowUpdate, word } from '../test/h2-frames.ts'

/** What a client may not send, behind its preface. */
export interface H2FaultCase {
  readonly name: string
  readonly octets: Buffer
  readonly code: number
  readonly fault: HttpFault
}

/** A head that a client may not send. */
export interface H2HeadFaultCase {
  readonly name: string
  readonly fields: readonly (readonly [string, string])[]
  readonly fault: HttpFault
  /** A body would follow. */
  readonly hasBody?: true
}

const OPEN = headers(1, POST_FIELDS)
const HALF_CLOSED = headers(1, GET_FIELDS, { isEnd: true })
const P = H2_CODE.protocolError
const S = H2_CODE.frameSizeError

function join(...parts: readonly Uint8Array[]): Buffer {
  return Buffer.concat(parts)
}

function setting(id: number, value: number): Buffer {
  return frame(FRAME.settings, 0, 0, [id >>> 8, id & 0xff, ...word(value)])
}

/** Faults that end the connection. RFC 9113 §5.4.1. */
export const CONNECTION_FAULTS: readonly H2FaultCase[] = [
  { name: 'DATA on stream 0', octets: frame(FRAME.data, 0, 0, [1]), code: P, fault: 'bad_frame' },
  { name: 'DATA on an idle stream', octets: frame(FRAME.data, 0, 1, [1]), code: P, fault: 'stream_state' },
  { name: 'more padding than payload', octets: join(OPEN, frame(FRAME.data, 8, 1, [9, 1])), code: P, fault: 'bad_frame' },
  { name: 'padding without octets', octets: join(OPEN, frame(FRAME.data, 8, 1)), code: S, fault: 'bad_frame' },
  { name: 'a frame of 16385 octets', octets: join(OPEN, frame(FRAME.data, 0, 1, Buffer.alloc(16_385))), code: S, fault: 'bad_frame' },
  { name: 'HEADERS on stream 0', octets: headers(0, GET_FIELDS), code: P, fault: 'bad_frame' },
  { name: 'HEADERS on an even stream', octets: headers(2, GET_FIELDS), code: P, fault: 'stream_state' },
  { name: 'HEADERS on a lower stream', octets: join(headers(5, POST_FIELDS), headers(3, GET_FIELDS)), code: H2_CODE.streamClosed, fault: 'stream_state' },
  { name: 'HEADERS with too much padding', octets: frame(FRAME.headers, 0xc, 1, [9, 0x82]), code: P, fault: 'bad_frame' },
  { name: 'HEADERS that depend on themselves', octets: frame(FRAME.headers, 0x24, 1, [...word(1), 0, ...block(GET_FIELDS)]), code: P, fault: 'bad_frame' },
  { name: 'a block that is no HPACK', octets: frame(FRAME.headers, 5, 1, [0xff, 0xff, 0xff, 0xff, 0xff, 0xff]), code: H2_CODE.compressionError, fault: 'header_compression' },
  { name: 'a frame within a block', octets: join(frame(FRAME.headers, 0, 1, block(GET_FIELDS)), SETTINGS), code: P, fault: 'stream_state' },
  { name: 'DATA within a block', octets: join(frame(FRAME.headers, 0, 1, block(GET_FIELDS)), frame(FRAME.data, 0, 1, [1])), code: P, fault: 'stream_state' },
  { name: 'CONTINUATION of another stream', octets: join(frame(FRAME.headers, 0, 1, block(GET_FIELDS)), frame(FRAME.continuation, 4, 3)), code: P, fault: 'stream_state' },
  { name: 'CONTINUATION without HEADERS', octets: frame(FRAME.continuation, 4, 1), code: P, fault: 'stream_state' },
  { name: 'PRIORITY on stream 0', octets: frame(FRAME.priority, 0, 0, [0, 0, 0, 3, 1]), code: P, fault: 'bad_frame' },
  { name: 'PRIORITY of 4 octets', octets: frame(FRAME.priority, 0, 1, [0, 0, 0, 3]), code: S, fault: 'bad_frame' },
  { name: 'RST_STREAM on stream 0', octets: rstStream(0), code: P, fault: 'stream_state' },
  { name: 'RST_STREAM on an idle stream', octets: rstStream(1), code: P, fault: 'stream_state' },
  { name: 'RST_STREAM of 3 octets', octets: join(OPEN, frame(FRAME.rstStream, 0, 1, [0, 0, 8])), code: S, fault: 'bad_frame' },
  { name: 'SETTINGS on a stream', octets: frame(FRAME.settings, 0, 1), code: P, fault: 'bad_frame' },
  { name: 'SETTINGS of 5 octets', octets: frame(FRAME.settings, 0, 0, [0, 4, 0, 0, 1]), code: S, fault: 'bad_frame' },
  { name: 'SETTINGS with ACK and octets', octets: frame(FRAME.settings, 1, 0, [0, 4, 0, 0, 0, 1]), code: S, fault: 'bad_frame' },
  { name: 'ENABLE_PUSH of 2', octets: setting(2, 2), code: P, fault: 'bad_frame' },
  { name: 'INITIAL_WINDOW_SIZE of 2^31', octets: setting(4, 2 ** 31), code: H2_CODE.flowControlError, fault: 'bad_frame' },
  { name: 'MAX_FRAME_SIZE of 16383', octets: setting(5, 16_383), code: P, fault: 'bad_frame' },
  { name: 'MAX_FRAME_SIZE of 2^24', octets: setting(5, 2 ** 24), code: P, fault: 'bad_frame' },
  { name: 'ENABLE_CONNECT_PROTOCOL of 2', octets: setting(8, 2), code: P, fault: 'bad_frame' },
  { name: 'PUSH_PROMISE', octets: frame(FRAME.pushPromise, 4, 1, [0, 0, 0, 2]), code: P, fault: 'stream_state' },
  { name: 'PING on a stream', octets: frame(FRAME.ping, 0, 1, new Uint8Array(8)), code: P, fault: 'bad_frame' },
  { name: 'PING of 7 octets', octets: frame(FRAME.ping, 0, 0, new Uint8Array(7)), code: S, fault: 'bad_frame' },
  { name: 'GOAWAY on a stream', octets: frame(FRAME.goaway, 0, 1, new Uint8Array(8)), code: P, fault: 'bad_frame' },
  { name: 'GOAWAY of 4 octets', octets: frame(FRAME.goaway, 0, 0, new Uint8Array(4)), code: S, fault: 'bad_frame' },
  { name: 'WINDOW_UPDATE of 3 octets', octets: frame(FRAME.windowUpdate, 0, 0, [0, 0, 1]), code: S, fault: 'bad_frame' },
  { name: 'WINDOW_UPDATE of 0', octets: windowUpdate(0, 0), code: P, fault: 'window_fault' },
  { name: 'WINDOW_UPDATE on an idle stream', octets: windowUpdate(1, 1), code: P, fault: 'stream_state' },
  { name: 'a connection window above 2^31-1', octets: windowUpdate(0, 0x7fff_ffff), code: H2_CODE.flowControlError, fault: 'window_fault' },
  { name: 'a stream window above 2^31-1 by SETTINGS', octets: join(OPEN, windowUpdate(1, 0x7fff_0000), setting(4, 0x7fff_ffff)), code: H2_CODE.flowControlError, fault: 'window_fault' },
]

/** Faults that end one stream that was open; the connection goes on. RFC 9113 §5.4.2. */
export const STREAM_FAULTS: readonly H2FaultCase[] = [
  { name: 'DATA behind the end', octets: join(HALF_CLOSED, frame(FRAME.data, 0, 1, [1])), code: H2_CODE.streamClosed, fault: 'stream_state' },
  { name: 'HEADERS behind the end', octets: join(HALF_CLOSED, headers(1, [['x', 'y']], { isEnd: true })), code: H2_CODE.streamClosed, fault: 'stream_state' },
  { name: 'a second head', octets: join(OPEN, headers(1, [['x', 'y']])), code: P, fault: 'stream_state' },
  { name: 'a pseudo-header in trailers', octets: join(OPEN, headers(1, [[':path', '/']], { isEnd: true })), code: P, fault: 'bad_pseudo_header' },
  { name: 'transfer-encoding in trailers', octets: join(OPEN, headers(1, [['transfer-encoding', 'chunked']], { isEnd: true })), code: P, fault: 'bad_field' },
  { name: 'trailers above 16 KiB', octets: join(OPEN, headers(1, [['a', 'b'.repeat(16_360)]], { isEnd: true })), code: P, fault: 'head_too_large' },
  { name: 'upper case in trailers', octets: join(OPEN, headers(1, [['X-a', 'b']], { isEnd: true })), code: P, fault: 'bad_field' },
  { name: 'trailers on a tunnel', octets: join(headers(1, [[':method', 'CONNECT'], [':authority', 'a:1']]), headers(1, [['x', 'y']], { isEnd: true })), code: P, fault: 'stream_state' },
  { name: 'more octets than announced', octets: join(headers(1, [...POST_FIELDS, ['content-length', '1']]), frame(FRAME.data, 0, 1, [1, 2])), code: P, fault: 'bad_framing' },
  { name: 'fewer octets than announced', octets: join(headers(1, [...POST_FIELDS, ['content-length', '3']]), frame(FRAME.data, 1, 1, [1, 2])), code: P, fault: 'bad_framing' },
  { name: 'WINDOW_UPDATE of 0 on a stream', octets: join(OPEN, windowUpdate(1, 0)), code: P, fault: 'window_fault' },
  { name: 'a stream window above 2^31-1', octets: join(OPEN, windowUpdate(1, 0x7fff_ffff)), code: H2_CODE.flowControlError, fault: 'window_fault' },
  { name: 'PRIORITY that depends on itself', octets: join(OPEN, frame(FRAME.priority, 0, 1, [0, 0, 0, 1, 1])), code: P, fault: 'bad_frame' },
]

/** Heads that are answered with the status of their fault, and reset; most could be read otherwise in HTTP/1. */
export const HEAD_FAULTS: readonly H2HeadFaultCase[] = [
  { name: 'no :method', fields: GET_FIELDS.slice(1), fault: 'bad_pseudo_header' },
  { name: 'no :path', fields: GET_FIELDS.filter(([name]) => name !== ':path'), fault: 'bad_pseudo_header' },
  { name: 'no :scheme', fields: GET_FIELDS.filter(([name]) => name !== ':scheme'), fault: 'bad_pseudo_header' },
  { name: 'two :path', fields: [...GET_FIELDS, [':path', '/b']], fault: 'bad_pseudo_header' },
  { name: 'an unknown pseudo-header', fields: [...GET_FIELDS, [':x', '1']], fault: 'bad_pseudo_header' },
  { name: ':status in a request', fields: [...GET_FIELDS, [':status', '200']], fault: 'bad_pseudo_header' },
  { name: 'a pseudo-header behind a field', fields: [...GET_FIELDS.slice(0, 3), ['a', 'b'], [':authority', 'a']], fault: 'bad_pseudo_header' },
  { name: 'h2c as :protocol', fields: [[':method', 'CONNECT'], [':protocol', 'H2C'], ...GET_FIELDS.slice(1)], fault: 'bad_field' },
  { name: ':protocol without CONNECT', fields: [...GET_FIELDS, [':protocol', 'websocket']], fault: 'bad_pseudo_header' },
  { name: 'CONNECT with :path', fields: [[':method', 'CONNECT'], [':authority', 'a:1'], [':path', '/']], fault: 'bad_pseudo_header' },
  { name: 'CONNECT without port', fields: [[':method', 'CONNECT'], [':authority', 'a']], fault: 'bad_target' },
  { name: 'a method with a blank', fields: [[':method', 'GET /x'], ...GET_FIELDS.slice(1)], fault: 'bad_request_line' },
  { name: 'a method with CR LF', fields: [[':method', 'GET\r\nX:'], ...GET_FIELDS.slice(1)], fault: 'bad_request_line' },
  ...['', 'a', '*', '/ HTTP/1.1\r\nX: y', '/a b', '/a\n', '/a\0', '/a#b', '/\x7f', '/\xe9', 'http://a/'].map((path) => ({
    name: `:path ${JSON.stringify(path)}`,
    fields: GET_FIELDS.map(([name, value]) => [name, name === ':path' ? path : value] as const),
    fault: 'bad_target' as const,
  })),
  ...['', 'u@a', 'a b', 'a\r\nX: y', 'a:', 'a:b', 'a/b', 'a:99999'].map((authority) => ({
    name: `:authority ${JSON.stringify(authority)}`,
    fields: GET_FIELDS.map(([name, value]) => [name, name === ':authority' ? authority : value] as const),
    fault: 'bad_host' as const,
  })),
  ...['u@a', 'a b', 'a:b', 'a/b', 'a:99999'].map((host) => ({
    name: `host ${JSON.stringify(host)} in place of :authority`,
    fields: [...GET_FIELDS.filter(([name]) => name !== ':authority'), ['host', host] as const],
    fault: 'bad_host' as const,
  })),
  { name: 'a host that is another', fields: [...GET_FIELDS, ['host', 'b']], fault: 'bad_host' },
  { name: 'two hosts', fields: [...GET_FIELDS, ['host', 'a'], ['host', 'a']], fault: 'bad_host' },
  { name: 'an unknown scheme', fields: GET_FIELDS.map(([name, value]) => [name, name === ':scheme' ? 'ftp' : value] as const), fault: 'bad_target' },
  ...(
    [
      ['transfer-encoding', 'chunked'],
      ['connection', 'close'],
      ['keep-alive', '1'],
      ['proxy-connection', 'close'],
      ['upgrade', 'h2c'],
      ['te', 'gzip'],
      ['X-Upper', 'a'],
      ['a b', 'c'],
      ['a:b', 'c'],
      ['a\r\nb', 'c'],
      ['', 'c'],
      ['a', 'b\r\nc: d'],
      ['a', 'b\nc'],
      ['a', 'b\0'],
      ['a', ' b'],
      ['a', 'b\t'],
      ['cookie', 'a\r\nb: c'],
    ] as const
  ).map((field) => ({ name: `the field ${JSON.stringify(field)}`, fields: [...GET_FIELDS, field], fault: 'bad_field' as const })),
  { name: 'a content-length without body', fields: [...GET_FIELDS, ['content-length', '5']], fault: 'bad_framing' },
  { name: 'two content-lengths', fields: [...GET_FIELDS, ['content-length', '0'], ['content-length', '0']], fault: 'bad_framing' },
  ...['', '+1', '1,1', '0x1', '-1', '1 ', '99999999999999999999'].map((length) => ({
    name: `content-length ${JSON.stringify(length)}`,
    fields: [...GET_FIELDS, ['content-length', length] as const],
    fault: length === '1 ' ? ('bad_field' as const) : ('bad_framing' as const),
  })),
  // Not wrong for want of a body.
  ...['0x1', '1:', '/1', '1a'].map((length) => ({
    name: `content-length ${JSON.stringify(length)} of a body`,
    fields: [...POST_FIELDS, ['content-length', length] as const],
    fault: 'bad_framing' as const,
    hasBody: true as const,
  })),
  { name: 'an unknown expectation', fields: [...GET_FIELDS, ['expect', 'tea']], fault: 'expectation_failed' },
  { name: 'a target that is too long', fields: GET_FIELDS.map(([name, value]) => [name, name === ':path' ? `/${'a'.repeat(2000)}` : value] as const), fault: 'target_too_long' },
  { name: 'too many fields', fields: [...GET_FIELDS, ...Array.from({ length: 130 }, (_, i) => [`a${i}`, 'b'] as const)], fault: 'head_too_large' },
]
