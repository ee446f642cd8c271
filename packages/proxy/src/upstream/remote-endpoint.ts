import type { ConnectionLimitsJson } from '@heddle/api/discovery/policy'
import { createLoad, type EndpointLoad } from '@heddle/engine/balance'
import { ProxyError } from '../errors/proxy-error.ts'
import type { HttpVersion } from '../exchange/http-version.ts'
import type { ProxyCore } from '../proxy-core.ts'
import type { TrafficSeries } from '../workload.ts'
import type { ClientTls } from './client-tls.ts'
import { type ConnectReceiver, connect, type Remote } from './connect.ts'
import { ConnectionPool } from './connection-pool.ts'
import { type EndpointLimits, limitsOf, usualLimits } from './endpoint-limits.ts'

export interface RemoteEndpointOptions {
  readonly remote: Remote
  readonly weight: number
  /** What bounds a connect, where no policy says anything. */
  readonly connectLimit: 'connectMs' | 'connectUnmeshedMs'
  readonly idleMs: number
}

/** What one workload knows of one endpoint, and its connections there. */
export class RemoteEndpoint {
  readonly remote: Remote
  readonly load: EndpointLoad
  /** How long an unused connection is kept. */
  readonly idleMs: number
  /** Where pooled connections are counted. */
  series: TrafficSeries | undefined
  readonly #core: ProxyCore
  readonly #tls: ClientTls
  readonly #usualLimits: EndpointLimits
  readonly #connectLimit: RemoteEndpointOptions['connectLimit']
  #limits: EndpointLimits
  #http1: ConnectionPool | undefined
  #http2: ConnectionPool | undefined
  #failures = 0

  constructor(options: RemoteEndpointOptions, tls: ClientTls, core: ProxyCore) {
    this.remote = options.remote
    this.idleMs = options.idleMs
    this.#connectLimit = options.connectLimit
    this.#usualLimits = usualLimits(core.limits, core.limits[options.connectLimit])
    this.#limits = this.#usualLimits
    this.#tls = tls
    this.#core = core
    this.load = createLoad(options.weight, core.clock.monotonicUs())
  }

  get limits(): EndpointLimits {
    return this.#limits
  }

  /** Bounds it as a policy says; where several Services have the endpoint, the one that was changed last. */
  limit(policy: ConnectionLimitsJson | undefined): void {
    this.#limits = limitsOf(policy, this.#usualLimits)
  }

  /** Whether the endpoint has a proxy, with which this one speaks by mTLS. */
  get isMeshed(): boolean {
    return this.remote.identity !== undefined
  }

  /** `IP:PORT`, for people. */
  get name(): string {
    return `${this.remote.address}:${this.remote.port}`
  }

  /** Connections that speak `version`; a proxy of the mesh may choose HTTP/1 where HTTP/2 is asked for. */
  pool(version: HttpVersion): ConnectionPool {
    if (version === 'http1') {
      this.#http1 ??= new ConnectionPool(this, version, this.#core)
      return this.#http1
    }
    this.#http2 ??= new ConnectionPool(this, version, this.#core)
    return this.#http2
  }

  /**
   * Opens a connection that is the caller's own.
   *
   * @param alpn - what may be spoken inside of mTLS, the preferred first; plain connections have no such names
   * @returns ends the attempt
   */
  open(alpn: readonly string[], receiver: ConnectReceiver): () => void {
    const { clock, limits, loopGuard, outgoing } = this.#core
    if (outgoing.isFull) return this.#refuseLater(receiver)
    const { handshakeMs } = limits
    const options = { clock, tls: this.#tls, connectMs: this.#limits.connectMs, handshakeMs, loopGuard, outgoing, alpn }
    return connect(this.remote, options, {
      connected: (pair, chosen) => {
        this.#connectSucceeded()
        this.#tell(
          () => receiver.connected(pair, chosen),
          () => pair.socket.destroy(),
        )
      },
      failed: (error) => {
        if (error.code === 'connect_timeout') this.#core.limitReached(this.#connectLimit)
        if (error.spec.retryable) this.#connectFailed()
        this.#tell(() => receiver.failed(error))
      },
    })
  }

  /** The endpoint's proxy could be reached, the application behind it could not. */
  applicationUnreachable(): void {
    this.#connectFailed()
  }

  /** Ends the connections of today, each after its requests. */
  renew(): void {
    this.#http1?.renew()
    this.#http2?.renew()
  }

  /** Takes no more requests. Ends idle connections now and the others after their requests. */
  close(): void {
    this.#http1?.close()
    this.#http2?.close()
  }

  /** Ends all connections at once. */
  abort(): void {
    this.#http1?.abort()
    this.#http2?.abort()
  }

  /** Fails as a connect does: after the caller has got what ends it. */
  #refuseLater(receiver: ConnectReceiver): () => void {
    this.#core.limitReached('outgoingConnections')
    const error = new ProxyError('connection_limit', `no connection is left for ${this.name}`)
    const timer = this.#core.clock.after(0, () => this.#tell(() => receiver.failed(error)))
    return () => timer.cancel()
  }

  /** Nobody above could catch what the receiver throws: a timer or a socket has brought the outcome. */
  #tell(hear: () => void, undo?: () => void): void {
    try {
      hear()
    } catch (error) {
      this.#core.turn.onBug('connection', error)
      undo?.()
    }
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
}
