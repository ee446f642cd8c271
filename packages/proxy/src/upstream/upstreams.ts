import type { EndpointLoad } from '@heddle/engine/balance'
import type { Locality } from '@heddle/engine/balance/locality'
import type { Endpoint } from '@heddle/engine/endpoint'
import type { HttpVersion } from '../exchange/http-version.ts'
import type { ProxyCore } from '../proxy-core.ts'
import type {
  AppProtocol,
  Destination,
  EndpointDestination,
  SeriesKey,
  ServiceDestination,
  TrafficRecorder,
  TrafficSeries,
} from '../workload.ts'
import type { ClientTls } from './client-tls.ts'
import type { Remote } from './connect.ts'
import { addressOfKey, serviceOfKey, unnamed } from './destination-key.ts'
import type { DestinationState } from './destination-state.ts'
import { RemoteEndpoint } from './remote-endpoint.ts'
import { type ServiceName, Target, toOutboundKey, toUnreachedKey } from './target.ts'

interface Known {
  readonly version: string
  readonly state: DestinationState
}

export interface UpstreamsOptions {
  readonly tls: ClientTls
  readonly traffic: TrafficRecorder
  /** What to speak with other proxies; they may choose HTTP/1 where HTTP/2 is asked for. */
  readonly meshVersion: HttpVersion
  /** Where the workload is. */
  readonly here: Locality
}

const NOTHING_ATTACHED = {
  name: undefined,
  management: undefined,
  routing: undefined,
  policy: undefined,
  circuitBreaker: undefined,
  service: undefined,
  backend: undefined,
} as const

/** All that one workload knows of the endpoints it talks to. */
export class Upstreams {
  readonly #core: ProxyCore
  readonly #tls: ClientTls
  readonly #traffic: TrafficRecorder
  /** What to speak with other proxies. */
  readonly #meshVersion: HttpVersion
  readonly #here: Locality
  /**
   * By address and identity: two destinations may share one. It lives as long as a destination, a request or a connection
   * of it does.
   */
  readonly #endpoints = new Map<string, WeakRef<RemoteEndpoint>>()
  readonly #known = new WeakMap<Destination, Known>()

  constructor({ tls, traffic, meshVersion, here }: UpstreamsOptions, core: ProxyCore) {
    this.#here = here
    this.#tls = tls
    this.#traffic = traffic
    this.#meshVersion = meshVersion
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
    const state = this.#build(destination, key, known?.state)
    this.#known.set(destination, { version: destination.version, state })
    return state
  }

