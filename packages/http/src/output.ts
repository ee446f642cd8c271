import { Buffer } from 'node:buffer'
import { type Latin1Buffer, toLatin1Buffer } from './octets.ts'
import type { Transport } from './session.ts'
import { takeRoom } from './spare-room.ts'

const BUFFER_BYTES = 65_536
/** Room for what most sessions write in a turn: a head, or an answer of a few KiB. */
const SMALL_BUFFER_BYTES = 4096
/** Below this copying costs less than another write: 32 KiB take about 2 µs, a write to a socket 5. */
const DIRECT_BYTES = 32_768
const MAX_FREE_BUFFERS = 4
const MAX_FREE_SMALL_BUFFERS = 64
/** A multiple of a cache line, away from the beginning of a page. */
const PAGE_OFFSET = 320
const NO_BUFFER = Buffer.alloc(0) as Latin1Buffer
const NO_FRAME = -1

/**
 * Buffers that no session writes to just now, shared by all of the process. Sessions have one only from their first octet of
 * a turn to its flush, so ten thousand connections need as many as are at work in one turn. A fresh 64 KiB for each write
 * doubled the CPU of a request.
 */
const freeBuffers: Latin1Buffer[] = []
/** One read from another proxy can bring the answers of many connections, so there are more of these. */
const freeSmallBuffers: Latin1Buffer[] = []

/**
 * Gathers what a session writes in a turn. Whoever writes octets himself calls `ensure`, fills `bytes`, moves `position`.
 *
 * As long as all of it is one range of octets that were received, as of a message that is only handed on, nothing is copied:
 * the range itself is written.
 */
export class Output {
  /** The transport still holds octets; whoever sends should wait. */
  isBlocked = false
  bytes: Latin1Buffer = NO_BUFFER
  /** Where the next octet goes. */
  position = 0
  /** Counts writes: a place in `bytes` is of no meaning once it has changed. */
  writes = 0
  /** Where the frame began that is being written, so that it leaves in one piece. Moves with `ensure`. */
  frameStart = NO_FRAME
  readonly #transport: Transport
  /** What was written so far, when that is a range of octets of others; nothing is in `bytes` then. */
  #lent: Uint8Array | undefined
  #lentStart = 0
  #lentEnd = 0
  /** Whether `wantsFlush` need not be called: it was, or we are being flushed. */
  #isFlushDue = false

  constructor(transport: Transport) {
    this.#transport = transport
  }

  /** @param text - Latin-1 only */
  writeText(text: string): void {
    if (text.length > BUFFER_BYTES) {
      this.#writeDirectly(Buffer.from(text, 'latin1'), 0, text.length)
      return
    }
    this.ensure(text.length)
    this.position += this.bytes.latin1Write(text, this.position)
  }

  /**
   * The octets of `bytes` from `start` to `end`, which nobody changes any more.
   * @throws {RangeError} when `bytes` has no such octets
   */
  writeBytes(bytes: Uint8Array, start: number, end: number): void {
    if (start < 0 || start > end || end > bytes.length) throw noSuchOctets(bytes, start, end)
    if (this.#lent === bytes && this.#lentEnd === start) {
      this.#lentEnd = end
      if (end - this.#lentStart >= DIRECT_BYTES) this.#writeGathered()
      return
    }
    if (end - start >= DIRECT_BYTES) {
      this.#writeDirectly(bytes, start, end)
      return
    }
    if (this.bytes === NO_BUFFER && this.#lent === undefined) {
      this.#lend(bytes, start, end)
      return
    }
    this.ensure(end - start)
    this.copyIn(bytes, start, end)
  }

  #lend(bytes: Uint8Array, start: number, end: number): void {
    this.requestFlush()
    this.#lent = bytes
    this.#lentStart = start
    this.#lentEnd = end
  }

  /**
   * Octets for which `ensure` has made room. Without a view of them, which would cost more than the copying.
   * @throws {RangeError} when `bytes` has no such octets, or there is no room: `copy` would leave in their place what another session
   *   has written before
   */
  copyIn(bytes: Uint8Array, start: number, end: number): void {
    const count = toLatin1Buffer(bytes).copy(this.bytes, this.position, start, end)
    if (count !== end - start) throw noSuchOctets(bytes, start, end)
    this.position += count
  }

  /** Makes room for `count` octets; what does not fit is written first, except for the frame that is being written. */
  ensure(count: number): void {
    if (this.position + count > this.bytes.length) this.#makeRoom(count)
  }

  /** What comes until `endFrame` stays together, and in `bytes`. */
  beginFrame(): void {
    this.frameStart = this.position
  }

  endFrame(): void {
    this.frameStart = NO_FRAME
  }

