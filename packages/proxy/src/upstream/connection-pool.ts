import { ALPN_HTTP1, ALPN_HTTP2 } from '../accept/terminate-tls.ts'
import { ProxyError } from '../errors/proxy-error.ts'
import type { HttpVersion } from '../exchange/http-version.ts'
import type { SocketPair } from '../net/http-socket.ts'
import type { ProxyCore } from '../proxy-core.ts'
import { type ConnectionHome, PooledConnection, type PoolWaiter } from './pooled-connection.ts'
import type { RemoteEndpoint } from './remote-endpoint.ts'

const ALPN: Readonly<Record<HttpVersion, readonly string[]>> = {
  http1: [ALPN_HTTP1],
  http2: [ALPN_HTTP2, ALPN_HTTP1],
}

/** Until a server has said how many streams it takes. RFC 9113 §6.5.2 recommends not to allow fewer. */
const USUAL_STREAMS = 100

/**
 * The connections of one workload to one endpoint, each of which carries one request at a time (HTTP/1) or many (HTTP/2). The
 * last one that got room is used first, so that the others may grow old and be closed.
 */
export class ConnectionPool implements ConnectionHome {
  readonly #endpoint: RemoteEndpoint
  readonly #version: HttpVersion
  readonly #core: ProxyCore
  /** Connections that take a request now, but for those that have ended meanwhile. */
  readonly #free: PooledConnection[] = []
  readonly #waiting = new Set<PoolWaiter>()
  readonly #connecting = new Set<() => void>()
  readonly #open = new Set<PooledConnection>()
  /** Requests that a new connection is expected to take. */
  #expected: number
  #isClosed = false

  constructor(endpoint: RemoteEndpoint, version: HttpVersion, core: ProxyCore) {
    this.#endpoint = endpoint
    this.#version = version
    this.#core = core
    this.#expected = version === 'http1' ? 1 : Math.min(USUAL_STREAMS, core.limits.endpointStreams)
  }

  get idleMs(): number {
    return this.#endpoint.idleMs
  }

  get requestsPerConnection(): number {
    return this.#endpoint.limits.requestsPerConnection
  }

  /** A connection that takes a request, if there is one. To be used at once. */
  take(): PooledConnection | undefined {
    return this.#endpoint.limits.requests !== Number.POSITIVE_INFINITY && this.#allowed <= 0
      ? undefined
      : this.#takeFree()
  }

