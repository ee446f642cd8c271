import { Buffer } from 'node:buffer'
import { FRAME } from '../src/h2/frame-types.ts'
import { block, frame, framesOf, GET_FIELDS, headers, POST_FIELDS, rstStream, SETTINGS, windowUpdate } from '../test/h2-frames.ts'
import { CONNECTION_FAULTS, HEAD_FAULTS, STREAM_FAULTS } from './h2-faults.ts'
import { HPACK_CONNECTIONS } from './hpack-examples.ts'

/** Frames that one side of a connection sends, in order. */
export type Talk = readonly Buffer[]

const { data, headers: HEADERS, continuation, ping, goaway, priority, settings } = FRAME
const PING = frame(ping, 0, 0, [1, 2, 3, 4, 5, 6, 7, 8])
const CONNECT_WEB_SOCKET = [
  [':method', 'CONNECT'],
  [':protocol', 'websocket'],
  ...GET_FIELDS.slice(1),
  ['sec-websocket-version', '13'],
] as const
const COOKIES = [...POST_FIELDS, ['content-length', '5'], ['cookie', 'a=b'], ['cookie', 'c=d'], ['te', 'trailers']] as const
const HELLO = Buffer.from('hello')

/** Header blocks of one connection on streams of their own. */
function blocksAsTalk(blocks: readonly string[], firstId: number): Talk {
  return blocks.map((hex, at) => frame(HEADERS, 5, firstId + at * 2, Buffer.from(hex, 'hex')))
}

function wordSetting(id: number, value: number): Buffer {
  const payload = Buffer.alloc(6)
  payload.writeUInt16BE(id, 0)
  payload.writeUInt32BE(value, 2)
  return frame(settings, 0, 0, payload)
}

/** What clients may send behind their preface and SETTINGS; all is right. */
const CLIENT_TALKS: readonly Talk[] = [
  [headers(1, COOKIES), frame(data, 8, 1, [2, 1, 2, 3, 0, 0]), PING, headers(3, GET_FIELDS, { isEnd: true }), frame(data, 0, 1, [4, 5]), headers(1, [['x-sum', '5']], { isEnd: true }), windowUpdate(0, 5)],
  [headers(1, POST_FIELDS), headers(3, POST_FIELDS), frame(data, 0, 1, HELLO), frame(data, 1, 3, HELLO), frame(data, 1, 1), windowUpdate(3, 100)],
  [frame(HEADERS, 0, 1, block(GET_FIELDS.slice(0, 2))), frame(continuation, 0, 1, block(GET_FIELDS.slice(2))), frame(continuation, 4, 1), frame(data, 1, 1, HELLO)],
  [frame(HEADERS, 0x2d, 1, [1, 0, 0, 0, 3, 9, ...block([...GET_FIELDS, ['expect', '100-continue']]), 0]), frame(priority, 0, 5, [0, 0, 0, 1, 200])],
  [headers(1, CONNECT_WEB_SOCKET), frame(data, 0, 1, [0x81, 2, 0x68, 0x69]), frame(data, 1, 1)],
  [headers(1, [[':method', 'CONNECT'], [':authority', 'a:1']]), frame(data, 0, 1, HELLO), frame(data, 1, 1, HELLO)],
  [headers(1, POST_FIELDS), rstStream(1), headers(3, GET_FIELDS, { isEnd: true }), rstStream(3), headers(5, GET_FIELDS, { isEnd: true })],
  [wordSetting(4, 1), wordSetting(3, 5), wordSetting(1, 64), headers(1, [[':method', 'HEAD'], ...GET_FIELDS.slice(1)], { isEnd: true }), wordSetting(4, 70_000), windowUpdate(1, 70_000), frame(settings, 1, 0)],
  [headers(1, [...POST_FIELDS, ['content-length', '16384']]), frame(data, 1, 1, Buffer.alloc(16_384, 7)), frame(goaway, 0, 0, new Uint8Array(8)), PING],
  ...HPACK_CONNECTIONS.slice(0, 2).map((blocks) => blocksAsTalk(blocks, 1)),
]

function status(streamId: number, code: string, isEnd = false): Buffer {
  return headers(streamId, [[':status', code]], { isEnd })
}

/**
 * What servers may answer, behind their SETTINGS, to `ASKED` of the fuzzer: GET on stream 1, HEAD on 3, a POST that goes on on 5, a
 * WebSocket on 7, CONNECT on 9.
 */
export const SERVER_TALKS: readonly Talk[] = [
  [headers(1, [[':status', '200'], ['content-length', '5'], ['set-cookie', 'a=b']]), frame(data, 1, 1, HELLO), headers(3, [[':status', '200'], ['content-length', '5']], { isEnd: true }), status(5, '204', true)],
  [status(5, '100'), status(5, '103'), status(5, '200'), frame(data, 8, 5, [1, 7, 8, 0]), headers(5, [['grpc-status', '0']], { isEnd: true })],
  [status(7, '200'), frame(data, 0, 7, [0x81, 2, 0x68, 0x69]), frame(data, 1, 7), status(9, '200'), frame(data, 0, 9, HELLO), rstStream(9)],
  [status(7, '403', true), headers(9, [[':status', '502'], ['content-length', '5']]), frame(data, 1, 9, HELLO), rstStream(1, 7), rstStream(5, 0)],
  [wordSetting(3, 0), wordSetting(4, 0), wordSetting(1, 0), windowUpdate(5, 9), PING, frame(settings, 1, 0), status(1, '304', true)],
  [status(1, '200'), frame(goaway, 0, 0, [0, 0, 0, 5, 0, 0, 0, 0]), frame(data, 1, 1, Buffer.alloc(16_384, 7)), status(5, '200', true), rstStream(5, 0), status(3, '404', true)],
  [frame(HEADERS, 0x29, 1, [0, 0, 0, 0, 3, 9, 0x88]), frame(continuation, 0, 1), frame(continuation, 4, 1, block([['x-a', 'b']]))],
  ...HPACK_CONNECTIONS.slice(2, 4).map((blocks) => blocksAsTalk(blocks.slice(1), 1)),
]

const FAULTS: readonly Talk[] = [...CONNECTION_FAULTS, ...STREAM_FAULTS]
  .filter(({ octets }) => octets.length < 1000)
  .map(({ octets }) => split(octets))
const WRONG_HEADS: readonly Talk[] = HEAD_FAULTS.map(({ fields }) => [headers(1, fields, { isEnd: true })])

/** What clients may send, and what they may not; for a fuzzer to change. */
export const ALL_CLIENT_TALKS: readonly Talk[] = [...CLIENT_TALKS, ...CLIENT_TALKS, ...FAULTS, ...WRONG_HEADS]

function split(octets: Buffer): Talk {
  return framesOf(octets).map(({ type, flags, streamId, payload }) => frame(type, flags, streamId, payload))
}

/** What a side begins with; a server says that it takes extended CONNECT. */
export const SERVER_SETTINGS = wordSetting(8, 1)
export const CLIENT_SETTINGS = SETTINGS
