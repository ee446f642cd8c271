import { createH1Client } from '@heddle/http/h1'
import { createH2Client } from '@heddle/http/h2'
import type { RequestHead } from '@heddle/http/message'
import type { BodySender, ClientHandler, ClientSession, ResponseReceiver } from '@heddle/http/session'
import { ProxyError } from '../errors/proxy-error.ts'
import type { HttpVersion } from '../exchange/http-version.ts'
import { HttpSocket, type HttpSocketOwner, type SocketPair } from '../net/http-socket.ts'
import type { Watched } from '../net/ticker.ts'
import type { ProxyCore } from '../proxy-core.ts'
import type { TrafficSeries } from '../workload.ts'
import { UpgradeWaiters } from './upgrade-waiters.ts'

/** What a pooled connection tells its pool. */
export interface ConnectionHome {
  readonly idleMs: number
  /** After so many it takes no more. */
  readonly requestsPerConnection: number
  /** A request ended and another one may follow. */
  connectionFree(connection: PooledConnection): void
  /** It must not be used again; it may still be open. */
  connectionUnusable(connection: PooledConnection): void
  connectionClosed(connection: PooledConnection): void
  /** A request has ended on one that takes no more. */
  requestEnded(): void
  /** `waiter` waits for another connection. */
  waitAgain(waiter: PoolWaiter): void
}

/** Somebody who waits for a connection; gets exactly one of the two, unless it cancels. */
export interface PoolWaiter {
  /** It takes a request now, and is to be used at once. */
  gotConnection(connection: PooledConnection): void
  gotNone(error: ProxyError): void
}

export interface PooledConnectionOptions {
  readonly version: HttpVersion
  /** Requests that it is expected to take, until the server has said so. */
  readonly expectedRoom: number
  /** Whether the other side is a proxy, which may be asked for signs of life: other servers take offence. */
  readonly isPeer: boolean
  readonly home: ConnectionHome
  readonly core: ProxyCore
}

/** A connection to an endpoint that carries one request after the other, or several at a time. */
export class PooledConnection implements ClientHandler, HttpSocketOwner, Watched {
  deadlineMs = Number.POSITIVE_INFINITY
  watchedAt = -1
  /** Requests that were begun on it. */
  uses = 0
  /** Whether its pool knows it as one with room. */
  isListed = false
  readonly #core: ProxyCore
  readonly #home: ConnectionHome
  readonly #http: HttpSocket
  readonly #session: ClientSession
  readonly #isPeer: boolean
  /** Those whose requests begin as soon as it is known whether the server takes upgrades. */
  #upgrading: UpgradeWaiters | undefined
  readonly #expectedRoom: number
  #isRetired = false
  /** Ticker time at which octets came last. */
  #heardMs = 0
  /** Ticker time at which a sign of life was asked for that has not come; 0: none was. */
  #askedMs = 0

