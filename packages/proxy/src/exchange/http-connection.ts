import { HttpError } from '@heddle/http/errors'
import { createH1Server } from '@heddle/http/h1'
import { createH2Server } from '@heddle/http/h2'
import type { RequestHead } from '@heddle/http/message'
import type { BodyReceiver, ServerHandler, ServerSession, ServerStream } from '@heddle/http/session'
import type { Accepted } from '../accept/accepted.ts'
import type { Stage } from '../accept/stage.ts'
import type { Filter } from '../filters/filter.ts'
import { HttpSocket, type HttpSocketOwner, type SocketPair } from '../net/http-socket.ts'
import type { ProxyCore } from '../proxy-core.ts'
import { Exchange } from './exchange.ts'
import type { ExchangeHome } from './exchange-home.ts'
import { ExchangeList } from './exchange-list.ts'
import type { Hop } from './hop.ts'
import type { HttpVersion } from './http-version.ts'
import { runExchange } from './run.ts'

/** What a connection of HTTP needs beside its socket. */
export interface HttpConnectionOptions {
  readonly core: ProxyCore
  readonly hop: Hop
  readonly filters: readonly Filter[]
  readonly accepted: Accepted
  readonly protocol: HttpVersion
}

/** What sessions call whatever comes before the first request. */
const FIRST_HEAD = 1

/** An accepted connection that speaks HTTP: its exchanges, one after the other or many at a time, and the waits between them. */
export class HttpConnection implements ServerHandler, HttpSocketOwner, ExchangeHome, Stage {
  readonly protocol: HttpVersion
  readonly core: ProxyCore
  readonly hop: Hop
  readonly filters: readonly Filter[]
  readonly #accepted: Accepted
  readonly #http: HttpSocket
  readonly #session: ServerSession
  readonly #exchanges = new ExchangeList()
  /** Of the connection itself: idleness, the end. */
  #deadlineMs = Number.POSITIVE_INFINITY
  /** When the head that is under way has to be complete. */
  #headMs = Number.POSITIVE_INFINITY
  /** The session's word for that head. */
  #headUnderWay = 0
  /** When to look for streams that are stuck. */
  #stuckMs = Number.POSITIVE_INFINITY
  /** When to look whether a client that has ended its sending was given anything since. */
  #endedMs = Number.POSITIVE_INFINITY
  /** Octets it had been given by then. */
  #endedBytes = 0
  #isCounted = false
  #hasFaulted = false
  #lastFault: HttpError | undefined
  #isDraining = false