  #takeFree(): PooledConnection | undefined {
    const free = this.#free
    for (let last = free.at(-1); last !== undefined; last = free.at(-1)) {
      const { room } = last
      if (room <= 1) this.#unlistLast()
      if (room > 0) return last
    }
    return undefined
  }

  /**
   * Waits for a connection: the next that has room or is established.
   * @throws {ProxyError} endpoint_overloaded when too many wait already
   */
  wait(waiter: PoolWaiter): void {
    if (this.#waiting.size - this.#expectedSoon >= this.#endpoint.limits.pending) {
      this.#core.limitReached('endpointPending')
      const detail = `${this.#waiting.size} requests wait for ${this.#endpoint.name} already`
      throw new ProxyError('endpoint_overloaded', detail)
    }
    this.#waiting.add(waiter)
    this.#connectAsNeeded()
  }

  waitAgain(waiter: PoolWaiter): void {
    try {
      if (this.#isClosed) throw new ProxyError('draining', `the pool of ${this.#endpoint.name} is closed`)
      this.wait(waiter)
    } catch (error) {
      if (!(error instanceof ProxyError)) throw error
      waiter.gotNone(error)
    }
  }

  cancel(waiter: PoolWaiter): void {
    this.#waiting.delete(waiter)
  }

  /** Ends the connections of today, each after its requests. */
  renew(): void {
    for (const connection of this.#free) connection.isListed = false
    this.#free.length = 0
    for (const connection of this.#open) connection.retire()
  }

  /** Takes no more requests. Ends idle connections now and the others after their requests. */
  close(): void {
    this.#isClosed = true
    for (const cancel of this.#connecting) cancel()
    this.#connecting.clear()
    for (const waiter of this.#waiting)
      waiter.gotNone(new ProxyError('draining', `the pool of ${this.#endpoint.name} is closed`))
    this.#waiting.clear()
    this.renew()
  }

  /** Ends all connections at once. */
  abort(): void {
    this.close()
    for (const connection of this.#open) connection.abort()
  }

  connectionFree(connection: PooledConnection): void {
    if (this.#isClosed || !connection.isReusable) {
      connection.retire()
      return
    }
    if (this.#waiting.size > 0) this.#serve(connection)
    if (connection.openRequests === 0) connection.rest()
    if (connection.isListed || connection.room === 0) return
    connection.isListed = true
    this.#free.push(connection)
  }

  connectionUnusable(connection: PooledConnection): void {
    if (!connection.isListed) return
    connection.isListed = false
    const at = this.#free.indexOf(connection)
    if (at !== -1) this.#free.splice(at, 1)
  }

  connectionClosed(connection: PooledConnection): void {
    this.connectionUnusable(connection)
    this.#open.delete(connection)
    this.#serveFromFree()
    this.#connectAsNeeded()
  }

  requestEnded(): void {
    // The close of its connection may be far away.
    if (!this.#isHeldBack) return
    this.#serveFromFree()
    this.#connectAsNeeded()
  }

  /** Whether somebody waits who may wait for fewer requests to be under way. */
  get #isHeldBack(): boolean {
    return this.#waiting.size > 0 && this.#endpoint.limits.requests !== Number.POSITIVE_INFINITY
  }

  /** Those who waited although there were connections with room, as too many requests were under way, may go on now. */
  #serveFromFree(): void {
    if (!this.#isHeldBack) return
    const connection = this.take()
    if (connection !== undefined) this.connectionFree(connection)
  }

  /** Requests that may be begun now. */
  get #allowed(): number {
    const { requests } = this.#endpoint.limits
    if (requests === Number.POSITIVE_INFINITY) return requests
    let begun = 0
    for (const connection of this.#open) begun += connection.openRequests
    return requests - begun
  }

  #unlistLast(): void {
    this.#free.pop()!.isListed = false
  }

  /**
   * Requests that connections under way will take: those do not wait for others to end. With HTTP/1 each request has a connect of
   * its own, so that nothing would bound them but the number of connections.
   */
  get #expectedSoon(): number {
    if (this.#version === 'http1') return 0
    return Math.min(this.#connecting.size * this.#expected, this.#core.limits.endpointExpected)
  }

  #connectAsNeeded(): void {
    if (this.#waiting.size === 0) return
    const { connections } = this.#endpoint.limits
    const wanted = Math.min(this.#waiting.size, this.#allowed)
    this.#learn()
    while (!this.#isClosed && this.#connecting.size * this.#expected < wanted) {
      if (this.#open.size + this.#connecting.size >= connections) {
        this.#core.limitReached('endpointConnections')
        return
      }
      this.#connect()
    }
  }

  /** Servers may allow fewer streams than is usual, or more. */
  #learn(): void {
    for (const connection of this.#open) {
      if (!connection.isReusable || !connection.hasHeard) continue
      this.#expected = Math.max(1, connection.room + connection.openRequests)
      return
    }
  }

  #connect(): void {
    const cancel = this.#endpoint.open(ALPN[this.#version], {
      connected: (pair, alpn) => {
        this.#connecting.delete(cancel)
        this.#connected(pair, this.#versionOf(alpn))
      },
      failed: (error) => {
        this.#connecting.delete(cancel)
        this.#refused(error)
      },
    })
    this.#connecting.add(cancel)
  }

  /** Without TLS there is nothing to agree upon. */
  #versionOf(alpn: string): HttpVersion {
    if (alpn === '') return this.#version
    return alpn === ALPN_HTTP2 ? 'http2' : 'http1'
  }

  #connected(pair: SocketPair, version: HttpVersion): void {
    const { turn } = this.#core
    turn.enter()
    try {
      const connection = new PooledConnection(pair, {
        version,
        expectedRoom: version === this.#version ? this.#expected : 1,
        isPeer: this.#endpoint.isMeshed,
        home: this,
        core: this.#core,
      })
      connection.countIn(this.#endpoint.series)
      this.#open.add(connection)
      if (version !== this.#version) this.#expected = 1
      this.connectionFree(connection)
      this.#connectAsNeeded()
    } finally {
      turn.leave()
    }
  }

  /** Those who waited for this connect get the failure; the others have connects of their own, or get new ones. */
  #refused(error: ProxyError): void {
    const { turn } = this.#core
    turn.enter()
    try {
      let unserved = Math.max(1, this.#waiting.size - this.#connecting.size * this.#expected)
      unserved = Math.min(unserved, this.#expected)
      for (const waiter of [...this.#waiting].slice(0, unserved))
        if (this.#waiting.delete(waiter)) waiter.gotNone(error)
      this.#connectAsNeeded()
    } finally {
      turn.leave()
    }
  }

  #serve(connection: PooledConnection): void {
    for (const waiter of this.#waiting) {
      if (connection.room === 0 || this.#allowed <= 0) return
      this.#waiting.delete(waiter)
      waiter.gotConnection(connection)
    }
  }
}