  constructor(pair: SocketPair, { version, expectedRoom, isPeer, home, core }: PooledConnectionOptions) {
    this.#expectedRoom = expectedRoom
    this.#isPeer = isPeer
    this.#core = core
    this.#home = home
    this.#http = new HttpSocket(pair, core.turn)
    this.#session =
      version === 'http1'
        ? createH1Client(this, this.#http, core.clientLimits)
        : createH2Client(this, this.#http, core.h2ClientLimits)
    this.#http.attach(this.#session, this)
    core.ticker.watch(this)
  }

  /** Counts the connection and its octets there. */
  countIn(series: TrafficSeries | undefined): void {
    this.#http.countIn(series)
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
    const most = this.hasHeard ? this.#core.limits.endpointStreams : this.#expectedRoom
    return Math.max(0, Math.min(capacity, most - activeStreams))
  }

  begin(head: RequestHead, hasBody: boolean, receiver: ResponseReceiver): BodySender {
    this.uses += 1
    if (this.#session.activeStreams === 0) this.#awaitAnswers()
    const sender = this.#request(head, hasBody, receiver)
    if (this.uses >= this.#home.requestsPerConnection) {
      this.#home.connectionUnusable(this)
      this.retire()
    }
    return sender
  }

  #request(head: RequestHead, hasBody: boolean, receiver: ResponseReceiver): BodySender {
    try {
      return this.#session.request(head, hasBody, receiver)
    } catch (error) {
      // Nobody would hand it back: who was to use it has failed.
      this.#home.connectionUnusable(this)
      this.retire()
      throw error
    }
  }

  /** Whether a request to upgrade can be begun, and is understood; `undefined`: nobody knows yet. */
  get takesUpgrades(): boolean | undefined {
    return this.#session.takesUpgrades
  }

  /** `waiter` gets this connection again when {@link takesUpgrades} is known; it is not to be used until then. */
  holdUpgrade(waiter: PoolWaiter): void {
    this.#upgrading ??= new UpgradeWaiters()
    this.#upgrading.add(waiter)
    this.#session.greet()
  }

  cancelUpgrade(waiter: PoolWaiter): void {
    this.#upgrading?.remove(waiter)
  }

  /** Whoever got it has no use for it. */
  handBack(): void {
    if (this.isReusable) this.#home.connectionFree(this)
  }

  /** Gives up a request: with HTTP/1 the connection goes with it, with HTTP/2 there is room for another one. */
  giveUp(sender: BodySender, detail: string): void {
    sender.reset({ kind: 'local', detail })
    if (this.isReusable) this.#home.connectionFree(this)
    else this.requestEnded()
  }

  /** A request has ended on it, in whatever way: where it takes no more, its session need not say so. */
  requestEnded(): void {
    if (this.isReusable) return
    // The server may read no more, so that not even our end gets through to it.
    if (this.#session.activeStreams === 0) this.deadlineMs = this.#core.ticker.in(this.#core.limits.lingerMs)
    this.#home.requestEnded()
  }

  /** Starts the time after which an unused connection is closed. */
  rest(): void {
    this.deadlineMs = this.#core.ticker.in(this.version === 'http2' ? this.#core.limits.poolIdleMs : this.#home.idleMs)
  }

  /** Takes no more requests; ends when the last one has. */
  retire(): void {
    if (this.#isRetired) return
    this.#isRetired = true
    this.#upgrading?.leave(this.#home)
    this.#session.drain()
    // While a request is open, whoever waits for its answer has the deadline.
    if (this.#session.activeStreams === 0) this.deadlineMs = this.#core.ticker.in(this.#core.limits.lingerMs)
  }

  abort(): void {
    this.#http.abort()
  }

  onIdle(): void {
    this.#upgrading?.begin(this, this.#home)
    this.#home.connectionFree(this)
  }

  onAllowance(): void {
    this.onIdle()
  }

  onUnusable(): void {
    this.#failUpgrades()
    this.#home.connectionUnusable(this)
    this.retire()
  }

  received(): void {
    this.#heardMs = this.#core.ticker.nowMs
  }

  ended(): void {
    // The session says what that means: an answer may be complete by it, or broken off.
  }

  finished(): void {
    if (this.#session.activeStreams === 0) this.deadlineMs = this.#core.ticker.in(this.#core.limits.lingerMs)
  }

  closed(): void {
    this.#core.ticker.unwatch(this)
    this.#failUpgrades()
    this.#home.connectionClosed(this)
  }

  deadlinePassed(): void {
    if (this.#session.activeStreams > 0) this.#checkLife()
    else if (this.#isRetired) this.abort()
    else this.onUnusable()
  }

  abandon(): void {
    this.abort()
  }

  /** Whoever waits for an answer has a deadline; but that of one exchange must not be what all later ones wait for, too. */
  #awaitAnswers(): void {
    const { limits, ticker } = this.#core
    this.#askedMs = 0
    this.#heardMs = ticker.nowMs
    const mayPing = this.#isPeer && this.version === 'http2'
    this.deadlineMs = mayPing ? ticker.in(limits.pingAfterMs) : Number.POSITIVE_INFINITY
  }

  #checkLife(): void {
    const { limits, ticker, turn } = this.#core
    turn.enter()
    try {
      const silentMs = ticker.nowMs - this.#heardMs
      if (this.#askedMs > this.#heardMs) this.#giveUpDead()
      else if (silentMs < limits.pingAfterMs) this.deadlineMs = ticker.in(limits.pingAfterMs - silentMs)
      else {
        this.#askedMs = ticker.nowMs
        this.deadlineMs = ticker.in(limits.pingMs)
        this.#session.ping()
      }
    } finally {
      turn.leave()
    }
  }

  #failUpgrades(): void {
    // With TLS 1.3 a client is done before its certificate was looked at: a refusal is a close without a word.
    const code = this.#isPeer && !this.hasHeard ? 'refused_by_peer' : 'connect_failed'
    const detail = 'the server ended the connection before it said what it takes'
    this.#upgrading?.fail(() => new ProxyError(code, detail))
  }

  #giveUpDead(): void {
    this.#core.limitReached('pingMs')
    this.#failUpgrades()
    this.#home.connectionUnusable(this)
    this.#isRetired = true
    this.#session.destroy({ kind: 'peer-closed', detail: 'no sign of life for too long' })
  }
}
