import type { Clock } from '@heddle/base/clock'
import { systemClock } from '@heddle/base/clock'
import { createLog } from '@heddle/base/log'
import type { Locality } from '@heddle/engine/balance/locality'
import type { Endpoint } from '@heddle/engine/endpoint'
import { parseSpiffeId, serverNameOf } from '@heddle/identity/spiffe-id'
import { Registry } from '@heddle/telemetry/registry'
import { createTestCa, type TestCa } from '@heddle/testkit/test-ca'
import { type Limits, resolveLimits } from '../../src/limits.ts'
import type { ListenerConfig, ServedWorkload } from '../../src/listener-config.ts'
import { DecisionRecords } from '../../src/records/decision-records.ts'
import { type DataPlane, startProxy } from '../../src/start-proxy.ts'
import type {
  AddressSet,
  AppProtocol,
  Destination,
  DestinationSource,
  TlsMaterial,
  WorkloadContext,
  WorkloadIdentity,
} from '../../src/workload.ts'
import { TestTraffic } from './test-traffic.ts'

/** Everything a scenario starts; ends all of it. */
export class World {
  readonly ca: TestCa
  readonly #ends: Array<() => unknown> = []

  constructor(ca: TestCa) {
    this.ca = ca
  }

  static async create(): Promise<World> {
    return new World(await createTestCa())
  }

  /** `spiffe://heddle.local/ns/shop/sa/NAME`, issued by the world's own authority unless told otherwise. */
  async identity(name: string, material?: TlsMaterial): Promise<TestIdentity> {
    const spiffeId = idOf(name)
    return new TestIdentity(spiffeId, material ?? (await this.ca.issueFor(spiffeId)))
  }

  async proxy(options: TestProxyOptions): Promise<TestProxy> {
    const proxy = await startTestProxy(options)
    this.owns(() => proxy.plane.close())
    return proxy
  }

  owns(end: () => unknown): void {
    this.#ends.push(end)
  }

  /** Hands `thing` back, to be closed at the end. */
  keep<T extends { close(): unknown }>(thing: T): T {
    this.owns(() => thing.close())
    return thing
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const end of this.#ends.reverse()) await end()
  }
}

export function idOf(name: string): string {
  return `spiffe://heddle.local/ns/shop/sa/${name}`
}

/** An identity that a test can rotate. */
export class TestIdentity implements WorkloadIdentity {
  readonly spiffeId: string
  readonly serverName: string
  readonly #listeners = new Set<(material: TlsMaterial) => void>()
  #material: TlsMaterial | undefined

  constructor(spiffeId: string, material: TlsMaterial | undefined) {
    this.spiffeId = spiffeId
    this.serverName = serverNameOf(parseSpiffeId(spiffeId)!)
    this.#material = material
  }

  current(): TlsMaterial | undefined {
    return this.#material
  }

