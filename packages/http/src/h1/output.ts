import { Buffer } from 'node:buffer'
import type { Latin1Buffer } from '../octets.ts'
import type { Transport } from '../session.ts'

const BUFFER_BYTES = 65_536
/** Below this copying costs less than another write: 32 KiB take about 2 µs, a write to a socket 5. */
const DIRECT_BYTES = 32_768
const MAX_FREE_BUFFERS = 4

/**
 * Buffers that no session writes to just now, shared by all of the process. Sessions have one only from their first octet of
 * a turn to its flush, so ten thousand connections need as many as are at work in one turn. A fresh 64 KiB for each write
 * doubled the CPU of a request.
 */
const freeBuffers: Latin1Buffer[] = []

/** Gathers what a session writes in a turn. */
export class Output {
  /** The transport still holds octets; whoever sends should wait. */
  isBlocked = false
  readonly #transport: Transport
  #buffer: Latin1Buffer | undefined
  #length = 0
  /** Whether `wantsFlush` need not be called: it was, or we are being flushed. */
  #isFlushDue = false

  constructor(transport: Transport) {
    this.#transport = transport
  }

  /** Octets that the transport has not got yet. */
  get pendingBytes(): number {
    return this.#length
  }

  /** @param text - Latin-1 only */
  writeText(text: string): void {
    if (text.length > BUFFER_BYTES) {
      this.#writeDirectly(Buffer.from(text, 'latin1'))
      return
    }
    const buffer = this.#room(text.length)
    this.#length += buffer.latin1Write(text, this.#length)
  }

  writeBytes(bytes: Uint8Array): void {
    if (bytes.length >= DIRECT_BYTES) {
      this.#writeDirectly(bytes)
      return
    }
    this.#room(bytes.length).set(bytes, this.#length)
    this.#length += bytes.length
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
    if (this.#buffer !== undefined) giveBack(this.#buffer)
    this.#buffer = undefined
    this.#length = 0
  }

  #room(count: number): Latin1Buffer {
    if (this.#length + count > BUFFER_BYTES) this.#writeGathered()
    this.requestFlush()
    this.#buffer ??= freeBuffers.pop() ?? (Buffer.allocUnsafeSlow(BUFFER_BYTES) as Latin1Buffer)
    return this.#buffer
  }

  #writeDirectly(bytes: Uint8Array): void {
    this.#writeGathered()
    if (!this.#transport.write(bytes)) this.isBlocked = true
  }

  #writeGathered(): void {
    const buffer = this.#buffer
    if (buffer === undefined) return
    const length = this.#length
    this.#buffer = undefined
    this.#length = 0
    // After false the buffer is the transport's.
    if (this.#transport.write(buffer.subarray(0, length))) giveBack(buffer)
    else this.isBlocked = true
  }
}

function giveBack(buffer: Latin1Buffer): void {
  if (freeBuffers.length < MAX_FREE_BUFFERS) freeBuffers.push(buffer)
}
