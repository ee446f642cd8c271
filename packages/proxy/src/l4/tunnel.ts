import type { ProxyErrorCode } from '@heddle/api/proxy-errors'
import type { EndpointLoad } from '@heddle/engine/balance'
import type { ConnectionTable } from '@heddle/engine/route/connection'
import type { Accepted } from '../accept/accepted.ts'
import type { Stage } from '../accept/stage.ts'
import { ALPN_OPAQUE } from '../accept/terminate-tls.ts'
import { ProxyError, toProxyError } from '../errors/proxy-error.ts'
import type { Hop } from '../exchange/hop.ts'
import type { SocketPair } from '../net/http-socket.ts'
import { resetSocket } from '../platform/reset.ts'
import type { ProxyCore } from '../proxy-core.ts'
import { REFUSALS } from '../routing/refusals.ts'
import type { TrafficManagement } from '../routing/traffic-management.ts'
import { type DestinationState, noTarget, pickTarget } from '../upstream/destination-state.ts'
import type { Target } from '../upstream/target.ts'
import type { SeriesKey, TrafficSeries } from '../workload.ts'
import { Copy, type CopyOwner } from './copy.ts'
import { awaitFirstWord } from './first-word.ts'

export interface TunnelOptions {
  readonly core: ProxyCore
  readonly hop: Hop
  readonly accepted: Accepted
  readonly protocol: Exclude<SeriesKey['protocol'], 'http1'>
  /** What the client sent while its protocol was being told. */
  readonly firstBytes: Uint8Array
  /** Of the TLS hello in them, where there is one. */
  readonly serverName?: string | undefined
  /** Called when the server speaks before the client does. */
  readonly serverSpokeFirst?: () => void
  /**
   * Called when the client, silent so far, speaks before the server does after all. The tunnel is over then, and what the
   * client said is in its socket.
   */
  readonly clientSpokeFirst?: () => void
}

/** An accepted connection whose octets are copied to one endpoint and back, unread. */
export class Tunnel implements Stage, CopyOwner {
  readonly protocol: string
  readonly openRequests = 0
  readBytes = 0
  writtenBytes = 0
  readonly #left: SocketPair
  readonly #options: TunnelOptions
  #state: DestinationState | undefined
  #target: Target | undefined
  readonly #tried: EndpointLoad[] = []
  #series: TrafficSeries | undefined
  #copy: Copy | undefined
  #cancelConnect: (() => void) | undefined
  #isHalfClosed = false
  #isOver = false
  #expired: ProxyErrorCode | undefined

  /** @param left - paused */
  constructor(left: SocketPair, options: TunnelOptions) {
    this.#left = left
    this.#options = options
    this.protocol = options.protocol
    left.socket.on('close', this.#onLeftClosed)
    left.socket.on('error', ignore)
    this.#resolve()
  }

  moved(from: 'left' | 'right', bytes: number): void {
    const { accepted, core, hop } = this.#options
    if (from === 'left') this.readBytes += bytes
    else this.writtenBytes += bytes
    if (from === 'right' && this.readBytes === 0) this.#options.serverSpokeFirst?.()
    const isFromPeer = (from === 'left') === (hop.direction === 'inbound')
    if (isFromPeer) this.#series?.addReadBytes(bytes)
    else this.#series?.addWrittenBytes(bytes)
    accepted.expectWithin(this.#isHalfClosed ? core.limits.halfClosedMs : core.limits.opaqueIdleMs)
  }

  halfClosed(): void {
    this.#isHalfClosed = true
    this.#options.accepted.expectWithin(this.#options.core.limits.halfClosedMs)
  }

  ended(brokenBy: 'left' | 'right' | undefined): void {
    if (this.#target !== undefined) this.#target.endpoint.load.inFlight -= 1
    const broken = brokenBy === undefined ? undefined : this.#codeOf(brokenBy)
    this.#close(this.#expired ?? broken)
  }

  deadlinePassed(): void {
    const { core } = this.#options
    core.limitReached(this.#isHalfClosed ? 'halfClosedMs' : 'opaqueIdleMs')
    this.#expired = 'idle_timeout'
    this.destroy()
  }

  drain(): void {
    // Nobody can tell where an opaque stream may be cut; it goes on until the drain's own deadline.
  }

  destroy(): void {
    if (this.#copy !== undefined) this.#copy.destroy()
    else resetSocket(this.#left.socket, this.#left.raw)
  }

  #resolve(): void {
    this.#resolveHop(this.#options.hop, (state) => {
      const { management, routing } = state
      if (routing?.connections === undefined || management === undefined) this.#connect(state)
      else this.#route(state, { routes: routing.connections, management })
    })
  }

  #resolveHop(hop: Hop, done: (state: DestinationState) => void): void {
    try {
      const state = hop.resolve()
      if (!(state instanceof Promise)) {
        done(state)
        return
      }
      state.then(done).catch((error: unknown) => this.#fail(toProxyError(error)))
    } catch (error) {
      this.#fail(toProxyError(error))
    }
  }

  /** Once for the connection, whatever becomes of its tries. */
  #route(
    state: DestinationState,
    { routes, management }: { readonly routes: ConnectionTable; readonly management: TrafficManagement },
  ): void {
    const { core, hop, serverName } = this.#options
    this.#state = state
    const decision = management.decideConnection(routes, serverName, core.deciding)
    switch (decision.kind) {
      case 'own-endpoints':
        this.#connect(state)
        return
      case 'refused':
        this.#fail(new ProxyError(REFUSALS[decision.cause], decision.reason))
        return
      case 'forward':
        this.#resolveHop(hop.backend(decision.backend.key), (backend) => {
          if (backend.kind === 'missing') this.#fail(new ProxyError('backend_unresolved', backend.reason))
          else this.#connect(backend)
        })
    }
  }