  constructor(pair: SocketPair, options: HttpConnectionOptions) {
    this.protocol = options.protocol
    this.core = options.core
    this.hop = options.hop
    this.filters = options.filters
    this.#accepted = options.accepted
    this.#http = new HttpSocket(pair, this.core.turn)
    this.#session =
      this.protocol === 'http1'
        ? createH1Server(this, this.#http, this.core.serverLimits)
        : createH2Server(this, this.#http, this.core.h2ServerLimits)
    // Over HTTP/2 a proxy sends what clients of either version asked: the first request tells.
    if (this.protocol === 'http1' || this.hop.peerIdentity === '') this.#countIn(this.protocol)
    this.#expectWithin(this.core.limits.keepAliveMs)
    this.#expectHead(FIRST_HEAD)
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

  get client(): string {
    return this.#accepted.client
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
    if (this.#headUnderWay !== 0) this.#expectHead(0)
    this.#deadlineMs = Number.POSITIVE_INFINITY
    const exchange = new Exchange(this, stream, head)
    if (!this.#isCounted) this.#countIn(exchange.version)
    this.#exchanges.add(exchange)
    try {
      runExchange(exchange)
    } catch (error) {
      exchange.failWith(error)
    }
    return exchange
  }

  onFault(error: HttpError): void {
    this.core.failed('client_protocol_error')
    this.faulted(error)
    // One connection may break the rules of many streams.
    if (this.#hasFaulted) return
    this.#hasFaulted = true
    const fields = { client: this.#accepted.client, fault: error.fault, detail: error.message }
    this.core.refusals.write({ level: 'info', event: 'request refused', kind: error.fault, fields })
  }

  faulted(error: HttpError): void {
    // What breaks the connection is told to it, and to each of its streams.
    if (error === this.#lastFault) return
    this.#lastFault = error
    this.core.faulted(error.fault)
  }

  onIdle(): void {
    this.received()
    this.#expectWithin(this.core.limits.keepAliveMs)
  }

  expectBy(deadlineMs: number): void {
    // The earliest of all deadlines or earlier: those that move on are looked at when it has passed.
    if (deadlineMs < this.#accepted.deadlineMs) this.#accepted.deadlineMs = deadlineMs
  }

  exchangeEnded(exchange: Exchange): void {
    this.#exchanges.remove(exchange)
    // The session says when the connection is idle; until then it has to get rid of what it holds.
    if (this.protocol === 'http2' && this.#session.activeStreams > this.#exchanges.count) this.#watchStuck()
    else if (this.#exchanges.count === 0) this.#expectWithin(this.core.limits.bodyIdleMs)
  }

  received(): void {
    const { headUnderWay } = this.#session
    if (headUnderWay !== this.#headUnderWay) this.#expectHead(headUnderWay)
  }

  deadlinePassed(): void {
    const { ticker, turn } = this.core
    turn.enter()
    try {
      const earliestMs = this.#exchanges.expire(ticker.nowMs)
      if (this.#headMs <= ticker.nowMs) this.#refuseHead()
      if (this.#deadlineMs <= ticker.nowMs) this.#ownDeadlinePassed()
      if (this.#stuckMs <= ticker.nowMs) this.#resetStuck()
      if (this.#endedMs <= ticker.nowMs) this.#checkEnded()
      this.#accepted.deadlineMs = Math.min(earliestMs, this.#earliestMs)
    } finally {
      turn.leave()
    }
  }

  drain(): void {
    this.core.turn.enter()
    try {
      this.#isDraining = true
      this.#session.drain()
      if (this.#exchanges.count === 0) this.#expectWithin(this.core.limits.lingerMs)
    } finally {
      this.core.turn.leave()
    }
  }

  destroy(): void {
    this.#session.destroy({ kind: 'local', detail: 'the proxy is being stopped' })
  }

  ended(): void {
    // HTTP/2 has no use for a half of a connection.
    if (this.protocol === 'http1') this.#watchEnded()
  }

  finished(): void {
    if (this.#exchanges.count === 0) this.#expectWithin(this.core.limits.lingerMs)
  }

  closed(): void {
    // The session has told every exchange.
  }

  #countIn(version: HttpVersion): void {
    this.#isCounted = true
    this.#http.countIn(this.hop.connectionSeries(version))
  }

  #expectWithin(delayMs: number): void {
    this.#deadlineMs = this.core.ticker.in(delayMs)
    if (this.#exchanges.count > 0) this.expectBy(this.#deadlineMs)
    else this.#accepted.deadlineMs = this.#earliestMs
  }

  /** Of all deadlines but those of exchanges. */
  get #earliestMs(): number {
    return Math.min(this.#deadlineMs, this.#headMs, this.#stuckMs, this.#endedMs)
  }

  /** Gives the head that is under way (0: none is) its time, which begins anew with each other one, and only then. */
  #expectHead(headUnderWay: number): void {
    this.#headUnderWay = headUnderWay
    this.#headMs = headUnderWay === 0 ? Number.POSITIVE_INFINITY : this.core.ticker.in(this.core.limits.requestHeadMs)
    this.expectBy(this.#headMs)
  }

  /** Answers may be complete for us, and wait for a client that gives no room for them while it asks for more. */
  #watchStuck(): void {
    if (this.#stuckMs !== Number.POSITIVE_INFINITY) return
    this.#stuckMs = this.core.ticker.in(this.core.limits.bodyIdleMs)
    this.expectBy(this.#stuckMs)
  }

  #resetStuck(): void {
    for (let left = this.#session.resetStuck(); left > 0; left--) this.core.limitReached('bodyIdleMs')
    this.#stuckMs = Number.POSITIVE_INFINITY
    if (this.#session.activeStreams > this.#exchanges.count) this.#watchStuck()
  }

  #watchEnded(): void {
    this.#endedBytes = this.#http.writtenBytes
    this.#endedMs = this.core.ticker.in(this.core.limits.clientEndedMs)
    this.expectBy(this.#endedMs)
  }

  /** A client that has closed looks like one that listens on, until the first octet is sent to it. */
  #checkEnded(): void {
    this.#endedMs = Number.POSITIVE_INFINITY
    const exchange = this.#exchanges.latest
    if (exchange?.isUpgraded === true) return
    if (this.#http.writtenBytes === this.#endedBytes) exchange?.timeOut('clientEndedMs')
    this.#watchEnded()
  }

  #ownDeadlinePassed(): void {
    this.#expectWithin(this.core.limits.lingerMs)
    // A client may not confirm that it heard of the end.
    if (this.#http.isEnding || this.#isDraining) this.#http.abort()
    else this.drain()
  }

  #refuseHead(): void {
    const { limits } = this.core
    this.#expectHead(0)
    if (this.#session.headUnderWay === 0) return
    this.core.limitReached('requestHeadMs')
    this.#session.refuse(new HttpError('head_timeout', `no complete head after ${limits.requestHeadMs} ms`))
  }
}
