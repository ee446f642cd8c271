import type { Timer } from '@heddle/base/clock'
import type { Fields } from '@heddle/http/fields'
import { ProxyError } from '../errors/proxy-error.ts'
import type { Exchange } from '../exchange/exchange.ts'
import { inTurn } from '../exchange/in-turn.ts'
import type { Deadline, DeadlineOwner } from '../grpc/deadlines.ts'

/** Gets the request's body a second time. */
export interface BodyCopy {
  /** The octets of `bytes` from `start` to `end`. */
  data(bytes: Uint8Array, start: number, end: number): void
  end(trailers: Fields | undefined): void
  /** Nothing more comes. Does nothing after `end`. */
  cut(): void
}

/** What goes on beside a request that was routed, and ends with it; most requests have none. */
export class RoutedRequest implements DeadlineOwner {
  readonly #exchange: Exchange
  #timeoutMs = 0
  #deadline: Deadline | undefined
  #delay: Timer | undefined
  #copies: BodyCopy[] | undefined

  constructor(exchange: Exchange) {
    this.#exchange = exchange
  }

  /** That of `exchange`, made when it is first asked for. */
  static of(exchange: Exchange): RoutedRequest {
    exchange.routed ??= new RoutedRequest(exchange)
    return exchange.routed
  }

  /** Ends the exchange, with all of its tries, when it takes longer than that in all. */
  expectWithin(timeoutMs: number): void {
    const { core, startedUs } = this.#exchange
    this.#timeoutMs = timeoutMs
    this.#deadline = core.deadlines.add(startedUs + timeoutMs * 1000, this)
  }

  deadlinePassed(): void {
    const exchange = this.#exchange
    // What it was upgraded to has a time of its own.
    if (exchange.isUpgraded) return
    const detail = `${exchange.hop.name}: not done after the ${this.#timeoutMs} ms that its route gives`
    inTurn(exchange, () => exchange.fail(new ProxyError('route_timeout', detail)))
  }

  /** Goes on after a wait, unless the exchange ends before. */
  later(delayMs: number, goOn: () => void): void {
    const { core } = this.#exchange
    this.#exchange.expectWithin(delayMs + core.limits.pendingMs)
    this.#delay = core.clock.after(delayMs, () => inTurn(this.#exchange, goOn))
  }

  /** Gives `copy` the body, from its begin. */
  copyTo(copy: BodyCopy): void {
    this.#copies ??= []
    this.#copies.push(copy)
    this.#exchange.replayHeld(copy)
  }

  sawData(bytes: Uint8Array, start: number, end: number): void {
    if (this.#copies !== undefined) for (const copy of this.#copies) copy.data(bytes, start, end)
  }

  sawEnd(trailers: Fields | undefined): void {
    if (this.#copies !== undefined) for (const copy of this.#copies) copy.end(trailers)
  }

  /** The exchange has ended. */
  ended(): void {
    this.#deadline?.cancel()
    this.#delay?.cancel()
    if (this.#copies !== undefined) for (const copy of this.#copies) copy.cut()
  }
}
