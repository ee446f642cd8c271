import { createLoad, type EndpointLoad } from '@heddle/engine/balance'
import { ALPN_HTTP1 } from '../accept/terminate-tls.ts'
import { ProxyError } from '../errors/proxy-error.ts'
import type { SocketPair } from '../net/http-socket.ts'
import type { ProxyCore } from '../proxy-core.ts'
import type { TrafficSeries } from '../workload.ts'
import type { ClientTls } from './client-tls.ts'
import { type ConnectReceiver, connect, type Remote } from './connect.ts'
import { type ConnectionHome, PooledConnection } from './pooled-connection.ts'

/** Somebody who waits for a connection; gets exactly one of the two, unless it cancels. */
export interface PoolWaiter {
  /** Free now, and to be used at once. */
  gotConnection(connection: PooledConnection): void
  gotNone(error: ProxyError): void
}

export interface EndpointPoolOptions {
  readonly remote: Remote
  readonly weight: number
  readonly connectMs: number
  readonly idleMs: number
}

/**
 * The connections of one workload to one endpoint, and what is known of that endpoint. The last one used is used first, so
 * that the others may grow old and be closed.
 */
export class EndpointPool implements ConnectionHome {
  readonly remote: Remote
  readonly load: EndpointLoad
  readonly idleMs: number
  /** Where connections of this pool are counted. */
  series: TrafficSeries | undefined
  readonly #core: ProxyCore
  readonly #tls: ClientTls
  readonly #connectMs: number
  readonly #idle: PooledConnection[] = []
  readonly #waiting = new Set<PoolWaiter>()
  readonly #connecting = new Set<() => void>()
  readonly #open = new Set<PooledConnection>()
  #failures = 0
  #isClosed = false

  constructor(options: EndpointPoolOptions, tls: ClientTls, core: ProxyCore) {
    this.remote = options.remote
    this.idleMs = options.idleMs
    this.#connectMs = options.connectMs
    this.#tls = tls
    this.#core = core
    this.load = createLoad(options.weight, core.clock.monotonicUs())
  }

  /** A free connection, if there is one. To be used at once. */
  take(): PooledConnection | undefined {
    for (let last = this.#idle.pop(); last !== undefined; last = this.#idle.pop()) {
      if (last.isUsable) return last
    }
    return undefined
  }

  /**
   * Waits for a connection: the next that becomes free or is established.
   * @throws {ProxyError} endpoint_overloaded when too many wait already
   */
  wait(waiter: PoolWaiter): void {
    if (this.#waiting.size >= this.#core.limits.endpointPending) {
      this.#core.limitReached('endpointPending')
      throw new ProxyError('endpoint_overloaded', `${this.#waiting.size} requests wait for ${this.#name} already`)
    }
    this.#waiting.add(waiter)
    this.#connectAsNeeded()
  }

  cancel(waiter: PoolWaiter): void {
    this.#waiting.delete(waiter)
  }

  /** Opens a connection that is the caller's own, not pooled. @returns ends the attempt */
  open(alpn: string, receiver: ConnectReceiver): () => void {
    const { clock, limits, loopGuard, outgoing } = this.#core
    if (outgoing.isFull) return this.#refuseLater(receiver)
    const { handshakeMs } = limits
    const options = { clock, tls: this.#tls, connectMs: this.#connectMs, handshakeMs, loopGuard, outgoing, alpn }
    return connect(this.remote, options, {
      connected: (pair) => {
        this.#connectSucceeded()
        receiver.connected(pair)
      },
      failed: (error) => {
        if (error.code === 'connect_timeout') this.#core.limitReached('connectMs')
        if (error.spec.retryable) this.#connectFailed()
        receiver.failed(error)
      },
    })
  }

  /** Fails as a connect does: after the caller has got what ends it. */
  #refuseLater(receiver: ConnectReceiver): () => void {
    this.#core.limitReached('outgoingConnections')
    const error = new ProxyError('connection_limit', `no connection is left for ${this.#name}`)
    const timer = this.#core.clock.after(0, () => receiver.failed(error))
    return () => timer.cancel()
  }

  /** The endpoint's proxy could be reached, the application behind it could not. */
  applicationUnreachable(): void {
    this.#connectFailed()
  }

  /** Passes the endpoint over for a while, the longer the more often in a row. */
  #connectFailed(): void {
    const { avoidFirstMs, avoidLastMs } = this.#core.limits
    const avoidMs = Math.min(avoidLastMs, avoidFirstMs * 2 ** Math.min(this.#failures, 20))
    this.#failures += 1
    this.load.avoidUntilUs = this.#core.clock.monotonicUs() + avoidMs * 1000
  }

  #connectSucceeded(): void {
    this.#failures = 0
    this.load.avoidUntilUs = 0
  }

  /** Ends idle connections now and the others after their request. */
  close(): void {
    this.#isClosed = true
    for (const cancel of this.#connecting) cancel()
    this.#connecting.clear()
    for (const waiter of this.#waiting)
      waiter.gotNone(new ProxyError('draining', `the pool of ${this.#name} is closed`))
    this.#waiting.clear()
    this.#idle.length = 0
    for (const connection of this.#open) connection.retire()
  }

  /** Ends all connections at once. */
  abort(): void {
    this.close()
    for (const connection of this.#open) connection.abort()
  }

  connectionFree(connection: PooledConnection): void {
    if (this.#isClosed || !connection.isUsable) {
      connection.retire()
      return
    }
    if (this.#waiting.size > 0) {
      this.#serve(connection)
      return
    }
    connection.rest()
    this.#idle.push(connection)
  }

  connectionUnusable(connection: PooledConnection): void {
    const at = this.#idle.indexOf(connection)
    if (at !== -1) this.#idle.splice(at, 1)
  }

  connectionClosed(connection: PooledConnection): void {
    this.connectionUnusable(connection)
    this.#open.delete(connection)
    this.#connectAsNeeded()
  }

  get #name(): string {
    return `${this.remote.address}:${this.remote.port}`
  }

  #connectAsNeeded(): void {
    const { endpointConnections } = this.#core.limits
    while (!this.#isClosed && this.#connecting.size < this.#waiting.size) {
      if (this.#open.size + this.#connecting.size >= endpointConnections) {
        this.#core.limitReached('endpointConnections')
        return
      }
      this.#connect()
    }
  }

  #connect(): void {
    const cancel = this.open(ALPN_HTTP1, {
      connected: (pair) => {
        this.#connecting.delete(cancel)
        this.#connected(pair)
      },
      failed: (error) => {
        this.#connecting.delete(cancel)
        this.#refused(error)
      },
    })
    this.#connecting.add(cancel)
  }

  #connected(pair: SocketPair): void {
    const { turn } = this.#core
    turn.enter()
    try {
      const connection = new PooledConnection(pair, this, this.#core)
      connection.countIn(this.series)
      this.#open.add(connection)
      this.connectionFree(connection)
    } finally {
      turn.leave()
    }
  }

  /** One waiter gets the failure; the others have connects of their own, or get new ones. */
  #refused(error: ProxyError): void {
    const { turn } = this.#core
    turn.enter()
    try {
      for (const waiter of this.#waiting) {
        this.#waiting.delete(waiter)
        waiter.gotNone(error)
        break
      }
      this.#connectAsNeeded()
    } finally {
      turn.leave()
    }
  }

  #serve(connection: PooledConnection): void {
    for (const waiter of this.#waiting) {
      this.#waiting.delete(waiter)
      waiter.gotConnection(connection)
      return
    }
  }
}
