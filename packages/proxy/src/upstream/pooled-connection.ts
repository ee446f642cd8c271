import { createH1Client } from '@heddle/http/h1'
import type { RequestHead } from '@heddle/http/message'
import type { BodySender, ClientHandler, ClientSession, ResponseReceiver } from '@heddle/http/session'
import type { HttpVersion } from '../exchange/http-version.ts'
import { HttpSocket, type HttpSocketOwner, type SocketPair } from '../net/http-socket.ts'
import type { Watched } from '../net/ticker.ts'
import type { ProxyCore } from '../proxy-core.ts'
import type { TrafficSeries } from '../workload.ts'

/** What a pooled connection tells its pool. */
export interface ConnectionHome {
  readonly idleMs: number
  /** A request ended and another one may follow. */
  connectionFree(connection: PooledConnection): void
  /** It must not be used again; it may still be open. */
  connectionUnusable(connection: PooledConnection): void
  connectionClosed(connection: PooledConnection): void
}

export interface PooledConnectionOptions {
  readonly version: HttpVersion
  readonly home: ConnectionHome
  readonly core: ProxyCore
}

/** A connection to an endpoint that carries one request after the other, or several at a time. */
export class PooledConnection implements ClientHandler, HttpSocketOwner, Watched {
  deadlineMs = Number.POSITIVE_INFINITY
  /** Requests that were begun on it. */
  uses = 0
  /** Whether its pool knows it as one with room. */
  isListed = false
  readonly #core: ProxyCore
  readonly #home: ConnectionHome
  readonly #http: HttpSocket
  readonly #session: ClientSession
  #isRetired = false

  constructor(pair: SocketPair, { home, core }: PooledConnectionOptions) {
    this.#core = core
    this.#home = home
    this.#http = new HttpSocket(pair, core.turn)
    this.#session = createH1Client(this, this.#http, core.clientLimits)
    this.#http.attach(this.#session, this)
    core.ticker.watch(this)
  }

  /** Counts the connection and its octets there. */
  countIn(series: TrafficSeries | undefined): void {
    this.#http.series = series
    series?.connectionOpened()
  }

  get version(): HttpVersion {
    return this.#session.protocol
  }

  /** Whether any octet came from the server. */
  get hasHeard(): boolean {
    return this.#http.readBytes > 0
  }

  get openRequests(): number {
    return this.#session.activeStreams
  }

  /** Whether it may ever take a request again. */
  get isReusable(): boolean {
    return !this.#isRetired && this.#session.isReusable
  }

  /** How many requests it takes now. */
  get room(): number {
    if (this.#isRetired) return 0
    const { activeStreams, capacity } = this.#session
    return Math.max(0, Math.min(capacity, this.#core.limits.endpointStreams - activeStreams))
  }

  begin(head: RequestHead, hasBody: boolean, receiver: ResponseReceiver): BodySender {
    this.uses += 1
    this.deadlineMs = Number.POSITIVE_INFINITY
    return this.#session.request(head, hasBody, receiver)
  }

  /** Starts the time after which an unused connection is closed. */
  rest(): void {
    this.deadlineMs = this.#core.ticker.in(this.#home.idleMs)
  }

  /** Takes no more requests; ends when the last one has. */
  retire(): void {
    if (this.#isRetired) return
    this.#isRetired = true
    this.#session.drain()
    // While a request is open, whoever waits for its answer has the deadline.
    if (this.#session.activeStreams === 0) this.deadlineMs = this.#core.ticker.in(this.#core.limits.lingerMs)
  }

  abort(): void {
    this.#http.abort()
  }

  onIdle(): void {
    this.#home.connectionFree(this)
  }

  onUnusable(): void {
    this.#home.connectionUnusable(this)
    this.retire()
  }

  received(): void {
    // Whoever waits for the answer has the deadline.
  }

  closed(): void {
    this.#core.ticker.unwatch(this)
    this.#http.series?.connectionClosed(undefined)
    this.#home.connectionClosed(this)
  }

  deadlinePassed(): void {
    if (this.#isRetired) {
      this.abort()
      return
    }
    this.onUnusable()
  }
}