  onRotate(listener: (material: TlsMaterial) => void, signal: AbortSignal): void {
    this.#listeners.add(listener)
    signal.addEventListener('abort', () => this.#listeners.delete(listener))
  }

  rotate(material: TlsMaterial): void {
    this.#material = material
    for (const listener of this.#listeners) listener(material)
  }
}

/** No certificate: for proxies that only speak plain. */
const NOBODY = new TestIdentity(idOf('nobody'), undefined)

export interface TestProxyOptions extends Omit<ServedWorkload, 'context'> {
  readonly identity?: WorkloadIdentity
  readonly destinations?: Readonly<Record<string, Destination>> | DestinationSource
  readonly protocolOf?: (port: number) => AppProtocol
  readonly limits?: Partial<Limits>
  readonly clock?: Clock
  readonly locality?: Locality
  readonly kubelets?: AddressSet
}

export interface TestProxy {
  readonly plane: DataPlane
  readonly traffic: TestTraffic
  readonly meter: Registry
  /** Port of the only or first listener. */
  readonly port: number
  readonly logged: readonly string[]
  readonly records: DecisionRecords
  /** Value of a metric line that begins with `name`; 0 when there is none. */
  metric(name: string): number
}

/** A client that has been silent for 100 ms is taken for one that waits: on a busy machine any client may be. */
const PATIENT = { detectMs: 60_000 }
/** Where time is not turned by hand: what else a busy machine may take more time for than it has. */
const UNHURRIED = { connectMs: 60_000, handshakeMs: 60_000, requestHeadMs: 60_000, pendingMs: 60_000 }

const INSTANCE = { namespace: 'shop', workload: 'test', instance: 'test-0' } as const

async function startTestProxy(options: TestProxyOptions): Promise<TestProxy> {
  const clock = options.clock ?? systemClock
  const limits = { ...PATIENT, ...(clock === systemClock && UNHURRIED), ...options.limits }
  const logged: string[] = []
  const log = createLog((line) => logged.push(line), 'info')
  const traffic = new TestTraffic()
  const meter = new Registry()
  const records = new DecisionRecords(INSTANCE, resolveLimits(limits))
  const context: WorkloadContext = {
    ...INSTANCE,
    records,
    ...(options.locality !== undefined && { locality: options.locality }),
    ...(options.kubelets !== undefined && { kubelets: options.kubelets }),
    identity: options.identity ?? NOBODY,
    destinations: toSource(options.destinations ?? {}),
    traffic,
    inbound: { protocolOf: options.protocolOf ?? (() => 'detect') },
    clock,
    log,
  }
  const plane = await startProxy({ workloads: [{ ...options, context }], limits }, { clock, log, meter })
  const { port } = plane.listeners[0]!
  return { plane, traffic, meter, port, logged, records, metric: (name) => readMetric(meter, name) }
}

function toSource(destinations: Readonly<Record<string, Destination>> | DestinationSource): DestinationSource {
  if (typeof destinations.resolve === 'function') return destinations as DestinationSource
  const known = destinations as Readonly<Record<string, Destination>>
  return { resolve: (key) => known[key] ?? { kind: 'missing', reason: `${key} is not known`, version: '0' } }
}

function readMetric(meter: Registry, name: string): number {
  const line = meter
    .render()
    .split('\n')
    .find((text) => text.startsWith(name))
  return line === undefined ? 0 : Number(line.slice(line.lastIndexOf(' ')))
}

/** Listens for the application and sends to `key`. */
export function outbound(key: string): ListenerConfig {
  return { kind: 'explicit-outbound', address: '127.0.0.1', port: 0, key }
}

/** Listens for everybody and sends to the application on `appPort`. */
export function inbound(appPort: number): ListenerConfig {
  return {
    kind: 'explicit-inbound',
    address: '127.0.0.1',
    port: 0,
    appAddress: '127.0.0.1',
    appPort,
    workloadPort: 8080,
  }
}

/** A Service of one endpoint for each port; `identity` empty for plain ones. */
export function service(
  ports: readonly number[],
  about: { identity?: string; protocol?: AppProtocol } = {},
): Destination {
  const { identity, protocol = 'detect' } = about
  const endpoints = ports.map((port, index) => endpoint(port, `cart-${index}`, identity))
  return { kind: 'service', namespace: 'shop', name: 'cart', port: 80, protocol, endpoints, version: ports.join() }
}

function endpoint(port: number, instance: string, identity?: string): Endpoint {
  return {
    id: `shop/${instance}:${port}`,
    address: '127.0.0.1',
    port,
    identity,
    serverName: identity === undefined ? undefined : serverNameOf(parseSpiffeId(identity)!),
    namespace: 'shop',
    workload: 'cart',
    instance,
    region: '',
    zone: '',
    weight: 1,
  }
}

/** A client's proxy and a server's proxy with mTLS between them, in front of `appPort`. */
export interface TwoHops {
  readonly client: TestProxy
  readonly server: TestProxy
  readonly clientIdentity: TestIdentity
  readonly serverIdentity: TestIdentity
}

/** Of both proxies, and the clock of each. */
export interface TwoHopsOptions {
  readonly protocol?: AppProtocol
  readonly clientClock?: Clock
  readonly serverClock?: Clock
  readonly limits?: Partial<Limits>
}

export async function startTwoHops(world: World, appPort: number, options: TwoHopsOptions = {}): Promise<TwoHops> {
  const { protocol = 'detect', clientClock = systemClock, serverClock = systemClock, limits = {} } = options
  const serverIdentity = await world.identity('cart')
  const clientIdentity = await world.identity('web')
  const server = await world.proxy({
    identity: serverIdentity,
    clock: serverClock,
    limits,
    listeners: [inbound(appPort)],
    protocolOf: () => protocol,
  })
  const client = await world.proxy({
    identity: clientIdentity,
    clock: clientClock,
    limits,
    listeners: [outbound('name:cart.shop:80')],
    destinations: { 'name:cart.shop:80': service([server.port], { identity: idOf('cart'), protocol }) },
  })
  return { client, server, clientIdentity, serverIdentity }
}