  /** The own application at an address. */
  localState(address: string, port: number, protocol: AppProtocol): DestinationState {
    const endpoint = this.#endpointOf({ address, port, identity: undefined, serverName: undefined }, 1)
    const key = toOutboundKey(unnamed(port), undefined)
    const target = new Target({ id: '', endpoint, version: toVersion(protocol), key, traffic: this.#traffic })
    const about = { kind: 'local', protocol, reason: '', failureSeries: noSeries, ...NOTHING_ATTACHED } as const
    return { ...about, here: this.#here, targets: [target], loads: [endpoint.load] }
  }

  /** Where requests are counted whose destination is not known yet. */
  failureSeries(key: string, protocol: SeriesKey['protocol']): TrafficSeries {
    return this.#traffic.series({ ...toUnreachedKey(serviceOfKey(key)), protocol })
  }

  /** Lets requests to come go over new connections to other proxies, made with the certificates of today. */
  renew(): void {
    for (const known of this.#endpoints.values()) {
      const endpoint = known.deref()
      if (endpoint?.isMeshed === true) endpoint.renew()
    }
  }

  /** Ends idle connections, and others after their request. */
  close(): void {
    for (const endpoint of this.#endpoints.values()) endpoint.deref()?.close()
  }

  abort(): void {
    for (const endpoint of this.#endpoints.values()) endpoint.deref()?.abort()
  }

  #build(destination: Destination, key: string, before?: DestinationState): DestinationState {
    switch (destination.kind) {
      case 'service':
        return this.#attach(destination, this.#serviceState(destination, destination.endpoints, destination), before)
      case 'endpoint':
        return this.#serviceState(unnamed(destination.endpoint.port), [destination.endpoint], destination)
      case 'unmeshed':
        return this.#unmeshedState(key)
      case 'missing':
        return this.#stateWith([], {
          kind: 'missing',
          protocol: 'detect',
          service: serviceOfKey(key),
          reason: destination.reason,
        })
    }
  }

  #serviceState(
    service: ServiceName,
    endpoints: readonly Endpoint[],
    destination: ServiceDestination | EndpointDestination,
  ): DestinationState {
    const { kind, protocol } = destination
    const targets = endpoints.map((about) => {
      const endpoint = this.#endpointOf(about, about.weight)
      const version = endpoint.isMeshed ? this.#meshVersion : toVersion(protocol)
      const place = { region: about.region, zone: about.zone }
      const key = toOutboundKey(service, about)
      return new Target({ id: about.id, endpoint, version, place, key, traffic: this.#traffic })
    })
    const name = service.name === '' ? 'the endpoint' : `${service.name}.${service.namespace}:${service.port}`
    return this.#stateWith(targets, { kind, protocol, service, reason: `${name} has no ready endpoint` })
  }

  /** @param before - of the version before */
  #attach(
    destination: ServiceDestination,
    state: DestinationState,
    before: DestinationState | undefined,
  ): DestinationState {
    const { routing, policy, circuitBreaker, management } = destination
    const name = { namespace: destination.namespace, name: destination.name, port: destination.port }
    const known = before?.service
    const service = known ?? (management && new management.BackendState(name, this.#here, this.#core))
    const backend = service?.update(policy, state.targets)
    service?.keepCircuits(circuitIdsOf(destination))
    const connections = policy?.connections
    if (connections !== undefined || before?.policy?.connections !== undefined)
      for (const { endpoint } of state.targets) endpoint.limit(connections)
    return { ...state, name, management, routing, policy, circuitBreaker, service, backend }
  }

  #unmeshedState(key: string): DestinationState {
    const { host: address, port } = addressOfKey(key)
    const endpoint = this.#endpointOf({ address, port, identity: undefined, serverName: undefined }, 0)
    const service = unnamed(port)
    const about = toOutboundKey(service, undefined)
    const target = new Target({ id: '', endpoint, version: undefined, key: about, traffic: this.#traffic })
    return this.#stateWith([target], { kind: 'unmeshed', protocol: 'detect', service, reason: '' })
  }

  #stateWith(
    targets: readonly Target[],
    about: { kind: Destination['kind']; protocol: AppProtocol; service: ServiceName; reason: string },
  ): DestinationState {
    const { kind, protocol, service, reason } = about
    const loads: EndpointLoad[] = targets.map(({ endpoint }) => endpoint.load)
    const failureSeries = (protocol: SeriesKey['protocol']) =>
      this.#traffic.series({ ...toUnreachedKey(service), protocol })
    return { kind, protocol, targets, loads, reason, failureSeries, here: this.#here, ...NOTHING_ATTACHED }
  }

  /** @param weight - 0: not of the mesh */
  #endpointOf(remote: Remote, weight: number): RemoteEndpoint {
    const key = `${remote.address} ${remote.port} ${remote.identity ?? ''}`
    const known = this.#endpoints.get(key)?.deref()
    if (known !== undefined) {
      known.load.weight = Math.max(1, weight)
      return known
    }
    const { limits } = this.#core
    const endpoint = new RemoteEndpoint(
      {
        remote,
        weight: Math.max(1, weight),
        connectLimit: weight === 0 ? 'connectUnmeshedMs' : 'connectMs',
        idleMs: remote.identity === undefined ? limits.poolPlainIdleMs : limits.poolIdleMs,
      },
      this.#tls,
      this.#core,
    )
    this.#endpoints.set(key, new WeakRef(endpoint))
    return endpoint
  }

  #forgetUnused(): boolean {
    for (const [key, endpoint] of this.#endpoints) if (endpoint.deref() === undefined) this.#endpoints.delete(key)
    return false
  }
}

/** As {@link BackendState.circuit} is asked for them. */
function circuitIdsOf({ routing, circuitBreaker }: ServiceDestination): ReadonlySet<string> {
  const ids = new Set(circuitBreaker === undefined ? [] : [''])
  for (const rule of routing?.requests.rules ?? []) if (rule.circuitBreaker !== undefined) ids.add(rule.id)
  return ids
}

/** What a declared protocol says to speak; `undefined`: what the client speaks. */
function toVersion(protocol: AppProtocol): HttpVersion | undefined {
  return protocol === 'http1' || protocol === 'http2' ? protocol : undefined
}

function noSeries(): TrafficSeries {
  throw new Error('requests to the own application are counted by their client')
}
