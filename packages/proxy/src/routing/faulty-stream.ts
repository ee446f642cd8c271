import type { Timer } from '@heddle/base/clock'
import { copyOf } from '@heddle/base/copy-of'
import type { FaultDecision } from '@heddle/engine/fault'
import type { Fields } from '@heddle/http/fields'
import { H2_CODE } from '@heddle/http/h2-codes'
import type { ResponseHead } from '@heddle/http/message'
import type { ServerStream, StreamReset } from '@heddle/http/session'
import { ProxyError } from '../errors/proxy-error.ts'
import type { Exchange } from '../exchange/exchange.ts'
import { inTurn } from '../exchange/in-turn.ts'

/** How often a part of a slowed answer is sent. */
const TICK_MS = 50
/** What was sent before a reset gets time to leave: a reset overtakes it else. */
const FLUSH_MS = 20

/** The stream of a client whose answer's body is slowed down or broken off on purpose. */
export class FaultyStream implements ServerStream {
  readonly #stream: ServerStream
  readonly #exchange: Exchange
  readonly #bytesPerSecond: number
  readonly #detail: string
  /** Bytes of the body until it is broken off. */
  #left: number
  /** Bytes that may be sent now; what is left of one is kept. */
  #credit = 0
  readonly #queue: Uint8Array[] = []
  #end: { readonly trailers: Fields | undefined } | undefined
  #timer: Timer | undefined
  #isCut = false

  constructor(exchange: Exchange, { throttleBytesPerSecond, truncateBodyBytes, reasons }: FaultDecision) {
    this.#stream = exchange.stream
    this.#exchange = exchange
    this.#bytesPerSecond = throttleBytesPerSecond
    this.#left = truncateBodyBytes ?? Number.POSITIVE_INFINITY
    this.#detail = reasons.join('; ')
  }

  sendHead(head: ResponseHead, hasBody: boolean): void {
    this.#stream.sendHead(head, hasBody)
    if (hasBody && this.#left === 0) this.#cut()
  }

  sendInformational(head: ResponseHead): void {
    this.#stream.sendInformational(head)
  }

  sendData(bytes: Uint8Array, start = 0, end = bytes.length): boolean {
    if (this.#bytesPerSecond === 0) return this.#pass(bytes.subarray(start, end))
    this.#queue.push(copyOf(bytes, start, end))
    this.#tickLater()
    return false
  }

  sendEnd(trailers?: Fields): void {
    if (this.#isCut) return
    if (this.#queue.length > 0) this.#end = { trailers }
    else this.#stream.sendEnd(trailers)
  }

  reset(reset: StreamReset): void {
    this.#timer?.cancel()
    this.#queue.length = 0
    if (!this.#isCut) {
      this.#stream.reset(reset)
      return
    }
    this.#timer = this.#exchange.core.clock.after(FLUSH_MS, () =>
      inTurn(this.#exchange, () => this.#stream.reset(reset)),
    )
  }

  pauseBody(): void {
    this.#stream.pauseBody()
  }

  resumeBody(): void {
    this.#stream.resumeBody()
  }

  #pass(bytes: Uint8Array): boolean {
    if (this.#isCut) return true
    const count = Math.min(bytes.length, this.#left)
    this.#left -= count
    const isReady = this.#stream.sendData(bytes, 0, count)
    if (this.#left === 0) this.#cut()
    return isReady
  }

  #cut(): void {
    this.#isCut = true
    this.#exchange.breakOff(new ProxyError('fault_truncate', this.#detail), H2_CODE.internalError)
  }

  #tickLater(): void {
    this.#timer ??= this.#exchange.core.clock.after(TICK_MS, () => inTurn(this.#exchange, () => this.#tick()))
  }

  #tick(): void {
    const exchange = this.#exchange
    this.#timer = undefined
    this.#credit += (this.#bytesPerSecond * TICK_MS) / 1000
    while (this.#credit >= 1 && this.#queue.length > 0) this.#sendSome()
    if (this.#isCut) return
    if (this.#queue.length > 0) {
      if (!exchange.isEnded) exchange.touch()
      this.#tickLater()
      return
    }
    this.#credit = 0
    if (this.#end !== undefined) this.#stream.sendEnd(this.#end.trailers)
    else if (!exchange.isEnded) exchange.onWritable()
  }

  #sendSome(): void {
    const [bytes] = this.#queue
    const part = bytes!.subarray(0, Math.floor(this.#credit))
    this.#credit -= part.length
    if (part.length === bytes!.length) this.#queue.shift()
    else this.#queue[0] = bytes!.subarray(part.length)
    this.#pass(part)
  }
}
