import { HttpError } from '@heddle/http/errors'
import { createH1Server } from '@heddle/http/h1'
import type { RequestHead } from '@heddle/http/message'
import type { BodyReceiver, ServerHandler, ServerSession, ServerStream } from '@heddle/http/session'
import type { Accepted } from '../accept/accepted.ts'
import type { Stage } from '../accept/stage.ts'
import type { Filter } from '../filters/filter.ts'
import { HttpSocket, type HttpSocketOwner, type SocketPair } from '../net/http-socket.ts'
import type { ProxyCore } from '../proxy-core.ts'
import { Exchange, type ExchangeHome } from './exchange.ts'
import { ExchangeList } from './exchange-list.ts'
import type { Hop } from './hop.ts'
import { runExchange } from './run.ts'

/** What a connection of HTTP needs beside its socket. */
export interface HttpConnectionOptions {
  readonly core: ProxyCore
  readonly hop: Hop
  readonly filters: readonly Filter[]
  readonly accepted: Accepted
}

/** An accepted connection that speaks HTTP/1: one exchange after the other, and the waits between them. */
export class HttpConnection implements ServerHandler, HttpSocketOwner, ExchangeHome, Stage {
  readonly protocol = 'http1'
  readonly core: ProxyCore
  readonly hop: Hop
  readonly filters: readonly Filter[]
  readonly #accepted: Accepted
  readonly #http: HttpSocket
  readonly #session: ServerSession
  readonly #exchanges = new ExchangeList()
  /** Of the connection itself: a head that is under way, idleness, the end. */
  #deadlineMs = Number.POSITIVE_INFINITY
  #isHeadUnderWay = true

  constructor(pair: SocketPair, options: HttpConnectionOptions) {
    this.core = options.core
    this.hop = options.hop
    this.filters = options.filters
    this.#accepted = options.accepted
    this.#http = new HttpSocket(pair, this.core.turn)
    this.#session = createH1Server(this, this.#http, this.core.serverLimits)
    this.#http.series = this.hop.connectionSeries('http1')
    this.#http.series?.connectionOpened()
    this.#expectWithin(this.core.limits.requestHeadMs)
    this.#http.attach(this.#session, this)
  }

  /** Octets that were read to tell the protocol. */
  feed(bytes: Uint8Array): void {
    this.#http.feed(bytes)
  }

  /** The client's end came while the protocol was being told. */
  feedEnd(): void {
    this.#http.feedEnd()
  }

  get openRequests(): number {
    return this.#session.activeStreams
  }

  get readBytes(): number {
    return this.#http.readBytes
  }

  get writtenBytes(): number {
    return this.#http.writtenBytes
  }

  onRequest(stream: ServerStream, head: RequestHead): BodyReceiver {
    this.#isHeadUnderWay = false
    this.#deadlineMs = Number.POSITIVE_INFINITY
    const exchange = new Exchange(this, stream, head)
    this.#exchanges.add(exchange)
    runExchange(exchange)
    return exchange
  }

  onFault(error: HttpError): void {
    this.core.failed('client_protocol_error', 'client')
    const fields = { client: this.#accepted.client, fault: error.fault, detail: error.message }
    this.core.refusals.write({ level: 'info', event: 'request refused', kind: error.fault, fields })
  }

  onIdle(): void {
    this.#isHeadUnderWay = false
    this.#expectWithin(this.core.limits.keepAliveMs)
  }

  expectBy(deadlineMs: number): void {
    // The earliest of all deadlines or earlier: those that move on are looked at when it has passed.
    if (deadlineMs < this.#accepted.deadlineMs) this.#accepted.deadlineMs = deadlineMs
  }

  exchangeEnded(exchange: Exchange): void {
    this.#exchanges.remove(exchange)
    // The session says when the connection is idle; until then it has to get rid of what it holds.
    if (this.#exchanges.count === 0) this.#expectWithin(this.core.limits.bodyIdleMs)
  }

  received(): void {
    if (this.#isHeadUnderWay || this.#exchanges.count > 0 || this.#session.activeStreams > 0) return
    // Something came that is no complete head yet.
    this.#isHeadUnderWay = true
    this.#expectWithin(this.core.limits.requestHeadMs)
  }

  deadlinePassed(): void {
    const { ticker, turn } = this.core
    turn.enter()
    try {
      const earliestMs = this.#exchanges.expire(ticker.nowMs)
      if (this.#deadlineMs <= ticker.nowMs) this.#ownDeadlinePassed()
      this.#accepted.deadlineMs = Math.min(earliestMs, this.#deadlineMs)
    } finally {
      turn.leave()
    }
  }

  drain(): void {
    this.core.turn.enter()
    try {
      this.#session.drain()
      if (this.#exchanges.count === 0) this.#expectWithin(this.core.limits.lingerMs)
    } finally {
      this.core.turn.leave()
    }
  }

  destroy(): void {
    this.#session.destroy({ kind: 'local', detail: 'the proxy is being stopped' })
  }

  closed(): void {
    this.#http.series?.connectionClosed(undefined)
  }

  #expectWithin(delayMs: number): void {
    this.#deadlineMs = this.core.ticker.in(delayMs)
    this.#accepted.deadlineMs = this.#deadlineMs
  }

  #ownDeadlinePassed(): void {
    this.#expectWithin(this.core.limits.lingerMs)
    if (this.#http.isEnding) this.#http.abort()
    else if (this.#isHeadUnderWay) this.#refuseHead()
    else this.drain()
  }

  #refuseHead(): void {
    const { limits } = this.core
    this.core.limitReached('requestHeadMs')
    this.#session.refuse(new HttpError('head_timeout', `no complete head after ${limits.requestHeadMs} ms`))
  }
}
