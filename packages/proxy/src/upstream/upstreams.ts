import type { EndpointLoad } from '@heddle/engine/balance'
import type { Endpoint } from '@heddle/engine/endpoint'
import type { ProxyCore } from '../proxy-core.ts'
import type { AppProtocol, Destination, TrafficRecorder, TrafficSeries } from '../workload.ts'
import type { ClientTls } from './client-tls.ts'
import type { Remote } from './connect.ts'
import type { DestinationState } from './destination-state.ts'
import { EndpointPool } from './endpoint-pool.ts'
import { type ServiceName, Target, toOutboundKey } from './target.ts'

interface Known {
  readonly version: string
  readonly state: DestinationState
}

/** All that one workload knows of the endpoints it talks to. */
export class Upstreams {
  readonly #core: ProxyCore
  readonly #tls: ClientTls
  readonly #traffic: TrafficRecorder
  /**
   * By address and identity: two destinations may share an endpoint. A pool lives as long as a destination, a request or a
   * connection of it does.
   */
  readonly #pools = new Map<string, WeakRef<EndpointPool>>()
  readonly #known = new WeakMap<Destination, Known>()

  constructor(tls: ClientTls, traffic: TrafficRecorder, core: ProxyCore) {
    this.#tls = tls
    this.#traffic = traffic
    this.#core = core
    core.ticker.onTick(() => this.#forgetUnused())
  }

  /**
   * What to do with requests for `destination`, as of its present version.
   * @param key - under which it was asked for
   */
  stateOf(destination: Destination, key: string): DestinationState {
    // One object may stand for all that is not of the mesh, so nothing hangs from that one.
    if (destination.kind === 'unmeshed' || destination.kind === 'missing') return this.#build(destination, key)
    const known = this.#known.get(destination)
    if (known !== undefined && known.version === destination.version) return known.state
    const state = this.#build(destination, key)
    this.#known.set(destination, { version: destination.version, state })
    return state
  }

  /** The own application at an address. */
  localState(address: string, port: number, protocol: AppProtocol): DestinationState {
    const pool = this.#poolOf({ address, port, identity: undefined, serverName: undefined }, 1)
    const target = new Target(pool, toOutboundKey({ namespace: '', name: '', port }, undefined), this.#traffic)
    return { kind: 'local', protocol, targets: [target], loads: [pool.load], reason: '', failureSeries: noSeries }
  }

  /** Where requests are counted whose destination is not known yet. */
  failureSeries(key: string): TrafficSeries {
    return this.#traffic.series({ ...toOutboundKey(parseKey(key), undefined), protocol: 'http1' })
  }

  /** Ends idle connections, and others after their request. */
  close(): void {
    for (const pool of this.#pools.values()) pool.deref()?.close()
  }

  abort(): void {
    for (const pool of this.#pools.values()) pool.deref()?.abort()
  }

  #build(destination: Destination, key: string): DestinationState {
    switch (destination.kind) {
      case 'service':
        return this.#serviceState(destination, destination.endpoints, destination)
      case 'endpoint':
        return this.#serviceState(unnamed(destination.endpoint.port), [destination.endpoint], destination)
      case 'unmeshed':
        return this.#unmeshedState(key)
      case 'missing':
        return this.#stateWith([], {
          kind: 'missing',
          protocol: 'detect',
          service: parseKey(key),
          reason: destination.reason,
        })
    }
  }

  #serviceState(
    service: ServiceName,
    endpoints: readonly Endpoint[],
    { kind, protocol }: { readonly kind: 'service' | 'endpoint'; readonly protocol: AppProtocol },
  ): DestinationState {
    const targets = endpoints.map((endpoint) => {
      const pool = this.#poolOf(endpoint, endpoint.weight)
      return new Target(pool, toOutboundKey(service, endpoint), this.#traffic)
    })
    const name = service.name === '' ? 'the endpoint' : `${service.name}.${service.namespace}:${service.port}`
    return this.#stateWith(targets, { kind, protocol, service, reason: `${name} has no ready endpoint` })
  }

  #unmeshedState(key: string): DestinationState {
    const { address, port } = parseAddress(key)
    const pool = this.#poolOf({ address, port, identity: undefined, serverName: undefined }, 0)
    const service = unnamed(port)
    const target = new Target(pool, toOutboundKey(service, undefined), this.#traffic)
    return this.#stateWith([target], { kind: 'unmeshed', protocol: 'detect', service, reason: '' })
  }

  #stateWith(
    targets: readonly Target[],
    about: { kind: Destination['kind']; protocol: AppProtocol; service: ServiceName; reason: string },
  ): DestinationState {
    const { kind, protocol, service, reason } = about
    const loads: EndpointLoad[] = targets.map(({ pool }) => pool.load)
    const failureSeries = () => this.#traffic.series({ ...toOutboundKey(service, undefined), protocol: 'http1' })
    return { kind, protocol, targets, loads, reason, failureSeries }
  }

  /** @param weight - 0: not of the mesh */
  #poolOf(remote: Remote, weight: number): EndpointPool {
    const key = `${remote.address} ${remote.port} ${remote.identity ?? ''}`
    const known = this.#pools.get(key)?.deref()
    if (known !== undefined) {
      known.load.weight = Math.max(1, weight)
      return known
    }
    const { limits } = this.#core
    const pool = new EndpointPool(
      {
        remote,
        weight: Math.max(1, weight),
        connectMs: weight === 0 ? limits.connectUnmeshedMs : limits.connectMs,
        idleMs: remote.identity === undefined ? limits.poolPlainIdleMs : limits.poolIdleMs,
      },
      this.#tls,
      this.#core,
    )
    this.#pools.set(key, new WeakRef(pool))
    return pool
  }

  #forgetUnused(): boolean {
    for (const [key, pool] of this.#pools) if (pool.deref() === undefined) this.#pools.delete(key)
    return false
  }
}

function noSeries(): TrafficSeries {
  throw new Error('requests to the own application are counted by their client')
}

function unnamed(port: number): ServiceName {
  return { namespace: '', name: '', port }
}

/** The service that a key names; for addresses only its port. */
export function parseKey(key: string): ServiceName {
  const match = /^name:([^.]*)\.([^:]*):(\d+)$/.exec(key)
  if (match === null) return unnamed(parseAddress(key).port)
  return { namespace: match[2]!, name: match[1]!, port: Number(match[3]) }
}

/** Takes `address:IP:PORT` apart; IPv6 stands in brackets. */
export function parseAddress(key: string): { readonly address: string; readonly port: number } {
  const text = key.startsWith('address:') ? key.slice('address:'.length) : key
  const colon = text.lastIndexOf(':')
  const address = text.slice(0, colon)
  return { address: address.startsWith('[') ? address.slice(1, -1) : address, port: Number(text.slice(colon + 1)) }
}
