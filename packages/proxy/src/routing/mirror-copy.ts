import { isMirrored, type Mirror } from '@heddle/engine/route/mirror'
import { createFields, type Fields } from '@heddle/http/fields'
import { createRequestHead, type RequestHead, type ResponseHead } from '@heddle/http/message'
import type { ServerStream } from '@heddle/http/session'
import { ProxyError } from '../errors/proxy-error.ts'
import { Exchange } from '../exchange/exchange.ts'
import type { ExchangeHome } from '../exchange/exchange-home.ts'
import type { Hop } from '../exchange/hop.ts'
import type { HttpVersion } from '../exchange/http-version.ts'
import { inTurn } from '../exchange/in-turn.ts'
import type { Filter } from '../filters/filter.ts'
import type { Watched } from '../net/ticker.ts'
import type { ProxyCore } from '../proxy-core.ts'
import { startAttempt } from '../upstream/attempts.ts'
import type { DestinationState } from '../upstream/destination-state.ts'
import { type BodyCopy, RoutedRequest } from './routed-request.ts'
import type { MirrorOutcome } from './routing-metrics.ts'

/** Tells the application that its answer goes to nobody. */
const MARK = 'heddle-mirrored'
const NO_FILTERS: readonly Filter[] = []

/** Sends copies of the request of `exchange`, as it is now, to those mirrors that are drawn. Nothing of them comes back. */
export function startMirrors(exchange: Exchange, mirrors: readonly Mirror[]): void {
  const { core, head } = exchange
  if (head.upgrade !== undefined) return
  for (const mirror of mirrors) {
    if (!isMirrored(mirror, core.random)) continue
    if (core.routing.openMirrors >= core.limits.mirrorRequests) {
      core.limitReached('mirrorRequests')
      core.routing.mirrored('given_up')
      continue
    }
    const copy = new MirrorCopy(exchange, mirror)
    copy.start()
    RoutedRequest.of(exchange).copyTo(copy)
  }
}

/**
 * A request that nobody waits for: its own client, connection and body. It takes its time as all do, and is given up when
 * its body comes faster than its endpoint takes it.
 */
class MirrorCopy implements ExchangeHome, ServerStream, BodyCopy, Watched {
  readonly core: ProxyCore
  readonly hop: Hop
  readonly filters = NO_FILTERS
  readonly protocol: HttpVersion
  deadlineMs = Number.POSITIVE_INFINITY
  watchedAt = -1
  readonly #exchange: Exchange
  #outcome: MirrorOutcome = 'failed'
  #isPaused = false
  #isWhole = false
  #isOver = false
  /** Body that waits. */
  #waitingBytes = 0

  constructor(original: Exchange, { key }: Mirror) {
    this.core = original.core
    this.hop = original.hop.backend(key)
    this.protocol = original.version
    this.#exchange = new Exchange(this, this, copyHead(original.head))
  }

  start(): void {
    const { core } = this
    const exchange = this.#exchange
    core.routing.openMirrors += 1
    core.ticker.watch(this)
    exchange.expectWithin(core.limits.pendingMs)
    exchange.grpc?.watch(core.deadlines, exchange)
    try {
      const state = this.hop.resolve()
      if (!(state instanceof Promise)) this.#begin(state)
      else
        state.then(
          (known) => inTurn(exchange, () => this.#begin(known)),
          (error: unknown) => inTurn(exchange, () => exchange.failWith(error)),
        )
    } catch (error) {
      exchange.failWith(error)
    }
  }

  data(bytes: Uint8Array, start: number, end: number): void {
    if (this.#exchange.isEnded) return
    if (this.#isPaused) this.#waitingBytes += end - start
    if (this.#waitingBytes <= this.core.limits.mirrorBytes) this.#exchange.onData(bytes, start, end)
    else this.#giveUp(`${this.#waitingBytes} bytes of body wait`)
  }

  end(trailers: Fields | undefined): void {
    this.#isWhole = true
    if (!this.#exchange.isEnded) this.#exchange.onEnd(trailers)
  }

  cut(): void {
    if (this.#isWhole || this.#exchange.isEnded) return
    // The end of a request without a body is told after its head: it may have been answered before that.
    if (this.#exchange.head.bodyLength === 0) {
      this.end(undefined)
      return
    }
    this.#outcome = 'given_up'
    this.#exchange.breakOff(new ProxyError('client_reset', `${this.hop.name}: the request that was copied has ended`))
  }

  expectBy(deadlineMs: number): void {
    if (deadlineMs < this.deadlineMs) this.deadlineMs = deadlineMs
  }

  deadlinePassed(): void {
    const exchange = this.#exchange
    if (exchange.deadlineMs <= this.core.ticker.nowMs) inTurn(exchange, () => exchange.timeOut())
    else this.deadlineMs = exchange.deadlineMs
  }

  abandon(): void {
    this.exchangeEnded()
  }

  faulted(): void {
    // Whoever sent the original has heard of it.
  }

  exchangeEnded(): void {
    const { core } = this
    if (this.#isOver) return
    this.#isOver = true
    core.ticker.unwatch(this)
    core.routing.openMirrors -= 1
    core.routing.mirrored(this.#outcome)
  }

  sendHead(head: ResponseHead): void {
    if (head === this.#exchange.response) this.#outcome = 'answered'
  }

  sendInformational(): void {
    // Nobody waits for it.
  }

  sendData(): boolean {
    return true
  }

  sendEnd(): void {
    // The end of an answer that went to nobody.
  }

  reset(): void {
    this.#outcome = this.#outcome === 'answered' ? 'failed' : this.#outcome
  }

  pauseBody(): void {
    this.#isPaused = true
  }

  resumeBody(): void {
    this.#isPaused = false
    this.#waitingBytes = 0
  }

  #begin(state: DestinationState): void {
    if (this.#exchange.isEnded) return
    this.#exchange.state = state
    startAttempt(this.#exchange)
  }

  #giveUp(detail: string): void {
    this.core.limitReached('mirrorBytes')
    this.#outcome = 'given_up'
    this.#exchange.breakOff(new ProxyError('endpoint_overloaded', `${this.hop.name}: ${detail}`))
  }
}

function copyHead({ method, path, authority, scheme, bodyLength, fields }: RequestHead): RequestHead {
  const copies = Array.from({ length: fields.count }, (_, at) => [fields.nameAt(at), fields.valueAt(at)] as const)
  return createRequestHead({
    method,
    path,
    authority,
    scheme,
    bodyLength,
    fields: createFields([...copies, [MARK, '1']]),
  })
}
