import type { ProxyError } from '../errors/proxy-error.ts'
import type { DestinationState } from '../upstream/destination-state.ts'
import type { Target } from '../upstream/target.ts'
import type { Upstreams } from '../upstream/upstreams.ts'
import type {
  Destination,
  DestinationSource,
  Direction,
  SeriesKey,
  TrafficSeries,
  WorkloadContext,
} from '../workload.ts'

type SeriesProtocol = SeriesKey['protocol']

/** Backends that a connection remembers. */
const MAX_BACKENDS = 100

/** Where what comes over one accepted connection goes, and where it is counted. */
export interface Hop {
  readonly direction: Direction
  /** Key of the destination or address of the application; for people. */
  readonly name: string
  /** Who the client proved to be; empty in plain. */
  readonly peerIdentity: string
  /**
   * At once when it is known.
   * @throws {ProxyError} or rejects with it, when there is nothing to send to
   */
  resolve(): DestinationState | Promise<DestinationState>
  /** The hop to a backend that a route of this one's destination names. */
  backend(key: string): Hop
  /** Counters of exchanges with `target`; those that got to none are told by `state`. */
  seriesOf(state: DestinationState | undefined, target: Target | undefined, protocol: SeriesProtocol): TrafficSeries
  /** Counters of the accepted connection itself, where it is one between peers. */
  connectionSeries(protocol: SeriesProtocol): TrafficSeries | undefined
  /** Counters of a kubelet's probes, where such may come; `undefined`: `address` is none that the kubelet connects from. */
  probeSeries?(address: string, protocol: SeriesProtocol): TrafficSeries | undefined
}

/** From the own application to a destination of the mesh or beyond. */
export class OutboundHop implements Hop {
  readonly direction = 'outbound'
  readonly peerIdentity = ''
  readonly name: string
  readonly #source: DestinationSource
  readonly #upstreams: Upstreams
  #destination: Destination | undefined
  #version = ''
  #state: DestinationState | undefined
  #failure: ProxyError | undefined
  #backends: Map<string, OutboundHop> | undefined

  constructor(key: string, source: DestinationSource, upstreams: Upstreams) {
    this.name = key
    this.#source = source
    this.#upstreams = upstreams
  }

  /** The next {@link resolve} fails with `error`: it was asked for already, on behalf of the whole connection. */
  failNext(error: ProxyError): void {
    this.#failure = error
  }

  resolve(): DestinationState | Promise<DestinationState> {
    if (this.#failure !== undefined) {
      const failure = this.#failure
      this.#failure = undefined
      throw failure
    }
    const destination = this.#source.resolve(this.name)
    if (destination instanceof Promise) return destination.then((known) => this.#stateOf(known))
    return this.#stateOf(destination)
  }

  backend(key: string): Hop {
    this.#backends ??= new Map()
    const known = this.#backends.get(key)
    if (known !== undefined) return known
    // Routes that come and go must not leave their backends behind.
    if (this.#backends.size >= MAX_BACKENDS) this.#backends.clear()
    const hop = new OutboundHop(key, this.#source, this.#upstreams)
    this.#backends.set(key, hop)
    return hop
  }

  seriesOf(state: DestinationState | undefined, target: Target | undefined, protocol: SeriesProtocol): TrafficSeries {
    if (target !== undefined) return target.seriesOf(protocol)
    return state === undefined ? this.#upstreams.failureSeries(this.name, protocol) : state.failureSeries(protocol)
  }

  connectionSeries(): undefined {
    return undefined
  }

  #stateOf(destination: Destination): DestinationState {
    if (destination === this.#destination && destination.version === this.#version) return this.#state!
    this.#destination = destination
    this.#version = destination.version
    this.#state = this.#upstreams.stateOf(destination, this.name)
    return this.#state
  }
}

type InboundContext = Pick<WorkloadContext, 'traffic' | 'kubelets'>

/** From a client, meshed or not, to the own application. */
export class InboundHop implements Hop {
  readonly direction = 'inbound'
  readonly name: string
  readonly peerIdentity: string
  readonly #key: Omit<SeriesKey, 'protocol'>
  readonly #state: DestinationState
  readonly #context: InboundContext
  #protocol: SeriesProtocol | undefined
  #series: TrafficSeries | undefined

  constructor(key: Omit<SeriesKey, 'protocol'>, state: DestinationState, context: InboundContext) {
    this.#key = key
    this.#state = state
    this.#context = context
    this.peerIdentity = key.peerIdentity
    this.name = state.targets[0]!.endpoint.name
  }

  resolve(): DestinationState {
    return this.#state
  }

  backend(): never {
    throw new Error('the own application has no routes')
  }

  seriesOf(_state: unknown, _target: unknown, protocol: SeriesProtocol): TrafficSeries {
    return this.connectionSeries(protocol)
  }

  connectionSeries(protocol: SeriesProtocol): TrafficSeries {
    if (this.#series === undefined || this.#protocol !== protocol) {
      this.#protocol = protocol
      this.#series = this.#context.traffic.series({ ...this.#key, protocol })
    }
    return this.#series
  }

  probeSeries(address: string, protocol: SeriesProtocol): TrafficSeries | undefined {
    const { kubelets, traffic } = this.#context
    if (kubelets?.has(address) !== true) return undefined
    return traffic.series({ ...this.#key, security: 'probe', protocol })
  }
}

/** A hop that may not be used: every request is answered with the reason. */
export class RefusingHop implements Hop {
  readonly direction: Direction
  readonly name: string
  readonly peerIdentity: string
  readonly #hop: Hop
  readonly #error: ProxyError

  constructor(hop: Hop, error: ProxyError) {
    this.#hop = hop
    this.#error = error
    this.direction = hop.direction
    this.name = hop.name
    this.peerIdentity = hop.peerIdentity
  }

  resolve(): never {
    throw this.#error
  }

  backend(): never {
    throw this.#error
  }

  seriesOf(state: DestinationState | undefined, target: Target | undefined, protocol: SeriesProtocol): TrafficSeries {
    return this.#hop.seriesOf(state, target, protocol)
  }

  connectionSeries(protocol: SeriesProtocol): TrafficSeries | undefined {
    return this.#hop.connectionSeries(protocol)
  }
}
