import type { Socket } from 'node:net'
import { FRAMED_MESSAGE, GRPC_BIDI_STREAM } from '../exchanges.ts'
import { type Field, FieldEncoder } from './field-encoder.ts'
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
  SETTING,
} from './frames.ts'
import { ReceivedCount, STREAM_WINDOW_BYTES } from './received-count.ts'

const NOTHING = Buffer.alloc(0)

/** One call. */
export interface Stream {
  readonly id: number
  sentAtMs: number
  /** Octets of the answer to the last message. */
  answeredBytes: number
}

/** What a connection tells whoever counts. */
export interface StreamEvents {
  /** A message was answered. @returns when to send the next: now, later by `sendOn`, or never: the stream is ended. */
  onAnswer(stream: Stream, connection: StreamConnection): 'now' | 'later' | 'never'
  /** A stream or the connection ended before it was to. */
  onBroken(streams: number): void
  /** All streams were ended by both ends, or broke. */
  onFinished(): void
}

/** The client's end of one connection with calls that send message for message, each once the one before was answered. */
export class StreamConnection {
  readonly #socket: Socket
  readonly #events: StreamEvents
  readonly #reader = new FrameReader({ skipBytes: 0 })
  readonly #out = new FrameWriter()
  readonly #streams = new Map<number, Stream>()
  /** Those whose end we have sent. */
  readonly #ending = new Set<number>()
  readonly #received = new ReceivedCount(this.#out)

  constructor(socket: Socket, events: StreamEvents) {
    this.#socket = socket
    this.#events = events
    socket.setNoDelay(true)
    socket.on('data', (chunk) => this.#receive(chunk as Buffer))
    socket.on('error', () => socket.destroy())
    socket.on('close', () => this.#onClose())
  }

  /** Opens `count` calls and sends the first message of each. */
  open(count: number, fields: readonly Field[]): void {
    this.#out.raw(PREFACE)
    this.#out.settings([[SETTING.initialWindowBytes, STREAM_WINDOW_BYTES]])
    this.#out.windowUpdate(0, MAX_WINDOW_BYTES - DEFAULT_WINDOW_BYTES)
    const encoder = new FieldEncoder()
    for (let id = 1; id < 2 * count; id += 2) {
      const stream = { id, sentAtMs: 0, answeredBytes: 0 }
      this.#streams.set(id, stream)
      this.#out.frame(FRAME.headers, FLAG.endHeaders, { streamId: id, payload: encoder.encode(fields) })
      this.#writeMessage(stream)
    }
    this.#flush()
  }

  /** Sends the next message of a stream that was left waiting. */
  sendOn(stream: Stream): void {
    if (!this.#streams.has(stream.id)) return
    this.#writeMessage(stream)
    this.#flush()
  }

  destroy(): void {
    this.#socket.destroy()
  }

  #receive(chunk: Buffer): void {
    this.#reader.read(chunk, this.#onFrame)
    this.#flush()
  }

  readonly #onFrame = (frame: Frame): void => {
    const isAck = (frame.flags & FLAG.ack) !== 0
    if (frame.type === FRAME.settings && !isAck) this.#out.settingsAck()
    if (frame.type === FRAME.ping) this.#out.pingAck(frame)
    if (frame.type === FRAME.rstStream) this.#endStream(frame.streamId)
    if (frame.type === FRAME.data) this.#onData(frame)
    const mayEnd = frame.type === FRAME.data || frame.type === FRAME.headers
    if (mayEnd && (frame.flags & FLAG.endStream) !== 0) this.#endStream(frame.streamId)
  }

  /** A message may come in several frames, and a frame may be the end of one message and no more. */
  #onData(frame: Frame): void {
    this.#received.add(frame.end - frame.start)
    const stream = this.#streams.get(frame.streamId)
    if (stream === undefined) return
    const { start, end } = readDataRange(frame)
    stream.answeredBytes += end - start
    if (stream.answeredBytes < GRPC_BIDI_STREAM.answerBytes) return
    stream.answeredBytes -= GRPC_BIDI_STREAM.answerBytes
    const next = this.#events.onAnswer(stream, this)
    if (next === 'now') this.#writeMessage(stream)
    if (next !== 'never') return
    this.#ending.add(stream.id)
    this.#out.frame(FRAME.data, FLAG.endStream, { streamId: stream.id, payload: NOTHING })
  }

  #writeMessage(stream: Stream): void {
    stream.sentAtMs = performance.now()
    this.#out.frame(FRAME.data, 0, { streamId: stream.id, payload: FRAMED_MESSAGE })
  }

  #endStream(id: number): void {
    if (!this.#streams.delete(id)) return
    if (!this.#ending.delete(id)) this.#events.onBroken(1)
    if (this.#streams.size > 0) return
    this.#events.onFinished()
    this.#socket.end()
  }

  #onClose(): void {
    if (this.#streams.size === 0) return
    this.#events.onBroken(this.#streams.size)
    this.#streams.clear()
    this.#events.onFinished()
  }

  #flush(): void {
    if (this.#out.length > 0 && this.#socket.writable) this.#socket.write(this.#out.take())
  }
}
