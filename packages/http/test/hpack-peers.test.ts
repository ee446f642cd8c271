import { Buffer } from 'node:buffer'
import { once } from 'node:events'
import http2 from 'node:http2'
import net from 'node:net'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { HpackDecoder } from '../src/h2/hpack/decoder.ts'
import { DEFAULT_TABLE_BYTES } from '../src/h2/hpack/dynamic-table.ts'
import { HpackEncoder } from '../src/h2/hpack/encoder.ts'
import { entryOf } from '../src/h2/hpack/entry-cache.ts'
import { GrowingSink } from './growing-sink.ts'

const PREFACE = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'
const HEAD_OCTETS = 9
const HEADERS = 1
const SETTINGS = 4
const END_STREAM = 1
const ACK = 1
const END_HEADERS = 4
const PRIORITY = 0x20
const HEADER_TABLE_SIZE = 1
const LIMITS = { maxListBytes: 65_536, maxEntries: 100 }

interface Frame {
  readonly type: number
  readonly flags: number
  readonly payload: Buffer
}

type Line = readonly [name: string, value: string]

const visible = fc.string({
  unit: fc.integer({ min: 0x21, max: 0x7e }).map((code) => String.fromCharCode(code)),
  minLength: 1,
  maxLength: 40,
})
const name = fc.oneof(
  fc.constantFrom('accept', 'etag', 'x-request-id', 'x-a', 'x-b', 'grpc-timeout', 'cache-control'),
  fc
    .string({ unit: fc.constantFrom(...'abcdefghijklmnopqrstuvwxyz0123456789-'), minLength: 1, maxLength: 12 })
    .map((rest) => `x-${rest}`),
)
const value = fc.oneof(fc.constantFrom('0', '1', 'gzip', 'a/b', 'x'.repeat(120)), visible)
const lines = fc
  .tuple(
    fc.constantFrom('/', '/a', '/b?c', '/service/Method'),
    fc.uniqueArray(fc.tuple(name, value), { maxLength: 8, selector: ([key]) => key }),
  )
  .map(([path, fields]): readonly Line[] => [
    [':method', 'GET'],
    [':scheme', 'http'],
    [':authority', 'a.test'],
    [':path', path],
    ...fields,
  ])
const REQUESTS = fc.sample(lines, { numRuns: 150, seed: 20_261_121 })

function frame(type: number, flags: number, rest: { readonly streamId: number; readonly payload: Uint8Array }): Buffer {
  const head = Buffer.alloc(HEAD_OCTETS)
  head.writeUIntBE(rest.payload.length, 0, 3)
  head[3] = type
  head[4] = flags
  head.writeUInt32BE(rest.streamId, 5)
  return Buffer.concat([head, rest.payload])
}

function settings(tableBytes: number): Buffer {
  const payload = Buffer.alloc(6)
  payload.writeUInt16BE(HEADER_TABLE_SIZE, 0)
  payload.writeUInt32BE(tableBytes, 2)
  return frame(SETTINGS, 0, { streamId: 0, payload })
}

const SETTINGS_ACK = frame(SETTINGS, ACK, { streamId: 0, payload: Buffer.alloc(0) })

/** Calls `onFrame` for each frame of what comes, which begins at octet `from` of the connection. */
function readFrames(socket: net.Socket, from: number, onFrame: (frame: Frame) => void): void {
  let held = Buffer.alloc(0)
  let skip = from
  socket.on('error', () => undefined)
  socket.on('data', (bytes: Buffer) => {
    held = Buffer.concat([held, bytes])
    if (held.length < skip) return
    held = held.subarray(skip)
    skip = 0
    while (held.length >= HEAD_OCTETS && held.length >= HEAD_OCTETS + held.readUIntBE(0, 3)) {
      const end = HEAD_OCTETS + held.readUIntBE(0, 3)
      onFrame({ type: held[3]!, flags: held[4]!, payload: held.subarray(HEAD_OCTETS, end) })
      held = held.subarray(end)
    }
  })
}

function sorted(fields: readonly Line[]): string[] {
  return fields.map(([key, text]) => `${key}: ${text}`).sort()
}

