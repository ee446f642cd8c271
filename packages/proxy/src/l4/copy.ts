import type { SocketPair } from '../net/http-socket.ts'
import type { ByteSocket } from '../platform/byte-socket.ts'
import { readNow } from '../platform/read-now.ts'
import { resetSocket } from '../platform/reset.ts'

/** Who wants to know how a copy goes. `left` is the side that opened the connection. */
export interface CopyOwner {
  /** Octets went from one side to the other. */
  moved(from: 'left' | 'right', bytes: number): void
  /** One side has ended its sending, orderly; the other goes on. */
  halfClosed(): void
  /**
   * Both sockets are gone.
   * @param brokenBy - the side that reset or vanished; `undefined`: both ended orderly, or `destroy` was called
   */
  ended(brokenBy: 'left' | 'right' | undefined): void
  /** Something threw in the midst of it, perhaps the owner: whatever is left of the copy is to be destroyed. */
  failed(bug: unknown): void
}

/**
 * Copies octets between two sockets until both have ended: an end on one side becomes an end on the other, a reset becomes a
 * reset, and whoever reads slowly slows the other side down.
 */
export class Copy {
  readonly #left: Side
  readonly #right: Side
  readonly #owner: CopyOwner
  #open = 2
  #brokenBy: 'left' | 'right' | undefined

  constructor(left: SocketPair, right: SocketPair, owner: CopyOwner) {
    this.#owner = owner
    this.#left = { name: 'left', pair: left, hasEnded: false }
    this.#right = { name: 'right', pair: right, hasEnded: false }
    this.#join(this.#left, this.#right)
    this.#join(this.#right, this.#left)
  }

  /** Octets that `left` sent before the copy began. */
  feed(bytes: Uint8Array): void {
    this.#move(this.#left, this.#right.pair.socket, bytes)
  }

  /** Resets both sides. */
  destroy(): void {
    for (const { pair } of [this.#left, this.#right]) resetSocket(pair.socket, pair.raw)
  }

  #join(from: Side, to: Side): void {
    const { socket } = from.pair
    const finish = () => this.#guard(() => this.#finish(from, to))
    const close = () => this.#guard(() => this.#closed(from, to))
    readNow(socket, (bytes) => this.#moveNow(from, to.pair.socket, bytes))
    socket.on('drain', () => to.pair.socket.resume())
    socket.on('end', finish)
    socket.on('error', () => this.#break(from, to))
    socket.on('close', close)
    if (socket.destroyed) queueMicrotask(close)
    // It may have ended while its first bytes were looked at.
    else if (socket.readableEnded) queueMicrotask(finish)
    socket.resume()
  }

  #guard(act: () => void): void {
    try {
      act()
    } catch (error) {
      this.#owner.failed(error)
    }
  }

  #moveNow(from: Side, to: ByteSocket, bytes: Uint8Array): void {
    try {
      this.#move(from, to, bytes)
    } catch (error) {
      this.#owner.failed(error)
    }
  }

  #move(from: Side, to: ByteSocket, bytes: Uint8Array): void {
    this.#owner.moved(from.name, bytes.length)
    if (to.writable && !to.write(bytes)) from.pair.socket.pause()
  }

  #finish(from: Side, to: Side): void {
    if (from.hasEnded) return
    from.hasEnded = true
    to.pair.socket.end()
    if (!to.hasEnded) this.#owner.halfClosed()
  }

  #break(from: Side, to: Side): void {
    this.#brokenBy ??= from.name
    resetSocket(to.pair.socket, to.pair.raw)
  }

  #closed(from: Side, to: Side): void {
    if (from.isClosed === true) return
    from.isClosed = true
    // Gone without an end: the other side must not take it for a complete stream.
    if (!from.hasEnded && !to.pair.socket.destroyed) this.#break(from, to)
    this.#open -= 1
    if (this.#open === 0) this.#owner.ended(this.#brokenBy)
  }
}

interface Side {
  readonly name: 'left' | 'right'
  readonly pair: SocketPair
  hasEnded: boolean
  isClosed?: boolean
}