  #connect(state: DestinationState): void {
    if (this.#isOver) return
    this.#state = state
    const { clock, random } = this.#options.core
    const tried = this.#tried.length === 0 ? undefined : this.#tried
    const hashKey = this.#hashKeyFor(state)
    const target = pickTarget(state, { nowUs: clock.monotonicUs(), random, tried, hashKey })
    if (target === undefined) {
      this.#fail(noTarget(state))
      return
    }
    this.#target = target
    target.endpoint.load.inFlight += 1
    this.#cancelConnect = target.endpoint.open([ALPN_OPAQUE], {
      connected: (right) => this.#connected(right),
      failed: (error) => this.#notConnected(error),
    })
  }

  /** Of a connection nothing else is known than where it comes from. */
  #hashKeyFor({ backend }: DestinationState): string | undefined {
    if (backend?.hashOn.some(({ sourceAddress }) => sourceAddress === true) !== true) return undefined
    const { client } = this.#options.accepted
    return client.slice(0, client.lastIndexOf(':'))
  }

  #connected(right: SocketPair): void {
    this.#state?.service?.observe(this.#target!, 'success')
    const { clientSpokeFirst } = this.#options
    this.#cancelConnect = undefined
    this.#left.socket.off('close', this.#onLeftClosed)
    if (clientSpokeFirst === undefined) {
      this.#copyBetween(right)
      return
    }
    this.#options.accepted.expectWithin(this.#options.core.limits.opaqueIdleMs)
    awaitFirstWord(this.#left.socket, right.socket, (speaker) => {
      if (speaker === 'left') this.#giveBack(right, clientSpokeFirst)
      else this.#copyBetween(right)
    })
  }

  #giveBack({ socket }: SocketPair, clientSpokeFirst: () => void): void {
    this.#isOver = true
    this.#target!.endpoint.load.inFlight -= 1
    socket.on('error', ignore)
    socket.destroy()
    // Not before the octets are back in the socket.
    queueMicrotask(clientSpokeFirst)
  }

  #copyBetween(right: SocketPair): void {
    const { core, accepted, firstBytes, hop, protocol } = this.#options
    this.#series = hop.seriesOf(this.#state, this.#target, protocol)
    this.#series.connectionOpened()
    accepted.expectWithin(core.limits.opaqueIdleMs)
    this.#copy = new Copy(this.#left, right, this)
    if (firstBytes.length > 0) this.#copy.feed(firstBytes)
  }

  #notConnected(error: ProxyError): void {
    const { core } = this.#options
    this.#cancelConnect = undefined
    const target = this.#target!
    target.endpoint.load.inFlight -= 1
    if (error.spec.retryable) this.#state?.service?.observe(target, 'failure')
    this.#tried.push(target.endpoint.load)
    const mayTry = error.spec.retryable && this.#tried.length < core.limits.connectTries
    if (mayTry && this.#tried.length < this.#state!.targets.length) this.#connect(this.#state!)
    else this.#fail(error)
  }

  /** Fails before any octet was copied. */
  #fail(error: ProxyError): void {
    if (this.#isOver) return
    const { core, hop, protocol, accepted } = this.#options
    this.#series = hop.seriesOf(this.#state, this.#target, protocol)
    this.#series.connectionOpened()
    const { code, message: detail, spec } = error
    const fields = { client: accepted.client, destination: hop.name, error: code, detail, hint: spec.hint }
    core.refusals.write({ level: 'warn', event: 'connection failed', kind: `${code} ${hop.name}`, fields })
    this.#left.socket.off('close', this.#onLeftClosed)
    resetSocket(this.#left.socket, this.#left.raw)
    this.#close(error.code)
  }

  readonly #onLeftClosed = (): void => {
    if (this.#cancelConnect !== undefined && this.#target !== undefined) {
      this.#cancelConnect()
      this.#target.endpoint.load.inFlight -= 1
    }
    this.#close('client_reset')
  }

  #close(code: ProxyErrorCode | undefined): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#series?.connectionClosed(code)
    if (code !== undefined) this.#options.core.failed(code, new ProxyError(code, '').spec.source)
  }

  #codeOf(brokenBy: 'left' | 'right'): ProxyErrorCode {
    return brokenBy === 'left' ? 'client_reset' : 'upstream_reset'
  }
}

function ignore(): void {
  // 'close' follows.
}
