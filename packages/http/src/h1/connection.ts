import { Buffer } from 'node:buffer'
import { HttpError } from '../http-error.ts'
import type { ReceivedOctets } from '../message/received-octets.ts'
import { Output } from '../output.ts'
import type { Transport } from '../session.ts'
import { forgetRoom, offerRoom } from '../spare-room.ts'
import type { BodyReader } from './body-reader.ts'
import { giveBackScan, type HeadScan, type HeadScanRules, takeScan } from './head-scan.ts'
import { InputGate, type InputSteps } from './input-gate.ts'
import type { H1Limits } from './limits.ts'

/**
 * A head keeps what came with it as long as its message lives, a part of a body mostly. Out of more than this it is copied:
 * ten thousand slow uploads are not to keep 64 KiB each.
 */
const MOST_KEPT_BYTES = 8192

/** What both roles of HTTP/1 have in common: input that may have to wait, heads that come in part, and the connection's end. */
export abstract class H1Connection implements InputSteps {
  readonly protocol = 'http1'
  readonly output: Output
  protected readonly limits: H1Limits
  protected readonly input: InputGate
  /** Of the head that is being read. */
  protected scan: HeadScan | undefined
  /** Of the message that is being read, up to its end. */
  protected body: BodyReader | undefined
  /** The peer's FIN came. */
  protected isInputEnded = false
  protected isDraining = false
  readonly #transport: Transport
  readonly #rules: HeadScanRules
  #isFinDue = false

  constructor(transport: Transport, limits: H1Limits, rules: HeadScanRules) {
    this.#transport = transport
    this.#rules = rules
    this.limits = limits
    this.output = new Output(transport)
    this.input = new InputGate(this, transport, limits)
  }

  receive(bytes: Uint8Array): void {
    this.input.receive(bytes)
    forgetRoom()
  }

  receiveEnd(): void {
    this.isInputEnded = true
    this.advance()
  }

  pauseBody(): void {
    this.input.pauseBody()
  }

  abstract step(bytes: Uint8Array, at: number, end: number): number
  /** All that came before the peer's FIN was read, or waits for something of ours. */
  protected abstract endInput(): void

  /** Goes on with what could not be used before. */
  protected advance(): void {
    const isAllRead = this.input.advance()
    forgetRoom()
    if (isAllRead && this.isInputEnded) this.endInput()
  }

  /**
   * Reads on in a head.
   * @returns all of it; `undefined` when more has to come
   * @throws {HttpError} as {@link HeadScan.read}
   */
  protected scanHead(bytes: Uint8Array, at: number, end: number): ReceivedOctets | undefined {
    this.scan ??= takeScan(this.#rules)
    const size = this.scan.read(bytes, at, end)
    if (size === 0) return undefined
    if (bytes.length <= MOST_KEPT_BYTES) return { bytes, base: at, size }
    // Not `copyOf`: whoever reads a head would make a Buffer of it again, 0.3 µs of an answer that comes in large chunks.
    offerRoom(bytes, at, at + size)
    return { bytes: Buffer.from(bytes.subarray(at, at + size)), base: 0, size }
  }

  /** The head has been understood; the next one begins anew. */
  protected endHead(): void {
    giveBackScan(this.scan!)
    this.scan = undefined
  }

  /** What is wrong with a head in whose middle the peer's FIN came. */
  protected faultOfCutHead(): unknown {
    const { held } = this.input
    try {
      if (held !== undefined) this.scan?.readLast(held.bytes, held.start, held.end)
    } catch (error) {
      return error
    }
    return new HttpError('incomplete_message', 'the connection ended before the end of a head')
  }

  /** FIN, after what is gathered. */
  protected endOutput(): void {
    this.#isFinDue = true
    this.output.requestFlush()
  }

  /** Last in each flush. */
  protected sendDueFin(): void {
    if (!this.#isFinDue) return
    this.#isFinDue = false
    this.#transport.end()
  }

  protected abortTransport(): void {
    this.output.discard()
    this.#isFinDue = false
    this.#transport.abort()
  }
}
