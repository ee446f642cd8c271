import { EventEmitter } from 'node:events'
import type { ByteSocket, ByteSocketEvents } from './byte-socket.ts'

/** One of Bun's own sockets, as `Bun.listen` hands it out and `node:net` has it beneath. */
export interface BunSocket {
  data: NativeSocket
  readonly fd: number
  readonly remoteAddress: string
  readonly remotePort: number
  /** @returns octets taken; negative when it is closed or broken */
  write(bytes: Uint8Array, from: number, length: number): number
  pause(): void
  resume(): void
  /** Ends the sending alone. */
  shutdown(): void
  close(): void
  /** Closes with RST. */
  terminate(): void
}

/** What waits to be written. */
interface Unwritten {
  readonly bytes: Uint8Array
  from: number
}

/** So much may wait before a writer is asked to wait as well; what the streams of both runtimes have. */
const HIGH_WATER_BYTES = 65_536

/**
 * A connection on Bun without the streams that `node:net` builds for each, whose making and unmaking cost more than a small request:
 * see docs/decisions/0017. Made for `listenTcp`, which tells it what happens.
 */
export class NativeSocket extends EventEmitter<ByteSocketEvents> implements ByteSocket {
  destroyed = false
  readableEnded = false
  writableLength = 0
  /** `null` once it is closed. Named as in the sockets of `node:net`, so that `readOriginalDestination` finds it in either. */
  _handle: BunSocket | null
  #hear: ((bytes: Buffer) => void) | undefined
  #isFlowing = false
  /** Whether the socket beneath was told to read no more. */
  #isStopped = false
  /** What came or was put back while nobody was to hear it: no more than one read of the socket. */
  #held: Buffer[] | undefined
  #isTelling = false
  /** The other side has ended; 'end' is heard once all else was. */
  #hasEnd = false
  #isEnding = false
  #isShut = false
  #finished: (() => void) | undefined
  /** `undefined`: nothing waits. */
  #unwritten: Unwritten[] | undefined
  /** Who is to be told once nothing does. */
  #waiting: Array<() => void> | undefined
  #wantsDrain = false

  constructor(native: BunSocket) {
    super()
    this._handle = native
    native.data = this
  }

  get writable(): boolean {
    return this._handle !== null && !this.#isEnding
  }

  get remoteAddress(): string | undefined {
    return this._handle?.remoteAddress
  }

  get remotePort(): number | undefined {
    return this._handle?.remotePort
  }

  /** Has octets told there instead of by 'data', which costs less. */
  hear(onData: (bytes: Buffer) => void): void {
    this.#hear = onData
  }

  /** The socket beneath reads on until something comes: mostly nothing does before {@link resume}. */
  pause(): this {
    this.#isFlowing = false
    return this
  }

  resume(): this {
    this.#isFlowing = true
    this.#tellSoon()
    return this
  }

  unshift(bytes: Uint8Array): void {
    this.#held ??= []
    this.#held.unshift(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length))
    this.#tellSoon()
  }

