import { toKeep } from '@heddle/base/copy-of'
import { messageOf } from '@heddle/base/message-of'
import type { ClientSession, ServerSession, StreamReset, Transport } from '@heddle/http/session'
import type { ByteSocket } from '../platform/byte-socket.ts'
import { readNow } from '../platform/read-now.ts'
import { resetSocket } from '../platform/reset.ts'
import { writeNow } from '../platform/write-now.ts'
import type { TrafficSeries } from '../workload.ts'
import type { Flushable, Turn } from './turn.ts'

/** A socket, and the TCP socket beneath where it is TLS. */
export interface SocketPair {
  readonly socket: ByteSocket
  readonly raw: ByteSocket | undefined
}

/** Who wants to know what becomes of a socket. */
export interface HttpSocketOwner {
  /** Octets came and the session has taken them. */
  received(): void
  /** The other side has ended its sending; the session has been told. */
  ended(): void
  /** The last octet of ours has been said: it is the other side's turn to end. */
  finished(): void
  /** The socket is gone; the session has been told. */
  closed(): void
}

const NOTHING = Buffer.alloc(0)

/** A socket as an HTTP session wants it: octets in by events, out once a turn, counted both ways. */
export class HttpSocket implements Transport, Flushable {
  readonly socket: ByteSocket
  readBytes = 0
  writtenBytes = 0
  /** Counters of the other side, as soon as it is known who that is. */
  #series: TrafficSeries | undefined
  readonly #raw: ByteSocket | undefined
  readonly #turn: Turn
  #session!: ClientSession | ServerSession
  #owner!: HttpSocketOwner
  #isBlocked = false
  /** Whether several exchanges went on when it was flushed last. */
  #wasShared = false
  #isEnding = false
  #reset: StreamReset | undefined

  constructor(pair: SocketPair, turn: Turn) {
    this.socket = pair.socket
    this.#raw = pair.raw
    this.#turn = turn
  }

  /** Begins to feed `session`. */
  attach(session: ClientSession | ServerSession, owner: HttpSocketOwner): void {
    this.#session = session
    this.#owner = owner
    const { socket } = this
    readNow(socket, this.#onData)
    socket.on('end', this.#onEnd)
    socket.on('error', this.#onError)
    socket.on('close', this.#onClose)
  }

  /** Counts the connection and its octets there, those that went before as well. */
  countIn(series: TrafficSeries | undefined): void {
    this.#series = series
    if (series === undefined) return
    series.connectionOpened()
    if (this.readBytes > 0) series.addReadBytes(this.readBytes)
    if (this.writtenBytes > 0) series.addWrittenBytes(this.writtenBytes)
  }

  /** Feeds octets that were read before {@link attach}. */
  feed(bytes: Uint8Array): void {
    this.#onData(bytes)
  }

  /** An end that came before {@link attach}. */
  feedEnd(): void {
    this.#onEnd()
  }

  write(bytes: Uint8Array, start: number, end: number): boolean {
    const { socket } = this
    if (this.#isEnding) return true
    const length = end - start
    // Nobody else writes: the stream holds something only while we wait for it.
    const taken = this.#isBlocked ? 0 : writeNow(socket, bytes, { start, end })
    if (taken < length && socket.destroyed) return true
    this.writtenBytes += length
    this.#series?.addWrittenBytes(length)
    if (taken === length) return true
    // What is left waits as long as the peer likes, and may be a small part of what came for many.
    socket.write(toKeep(bytes, start + taken, end))
    if (socket.writableLength === 0) return true
    if (!this.#isBlocked) {
      this.#isBlocked = true
      // 'drain' comes only above the high-water mark; the callback of an empty write comes always.
      socket.write(NOTHING, this.#onUnblocked)
    }
    return false
  }

  wantsFlush(): void {
    if (this.#wasShared || this.#isShared) this.#turn.wantsLast(this)
    else this.#turn.wants(this)
  }

  flush(): void {
    this.#wasShared = this.#isShared
    try {
      this.#session.flush()
    } catch (error) {
      this.#endByBug(error)
    }
  }

  pauseReading(): void {
    this.socket.pause()
  }

  resumeReading(): void {
    this.socket.resume()
  }

  end(): void {
    if (this.#isEnding || this.socket.destroyed) return
    this.#isEnding = true
    this.socket.end(this.#onFinished)
  }

  abort(): void {
    resetSocket(this.socket, this.#raw)
  }

  get isEnding(): boolean {
    return this.#isEnding
  }

  /** Whether several exchanges go on: others may be about to write here as well. */
  get #isShared(): boolean {
    return this.#session.protocol === 'http2' && this.#session.activeStreams > 1
  }

  /** The session, or whoever it told, failed in a way it should not: it ends with its connection, and all others go on. */
  #endByBug(error: unknown): void {
    this.#turn.onBug('connection', error)
    this.#destroySession({ kind: 'bug', detail: messageOf(error) })
  }

  #destroySession(reset: StreamReset): void {
    try {
      this.#session.destroy(reset)
    } catch (error) {
      this.#turn.onBug('connection', error)
    }
  }

  readonly #onData = (bytes: Uint8Array): void => {
    const turn = this.#turn
    turn.enter()
    try {
      this.readBytes += bytes.length
      this.#series?.addReadBytes(bytes.length)
      this.#session.receive(bytes)
      this.#owner.received()
    } catch (error) {
      this.#endByBug(error)
    } finally {
      turn.leave()
    }
  }

  readonly #onEnd = (): void => {
    this.#turn.enter()
    try {
      this.#session.receiveEnd()
      this.#owner.ended()
    } catch (error) {
      this.#endByBug(error)
    } finally {
      this.#turn.leave()
    }
  }

  readonly #onFinished = (): void => {
    if (!this.socket.destroyed) this.#owner.finished()
  }

  readonly #onUnblocked = (): void => {
    this.#isBlocked = false
    if (this.socket.destroyed) return
    this.#turn.enter()
    try {
      this.#session.transportDrained()
    } catch (error) {
      this.#endByBug(error)
    } finally {
      this.#turn.leave()
    }
  }

  readonly #onError = (error: Error): void => {
    this.#reset ??= { kind: 'peer-closed', detail: error.message }
  }

  readonly #onClose = (): void => {
    this.#turn.enter()
    try {
      this.#destroySession(this.#reset ?? { kind: 'peer-closed', detail: 'connection closed' })
      this.#owner.closed()
      this.#series?.connectionClosed(undefined)
    } catch (error) {
      this.#turn.onBug('connection', error)
    } finally {
      this.#turn.leave()
    }
  }
}
