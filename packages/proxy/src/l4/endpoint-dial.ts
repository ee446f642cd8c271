import type { EndpointLoad } from '@heddle/engine/balance'
import type { ConnectionTable } from '@heddle/engine/route/connection'
import { REFUSALS } from '@heddle/engine/route/refusals'
import type { Accepted } from '../accept/accepted.ts'
import { ALPN_OPAQUE } from '../accept/terminate-tls.ts'
import { ProxyError, toProxyError } from '../errors/proxy-error.ts'
import type { Hop } from '../exchange/hop.ts'
import type { SocketPair } from '../net/http-socket.ts'
import type { ProxyCore } from '../proxy-core.ts'
import type { TrafficManagement } from '../routing/traffic-management.ts'
import { type DestinationState, noTarget, pickTarget } from '../upstream/destination-state.ts'
import type { Target } from '../upstream/target.ts'

/** What a dial depends on. */
export interface DialOptions {
  readonly core: ProxyCore
  readonly hop: Hop
  readonly accepted: Accepted
  /** Of the TLS hello that the client sent, if it did. */
  readonly serverName?: string | undefined
}

/** Hears what came of a dial: exactly one of the two, unless it is cancelled. */
export interface DialOwner {
  /** The target has one connection more in flight, which is the owner's to take off. */
  reached(target: Target, right: SocketPair): void
  notReached(error: ProxyError): void
}

/** Finds who takes an opaque connection: routes choose the backend, once; then one endpoint after the other is connected to. */
export class EndpointDial {
  /** Whose endpoints are asked, as soon as that is known. */
  state: DestinationState | undefined
  /** The endpoint that was asked last. */
  target: Target | undefined
  readonly #options: DialOptions
  readonly #owner: DialOwner
  readonly #tried: EndpointLoad[] = []
  #cancelConnect: (() => void) | undefined
  #isCancelled = false

  constructor(options: DialOptions, owner: DialOwner) {
    this.#options = options
    this.#owner = owner
  }

  start(): void {
    this.#resolveHop(this.#options.hop, (state) => {
      const { management, routing } = state
      if (routing?.connections === undefined || management === undefined) this.#connect(state)
      else this.#route(state, { routes: routing.connections, management })
    })
  }

  /** The client is gone: nobody is to hear anything. */
  cancel(): void {
    this.#isCancelled = true
    if (this.#cancelConnect === undefined || this.target === undefined) return
    this.#cancelConnect()
    this.target.endpoint.load.inFlight -= 1
  }

  #resolveHop(hop: Hop, done: (state: DestinationState) => void): void {
    try {
      const state = hop.resolve()
      if (!(state instanceof Promise)) {
        done(state)
        return
      }
      state.then(done).catch((error: unknown) => this.#options.accepted.guard(() => this.#fail(toProxyError(error))))
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
    this.state = state
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
    if (this.#isCancelled) return
    this.state = state
    const { accepted, core } = this.#options
    const { clock, random } = core
    const tried = this.#tried.length === 0 ? undefined : this.#tried
    const hashKey = this.#hashKeyFor(state)
    const target = pickTarget(state, { nowUs: clock.monotonicUs(), random, tried, hashKey })
    if (target === undefined) {
      this.#fail(noTarget(state))
      return
    }
    this.target = target
    target.endpoint.load.inFlight += 1
    this.#cancelConnect = target.endpoint.open([ALPN_OPAQUE], {
      connected: (right) => {
        if (!accepted.guard(() => this.#connected(target, right))) right.socket.destroy()
      },
      failed: (error) => accepted.guard(() => this.#notConnected(target, error)),
    })
  }

  /** Of a connection nothing else is known than where it comes from. */
  #hashKeyFor({ backend }: DestinationState): string | undefined {
    if (backend?.hashOn.some(({ sourceAddress }) => sourceAddress === true) !== true) return undefined
    const { client } = this.#options.accepted
    return client.slice(0, client.lastIndexOf(':'))
  }

  #connected(target: Target, right: SocketPair): void {
    this.#cancelConnect = undefined
    this.state?.service?.observe(target, 'success')
    this.#owner.reached(target, right)
  }

  #notConnected(target: Target, error: ProxyError): void {
    this.#cancelConnect = undefined
    target.endpoint.load.inFlight -= 1
    if (error.spec.retryable) this.state?.service?.observe(target, 'failure')
    this.#tried.push(target.endpoint.load)
    const mayTry = error.spec.retryable && this.#tried.length < this.#options.core.limits.connectTries
    if (mayTry && this.#tried.length < this.state!.targets.length) this.#connect(this.state!)
    else this.#fail(error)
  }

  #fail(error: ProxyError): void {
    if (!this.#isCancelled) this.#owner.notReached(error)
  }
}
