import type { Writable } from 'node:stream'

/** A prime, so that no buffer of the path under test ends where the pattern does. */
const PERIOD = 65_521
const block = Buffer.alloc(PERIOD * 2)
for (let at = 0; at < block.length; at++) block[at] = ((at % PERIOD) * 31 + ((at % PERIOD) >> 8)) & 255

/** Octets `from` to `to` of an endless pattern. */
function part(from: number, to: number): Buffer {
  const start = from % PERIOD
  return block.subarray(start, start + (to - from))
}

/** Writes `size` octets of the pattern as fast as they are taken. */
export class PatternWriter {
  /** Octets handed to the socket. */
  sent = 0
  readonly #socket: Writable
  readonly #size: number

  constructor(socket: Writable, size: number) {
    this.#socket = socket
    this.#size = size
    socket.on('drain', () => this.#pump())
    this.#pump()
  }

  #pump(): void {
    while (this.sent < this.#size) {
      const bytes = part(this.sent, Math.min(this.#size, this.sent + 60_000))
      this.sent += bytes.length
      if (!this.#socket.write(bytes)) return
    }
  }
}

/** Compares what comes with the pattern. */
export class PatternReader {
  /** Octets that were right. */
  received = 0
  isWrong = false

  read(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length && !this.isWrong; ) {
      const length = Math.min(60_000, bytes.length - at)
      const expected = part(this.received, this.received + length)
      if (expected.compare(bytes, at, at + length) === 0) this.received += length
      else this.isWrong = true
      at += length
    }
  }
}
