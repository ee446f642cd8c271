import { connect, type Socket } from 'node:net'
import { HpackDecoder } from '../../packages/http/src/h2/hpack/decoder.ts'
import { FLAG, FRAME, frame, PREFACE, settings } from './h2-frames.ts'
import { until } from './until.ts'

export interface ReceivedFrame {
  readonly type: number
  readonly flags: number
  readonly stream: number
  readonly payload: Buffer
}

const FRAME_HEAD_OCTETS = 9
const HPACK_LIMITS = { maxTableBytes: 4096, maxListBytes: 65_536, maxEntries: 200 }

/** A client of HTTP/2 that writes whatever octets it is told to, and keeps all frames that come back. */
export class H2Peer {
  readonly frames: ReceivedFrame[] = []
  isClosed = false
  readonly #socket: Socket
  readonly #decoder = new HpackDecoder(HPACK_LIMITS)
  readonly #statuses = new Map<number, string>()
  #rest = Buffer.alloc(0)

  private constructor(socket: Socket) {
    this.#socket = socket
    socket.on('error', () => undefined)
    socket.on('close', () => {
      this.isClosed = true
    })
    socket.on('end', () => {
      this.isClosed = true
    })
    socket.on('data', (bytes: Buffer) => this.#read(bytes))
  }

  /** Connects without a word. */
  static async connect(port: number): Promise<H2Peer> {
    const socket = connect(port, '127.0.0.1')
    const peer = new H2Peer(socket)
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', () => resolve())
      socket.once('error', reject)
    })
    return peer
  }

  /** Connects, and shakes hands as far as that needs no answer. */
  static async start(port: number, ...ownSettings: readonly (readonly [number, number])[]): Promise<H2Peer> {
    const peer = await H2Peer.connect(port)
    peer.write(PREFACE, settings(...ownSettings))
    return peer
  }

  write(...octets: readonly Buffer[]): void {
    if (!this.#socket.destroyed) this.#socket.write(Buffer.concat(octets))
  }

  /** Writes `chunk` until the other side ends the connection, at most `times` times; resolves with how often. */
  async flood(chunk: Buffer, times: number): Promise<number> {
    for (let count = 0; count < times; count++) {
      if (this.isClosed || this.#socket.destroyed) return count
      const isTaken = this.#socket.write(chunk)
      // Also without back-pressure others must have their turn: the answers are to be read.
      await new Promise((resolve) =>
        isTaken ? setImmediate(resolve) : this.#socket.once('drain', resolve).once('close', resolve),
      )
    }
    return times
  }

  stopReading(): void {
    this.#socket.pause()
  }

  destroy(): void {
    this.#socket.destroy()
  }

  /** Error code of the GOAWAY that came, unless it was a mere announcement. */
  get goAwayCode(): number | undefined {
    return this.frames.findLast(({ type }) => type === FRAME.goAway)?.payload.readUInt32BE(4)
  }

  /** Error code with which the stream was reset. */
  resetCode(stream: number): number | undefined {
    return this.frames
      .find((candidate) => candidate.type === FRAME.rstStream && candidate.stream === stream)
      ?.payload.readUInt32BE(0)
  }

  /** Status of the answer on the stream. */
  status(stream: number): string | undefined {
    return this.#statuses.get(stream)
  }

  bodyOf(stream: number): string {
    const chunks = this.frames.filter((candidate) => candidate.type === FRAME.data && candidate.stream === stream)
    return Buffer.concat(chunks.map(({ payload }) => payload)).toString()
  }

  /** Waits until the connection has ended. */
  async closed(deadlineMs?: number): Promise<void> {
    await until('the connection has ended', () => this.isClosed, deadlineMs)
  }

  #read(bytes: Buffer): void {
    this.#rest = Buffer.concat([this.#rest, bytes])
    while (this.#rest.length >= FRAME_HEAD_OCTETS) {
      const end = FRAME_HEAD_OCTETS + this.#rest.readUIntBE(0, 3)
      if (this.#rest.length < end) return
      const received = {
        type: this.#rest[3]!,
        flags: this.#rest[4]!,
        stream: this.#rest.readUInt32BE(5),
        payload: this.#rest.subarray(FRAME_HEAD_OCTETS, end),
      }
      this.#rest = this.#rest.subarray(end)
      this.#take(received)
    }
  }

  #take(received: ReceivedFrame): void {
    this.frames.push(received)
    const { type, flags, stream, payload } = received
    if (type === FRAME.settings && (flags & FLAG.ack) === 0) this.write(frame(FRAME.settings, { flags: FLAG.ack }))
    // Answers in these tests fit in one frame.
    if (type !== FRAME.headers) return
    const [first] = this.#decoder.decode(payload, 0, payload.length)
    if (first?.name === ':status') this.#statuses.set(stream, first.value)
  }
}
