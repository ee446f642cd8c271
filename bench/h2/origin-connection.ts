import type { Socket } from 'node:net'
import { FieldEncoder } from './field-encoder.ts'
import { FrameWriter } from './frame-writer.ts'
import {
  DEFAULT_WINDOW_BYTES,
  FLAG,
  FRAME,
  type Frame,
  FrameReader,
  MAX_WINDOW_BYTES,
  PREFACE,
  readDataRange,
  readSetting,
  SETTING,
} from './frames.ts'
import { ReceivedCount, STREAM_WINDOW_BYTES } from './received-count.ts'
import type { Service } from './services.ts'

const MOST_STREAMS = 10_000
const NOTHING = Buffer.alloc(0)

interface Stream {
  readonly id: number
  windowBytes: number
  /** What is to be sent, from `sentBytes` on. */
  body: Buffer
  sentBytes: number
  /** Whether nothing follows `body` but the end. */
  isComplete: boolean
}

/**
 * The server's end of one connection that speaks HTTP/2 in clear, by prior knowledge. It does not read what it is asked, so it
 * costs little beside the proxies; windows are kept, so that it can be stopped by whoever reads slowly.
 */
export class OriginConnection {
  readonly #socket: Socket
  readonly #service: Service
  readonly #reader = new FrameReader({ skipBytes: PREFACE.length })
  readonly #out = new FrameWriter()
  readonly #fields = new FieldEncoder()
  readonly #streams = new Map<number, Stream>()
  /** Those that have something to send. */
  readonly #sending = new Set<Stream>()
  #windowBytes = DEFAULT_WINDOW_BYTES
  #streamWindowBytes = DEFAULT_WINDOW_BYTES
  readonly #received = new ReceivedCount(this.#out)

  constructor(socket: Socket, service: Service) {
    this.#socket = socket
    this.#service = service
    this.#out.settings([
      [SETTING.maxStreams, MOST_STREAMS],
      [SETTING.initialWindowBytes, STREAM_WINDOW_BYTES],
    ])
    this.#out.windowUpdate(0, MAX_WINDOW_BYTES - DEFAULT_WINDOW_BYTES)
    socket.setNoDelay(true)
    socket.on('data', (chunk) => this.#receive(chunk as Buffer))
    socket.on('drain', () => this.#send())
    socket.on('error', () => socket.destroy())
    this.#send()
  }

  #receive(chunk: Buffer): void {
    this.#reader.read(chunk, this.#onFrame)
    this.#send()
  }

  readonly #onFrame = (frame: Frame): void => {
    switch (frame.type) {
      case FRAME.headers:
        this.#onHeaders(frame)
        break
      case FRAME.data:
        this.#onData(frame)
        break
      case FRAME.rstStream:
        this.#forget(frame.streamId)
        break
      case FRAME.windowUpdate:
        this.#onWindowUpdate(frame.streamId, frame.bytes.readUInt32BE(frame.start))
        break
      case FRAME.settings:
        this.#onSettings(frame)
        break
      case FRAME.ping:
        this.#out.pingAck(frame)
        break
      default:
        break
    }
  }

  /** A first HEADERS frame opens the stream, a second one brings trailers. CONTINUATION frames may follow and are ignored. */
  #onHeaders({ streamId: id, flags }: Frame): void {
    if (!this.#streams.has(id)) {
      const stream = { id, windowBytes: this.#streamWindowBytes, body: NOTHING, sentBytes: 0, isComplete: false }
      this.#streams.set(id, stream)
      if (this.#service.kind === 'echo') this.#writeHead(id)
    }
    if ((flags & FLAG.endStream) !== 0) this.#onEnd(id)
  }

  #onData(frame: Frame): void {
    this.#received.add(frame.end - frame.start)
    const stream = this.#streams.get(frame.streamId)
    if (stream === undefined) return
    if (this.#service.kind === 'echo') {
      const { start, end } = readDataRange(frame)
      const part = frame.bytes.subarray(start, end)
      const rest = stream.body.subarray(stream.sentBytes)
      stream.body = rest.length === 0 ? part : Buffer.concat([rest, part])
      stream.sentBytes = 0
      this.#sending.add(stream)
    }
    if ((frame.flags & FLAG.endStream) !== 0) this.#onEnd(frame.streamId)
  }

  #onEnd(id: number): void {
    const stream = this.#streams.get(id)
    if (stream === undefined) return
    if (this.#service.kind === 'whole') {
      this.#writeHead(id)
      stream.body = this.#service.body
    }
    stream.isComplete = true
    this.#sending.add(stream)
  }

  #onWindowUpdate(id: number, increment: number): void {
    if (id === 0) {
      this.#windowBytes += increment
      return
    }
    const stream = this.#streams.get(id)
    if (stream !== undefined) stream.windowBytes += increment
  }

  #onSettings(frame: Frame): void {
    if ((frame.flags & FLAG.ack) !== 0) return
    const tableBytes = readSetting(frame, SETTING.headerTableBytes)
    if (tableBytes !== undefined) this.#fields.setPeerTableBytes(tableBytes)
    const windowBytes = readSetting(frame, SETTING.initialWindowBytes)
    if (windowBytes !== undefined) {
      for (const stream of this.#streams.values()) stream.windowBytes += windowBytes - this.#streamWindowBytes
      this.#streamWindowBytes = windowBytes
    }
    this.#out.settingsAck()
  }

  #send(): void {
    for (const stream of this.#sending) {
      if (this.#windowBytes <= 0 || this.#socket.writableNeedDrain) break
      this.#sendStream(stream)
    }
    if (this.#out.length > 0 && this.#socket.writable) this.#socket.write(this.#out.take())
  }

  #sendStream(stream: Stream): void {
    const { frameBytes, trailers } = this.#service
    while (stream.sentBytes < stream.body.length) {
      const mostBytes = Math.min(frameBytes, stream.windowBytes, this.#windowBytes)
      if (mostBytes <= 0) return
      const payload = stream.body.subarray(stream.sentBytes, stream.sentBytes + mostBytes)
      stream.sentBytes += payload.length
      stream.windowBytes -= payload.length
      this.#windowBytes -= payload.length
      const isLast = trailers === undefined && stream.isComplete && stream.sentBytes === stream.body.length
      this.#out.frame(FRAME.data, isLast ? FLAG.endStream : 0, { streamId: stream.id, payload })
    }
    this.#sending.delete(stream)
    if (!stream.isComplete) return
    if (trailers !== undefined) {
      const payload = this.#fields.encode(trailers)
      this.#out.frame(FRAME.headers, FLAG.endHeaders | FLAG.endStream, { streamId: stream.id, payload })
    }
    this.#streams.delete(stream.id)
  }

  #writeHead(streamId: number): void {
    this.#out.frame(FRAME.headers, FLAG.endHeaders, { streamId, payload: this.#fields.encode(this.#service.head) })
  }

  #forget(id: number): void {
    const stream = this.#streams.get(id)
    if (stream === undefined) return
    this.#streams.delete(id)
    this.#sending.delete(stream)
  }
}