  /** Asks the owner for a flush at the end of this turn, whether or not there is something to write. */
  requestFlush(): void {
    if (this.#isFlushDue) return
    this.#isFlushDue = true
    this.#transport.wantsFlush()
  }

  /** The owner's flush begins; until `endFlush` it need not be asked for another. */
  beginFlush(): void {
    this.#isFlushDue = true
    this.#writeGathered()
  }

  endFlush(): void {
    this.#writeGathered()
    this.#isFlushDue = false
  }

  /** Forgets what was gathered. */
  discard(): void {
    giveBack(this.bytes)
    this.bytes = NO_BUFFER
    this.#lent = undefined
    this.position = 0
    this.writes += 1
  }

  #makeRoom(count: number): void {
    this.requestFlush()
    if (this.#lent !== undefined) {
      this.#takeLent(this.#lent, count)
      return
    }
    if (this.bytes.length < BUFFER_BYTES && this.position + count <= BUFFER_BYTES) {
      this.#grow(count)
      return
    }
    const filled = this.bytes
    const start = this.frameStart === NO_FRAME ? this.position : this.frameStart
    const kept = this.position - start
    const size = kept + count > BUFFER_BYTES ? (kept + count) * 2 : BUFFER_BYTES
    const isWritten = start === 0 || this.#write(filled, 0, start)
    const isReused = isWritten && filled.length >= size
    if (!isReused) this.bytes = takeBuffer(size)
    if (kept > 0) filled.copy(this.bytes, 0, start, start + kept)
    if (!isReused && isWritten) giveBack(filled)
    this.position = kept
    if (this.frameStart !== NO_FRAME) this.frameStart = 0
    this.writes += 1
  }

  /** Something else follows on what was lent, so that it has to be copied, or to go first. */
  #takeLent(lent: Uint8Array, count: number): void {
    const size = this.#lentEnd - this.#lentStart
    if (size + count > BUFFER_BYTES) {
      this.#writeGathered()
      this.#makeRoom(count)
      return
    }
    this.#lent = undefined
    this.#grow(size + count)
    this.copyIn(lent, this.#lentStart, this.#lentEnd)
  }

  /** Takes a buffer, or a larger one, into which everything moves that was gathered. */
  #grow(count: number): void {
    const filled = this.bytes
    const length = this.position
    this.bytes = takeBuffer(length + count > SMALL_BUFFER_BYTES ? BUFFER_BYTES : SMALL_BUFFER_BYTES)
    if (length > 0) filled.copy(this.bytes, 0, 0, length)
    giveBack(filled)
  }

  #writeDirectly(bytes: Uint8Array, start: number, end: number): void {
    const gathered = this.#lent === undefined ? this.position : this.#lentEnd - this.#lentStart
    if (gathered > 0 && this.frameStart === NO_FRAME && takeRoom(bytes, start, gathered)) {
      this.#moveGathered(bytes, start - gathered)
      this.#write(bytes, start - gathered, end)
      return
    }
    this.#writeGathered()
    this.#write(bytes, start, end)
  }

  /** Puts what was gathered into `bytes`. */
  #moveGathered(bytes: Uint8Array, at: number): void {
    if (this.#lent === undefined) this.bytes.copy(bytes, at, 0, this.position)
    else toLatin1Buffer(this.#lent).copy(bytes, at, this.#lentStart, this.#lentEnd)
    this.discard()
  }

  #writeGathered(): void {
    const lent = this.#lent
    if (lent !== undefined) {
      this.#lent = undefined
      this.#write(lent, this.#lentStart, this.#lentEnd)
      return
    }
    if (this.bytes === NO_BUFFER) return
    const buffer = this.bytes
    const length = this.position
    this.bytes = NO_BUFFER
    this.position = 0
    this.writes += 1
    // After false the buffer is the transport's.
    if (length === 0 || this.#write(buffer, 0, length)) giveBack(buffer)
  }

  #write(bytes: Uint8Array, start: number, end: number): boolean {
    if (this.#transport.write(bytes, start, end)) return true
    this.isBlocked = true
    return false
  }
}

function noSuchOctets(bytes: Uint8Array, start: number, end: number): RangeError {
  return new RangeError(`octets ${start} to ${end} of ${bytes.length}, or no room for them`)
}

/**
 * A buffer that does not begin where a page does. From the first octets of a page the kernel copies slowly on some processors
 * (`rep movsb` of AMD): with them a request of 1 KiB cost 6 % more CPU (`make bench`).
 */
function takeBuffer(size: number): Latin1Buffer {
  const free = freeOf(size)?.pop()
  return free ?? (Buffer.allocUnsafeSlow(size + PAGE_OFFSET).subarray(PAGE_OFFSET) as Latin1Buffer)
}

function giveBack(buffer: Latin1Buffer): void {
  const free = freeOf(buffer.length)
  if (free !== undefined && free.length < (free === freeBuffers ? MAX_FREE_BUFFERS : MAX_FREE_SMALL_BUFFERS))
    free.push(buffer)
}

function freeOf(size: number): Latin1Buffer[] | undefined {
  if (size === SMALL_BUFFER_BYTES) return freeSmallBuffers
  return size === BUFFER_BYTES ? freeBuffers : undefined
}