// On Bun node:http2 is not nghttp2, but a codec that does not say when its table shrinks, against RFC 7541 §4.2.
describe.skipIf(process.versions.bun !== undefined)('HPACK with nghttp2', () => {
  test.each([{ tableBytes: DEFAULT_TABLE_BYTES }, { tableBytes: 200 }])(
    'what the node:http2 client encodes with a table of $tableBytes octets is decoded',
    async ({ tableBytes }) => {
      const decoder = new HpackDecoder({ ...LIMITS, maxTableBytes: tableBytes })
      const received: string[][] = []
      const all = Promise.withResolvers<void>()
      const acknowledged = Promise.withResolvers<void>()
      const server = net.createServer((socket) => {
        socket.write(settings(tableBytes))
        readFrames(socket, PREFACE.length, ({ type, flags, payload }) => {
          if (type === SETTINGS && flags === ACK) {
            decoder.settingsAcknowledged()
            acknowledged.resolve()
          } else if (type === SETTINGS) {
            socket.write(SETTINGS_ACK)
          }
          if (type !== HEADERS) return
          expect(flags & END_HEADERS).toBe(END_HEADERS)
          const start = (flags & PRIORITY) !== 0 ? 5 : 0
          const entries = decoder.decode(payload, start, payload.length)
          received.push(sorted(entries.map((entry): Line => [entry.name, entry.value])))
          if (received.length === REQUESTS.length) all.resolve()
        })
      })
      server.listen(0, '127.0.0.1')
      await once(server, 'listening')
      const { port } = server.address() as net.AddressInfo
      const session = http2.connect(`http://127.0.0.1:${port}`)
      session.on('error', () => undefined)
      await acknowledged.promise
      for (const request of REQUESTS) session.request(Object.fromEntries(request)).on('error', () => undefined)
      await all.promise
      session.destroy()
      server.close()
      expect(received).toEqual(REQUESTS.map(sorted))
    },
  )

  test.each([{ tableBytes: DEFAULT_TABLE_BYTES }, { tableBytes: 200 }])(
    'what is encoded for a table of $tableBytes octets is decoded by the node:http2 server',
    async ({ tableBytes }) => {
      const received: string[][] = []
      const all = Promise.withResolvers<void>()
      const server = http2.createServer({ settings: { headerTableSize: tableBytes, maxConcurrentStreams: 1000 } })
      server.on('sessionError', all.reject)
      server.on('stream', (stream, headers) => {
        stream.on('error', () => undefined)
        received.push(sorted(Object.entries(headers).map(([key, text]): Line => [key, String(text)])))
        stream.respond({ ':status': 204 }, { endStream: true })
        if (received.length === REQUESTS.length) all.resolve()
      })
      server.listen(0, '127.0.0.1')
      await once(server, 'listening')
      const socket = net.connect((server.address() as net.AddressInfo).port, '127.0.0.1')
      const encoder = new HpackEncoder({ maxTableBytes: 4096 })
      const settled = Promise.withResolvers<void>()
      readFrames(socket, 0, ({ type, flags, payload }) => {
        if (type !== SETTINGS || flags === ACK) return
        for (let at = 0; at < payload.length; at += 6) {
          if (payload.readUInt16BE(at) === HEADER_TABLE_SIZE) encoder.setPeerTableBytes(payload.readUInt32BE(at + 2))
        }
        socket.write(SETTINGS_ACK)
        settled.resolve()
      })
      socket.write(Buffer.concat([Buffer.from(PREFACE, 'latin1'), settings(DEFAULT_TABLE_BYTES)]))
      await settled.promise
      const out = new GrowingSink()
      REQUESTS.forEach((request, at) => {
        encoder.begin(out)
        for (const [key, text] of request) encoder.encode(entryOf(key, text), out)
        socket.write(frame(HEADERS, END_HEADERS | END_STREAM, { streamId: 1 + 2 * at, payload: out.take() }))
      })
      await all.promise
      socket.destroy()
      server.close()
      expect(received).toEqual(REQUESTS.map(sorted))
    },
  )
})
