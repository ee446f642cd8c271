import { randomBytes } from 'node:crypto'
import type { Duplex } from 'node:stream'

const BINARY = 2
const CLOSE = 8
const NORMAL = 1000
const NO_STATUS = 1005
const FINAL = 0x80
const MASKED = 0x80
/** Lengths from here on take two octets more, and from the next on eight. RFC 6455 §5.2. */
const TWO_OCTETS = 126
const EIGHT_OCTETS = 127

interface Frame {
  readonly opcode: number
  readonly payload: Buffer
}

/**
 * One end of a WebSocket on any stream that carries its octets: what the package `ws` does not know to do on a stream of HTTP/2. Whole
 * binary messages and the closing handshake; whatever else comes is an error.
 */
export class FrameSocket {
  /** Called with each message. */
  onMessage: (message: Buffer) => void = () => undefined
  /** The code that the other end closed with. */
  closeCode: number | undefined
  /** Whether the stream has ended, in whatever way. */
  isOver = false
  readonly #stream: Duplex
  readonly #isClient: boolean
  #rest: Buffer[] = []
  #restBytes = 0
  #wantedBytes = 0
  #isClosing = false

  constructor(stream: Duplex, role: 'client' | 'server') {
    this.#stream = stream
    this.#isClient = role === 'client'
    stream.on('data', (octets: Buffer) => this.#read(octets))
    for (const event of ['end', 'close', 'error']) {
      stream.on(event, () => {
        this.isOver = true
      })
    }
    stream.on('end', () => stream.end())
  }

  send(message: Buffer): void {
    this.#write(BINARY, message)
  }

  close(code: number): void {
    this.#isClosing = true
    const payload = Buffer.alloc(2)
    payload.writeUInt16BE(code)
    this.#write(CLOSE, payload)
  }

  /** The next message. */
  next(): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      const end = (): void => reject(new Error('the stream ended before the message'))
      this.#stream.once('close', end)
      this.onMessage = (message) => {
        this.#stream.off('close', end)
        resolve(message)
      }
    })
  }

  #write(opcode: number, payload: Buffer): void {
    const key = this.#isClient ? randomBytes(4) : undefined
    this.#stream.write(headOf(opcode, payload.length, key))
    this.#stream.write(key === undefined ? payload : mask(payload, key))
  }

  #read(octets: Buffer): void {
    this.#rest.push(octets)
    this.#restBytes += octets.length
    while (this.#restBytes >= this.#wantedBytes) {
      const all = Buffer.concat(this.#rest)
      const read = readFrame(all)
      if ('wantedBytes' in read) {
        this.#rest = [all]
        this.#wantedBytes = read.wantedBytes
        return
      }
      this.#rest = [read.rest]
      this.#restBytes = read.rest.length
      this.#wantedBytes = 0
      this.#take(read.frame)
    }
  }

  #take({ opcode, payload }: Frame): void {
    if (opcode === BINARY) {
      this.onMessage(payload)
      return
    }
    if (opcode !== CLOSE) throw new Error(`a frame with opcode ${opcode}`)
    // A close need not say why. RFC 6455 §7.1.5.
    this.closeCode = payload.length < 2 ? NO_STATUS : payload.readUInt16BE()
    if (!this.#isClosing) this.close(payload.length < 2 ? NORMAL : this.closeCode)
    this.#stream.end()
  }
}

function headOf(opcode: number, length: number, key: Buffer | undefined): Buffer {
  const maskBit = key === undefined ? 0 : MASKED
  if (length < TWO_OCTETS) return Buffer.concat([Buffer.of(FINAL | opcode, maskBit | length), ...(key ? [key] : [])])
  const wide = Buffer.alloc(8)
  wide.writeBigUInt64BE(BigInt(length))
  return Buffer.concat([Buffer.of(FINAL | opcode, maskBit | EIGHT_OCTETS), wide, ...(key ? [key] : [])])
}

function readFrame(
  octets: Buffer,
): { readonly frame: Frame; readonly rest: Buffer } | { readonly wantedBytes: number } {
  if (octets.length < 2) return { wantedBytes: 2 }
  const [first = 0, second = 0] = octets
  if ((first & FINAL) === 0) throw new Error('a message in fragments')
  const short = second & ~MASKED
  const lengthBytes = short === TWO_OCTETS ? 2 : short === EIGHT_OCTETS ? 8 : 0
  const isMasked = (second & MASKED) !== 0
  const start = 2 + lengthBytes + (isMasked ? 4 : 0)
  if (octets.length < start) return { wantedBytes: start }
  const length = lengthBytes === 0 ? short : Number.parseInt(octets.toString('hex', 2, 2 + lengthBytes), 16)
  const end = start + length
  if (octets.length < end) return { wantedBytes: end }
  const payload = octets.subarray(start, end)
  const frame = { opcode: first & 0xf, payload: isMasked ? mask(payload, octets.subarray(start - 4, start)) : payload }
  return { frame, rest: octets.subarray(end) }
}

/** RFC 6455 §5.3: the same way back. */
function mask(payload: Buffer, key: Buffer): Buffer {
  const masked = Buffer.allocUnsafe(payload.length)
  for (let i = 0; i < payload.length; i++) masked[i] = payload[i]! ^ key[i % 4]!
  return masked
}