  write(bytes: Uint8Array, written?: () => void): boolean {
    if (this.destroyed || this.#isEnding) return false
    const from = this.writeNow(bytes, 0, bytes.length)
    if (this.destroyed) return false
    if (written !== undefined) this.#addWaiter(written)
    if (from === bytes.length) return !this.#wantsDrain
    this.#unwritten ??= []
    this.#unwritten.push({ bytes, from })
    this.writableLength += bytes.length - from
    this.#wantsDrain ||= this.writableLength >= HIGH_WATER_BYTES
    return !this.#wantsDrain
  }

  /** @returns how many octets were taken at once; the others are the caller's */
  writeNow(bytes: Uint8Array, from: number, length: number): number {
    if (this.#unwritten !== undefined || this.destroyed || length === 0) return 0
    const taken = this._handle?.write(bytes, from, length) ?? -1
    if (taken >= 0) return taken
    this.failed(connectionError('write EPIPE', 'EPIPE'))
    return 0
  }

  end(finished?: () => void): void {
    if (this.destroyed || this.#isEnding) return
    this.#isEnding = true
    this.#finished = finished
    if (this.#isDone) this.#shut()
  }

  destroy(): void {
    if (this.destroyed) return
    const native = this._handle
    this.#leave(undefined)
    native?.close()
  }

  resetAndDestroy(): void {
    if (this.destroyed) return
    const native = this._handle
    this.#leave(undefined)
    native?.terminate()
  }

  /** Octets came. */
  received(bytes: Buffer): void {
    if (this.destroyed) return
    if (this.#isFlowing && this.#held === undefined) {
      this.#tell(bytes)
      return
    }
    this.#held ??= []
    this.#held.push(bytes)
    this.#isStopped = true
    this._handle?.pause()
  }

  /** The other side has ended its sending. */
  ended(): void {
    if (this.destroyed || this.#hasEnd) return
    this.#hasEnd = true
    if (this.#isFlowing && this.#held === undefined) this.#tellEnd()
  }

  /** There is room to write again. */
  drained(): void {
    while (this.#unwritten !== undefined) if (!this.#writeNext(this.#unwritten)) return
    if (this.destroyed) return
    const waiting = this.#waiting
    this.#waiting = undefined
    for (const written of waiting ?? []) written()
    if (this.#isDone) this.#shut()
    if (!this.#wantsDrain || this.#unwritten !== undefined) return
    this.#wantsDrain = false
    this.emit('drain')
  }

  /**
   * The socket beneath is gone.
   * @param error - `undefined`: in order
   */
  closed(error: Error | undefined): void {
    if (this.destroyed) return
    if (error !== undefined && !(this.#isShut && this.#hasEnd)) {
      this.failed(error)
      return
    }
    // Gone with the end of both directions, of which that of the other side may have to wait to be heard.
    this._handle = null
    if (this.readableEnded) this.destroy()
    else this.ended()
  }

  failed(error: Error): void {
    if (this.destroyed) return
    const native = this._handle
    this.#leave(error)
    native?.close()
  }

  #tell(bytes: Buffer): void {
    if (this.#hear === undefined) this.emit('data', bytes)
    else this.#hear(bytes)
  }

  #tellEnd(): void {
    this.readableEnded = true
    this.emit('end')
    if (this.#isShut || this._handle === null) this.destroy()
  }

  /** Not at once: whoever resumes is in the middle of something. */
  #tellSoon(): void {
    if (this.#isTelling || !this.#isFlowing) return
    if (this.#held === undefined && !this.#isStopped && (!this.#hasEnd || this.readableEnded)) return
    this.#isTelling = true
    queueMicrotask(() => this.#tellHeld())
  }

  #tellHeld(): void {
    this.#isTelling = false
    while (this.#isFlowing && this.#held !== undefined && !this.destroyed) {
      const bytes = this.#held.shift()!
      if (this.#held.length === 0) this.#held = undefined
      this.#tell(bytes)
    }
    if (!this.#isFlowing || this.destroyed) return
    if (this.#hasEnd) {
      if (!this.readableEnded) this.#tellEnd()
      return
    }
    if (!this.#isStopped) return
    this.#isStopped = false
    this._handle?.resume()
  }

  /** @returns whether to go on with the next */
  #writeNext(unwritten: Unwritten[]): boolean {
    const item = unwritten[0]!
    this.#unwritten = undefined
    const taken = this.writeNow(item.bytes, item.from, item.bytes.length - item.from)
    if (this.destroyed) return false
    item.from += taken
    this.writableLength -= taken
    const isWhole = item.from === item.bytes.length
    if (isWhole) unwritten.shift()
    if (unwritten.length > 0) this.#unwritten = unwritten
    return isWhole
  }

  #addWaiter(written: () => void): void {
    this.#waiting ??= []
    this.#waiting.push(written)
    if (this.#unwritten === undefined) queueMicrotask(() => this.drained())
  }

  /** Whether the other side is to be told of the end now. */
  get #isDone(): boolean {
    return this.#isEnding && !this.#isShut && this.#unwritten === undefined
  }

  #shut(): void {
    this.#isShut = true
    this._handle?.shutdown()
    if (this.#finished !== undefined) queueMicrotask(this.#finished)
    if (this.readableEnded) this.destroy()
  }

  /** Nothing is heard from here on but how it ended, and that not at once. */
  #leave(error: Error | undefined): void {
    this.destroyed = true
    this._handle = null
    this.#held = undefined
    this.#unwritten = undefined
    this.#waiting = undefined
    this.writableLength = 0
    queueMicrotask(() => {
      if (error !== undefined) this.emit('error', error)
      this.emit('close', error !== undefined)
    })
  }
}

/** An error as `node:net` would have it. */
export function connectionError(message: string, code: string): Error {
  return Object.assign(new Error(message), { code })
}
