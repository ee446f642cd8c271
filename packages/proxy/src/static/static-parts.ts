import type { StaticConfig, StaticDestination, StaticEndpoint, StaticListener } from '@heddle/api/static-config'
import { ConfigError } from '@heddle/base/config-error'
import { parseHostPort } from '@heddle/base/host-port'
import type { Endpoint } from '@heddle/engine/endpoint'
import { parseSpiffeId, serverNameOf } from '@heddle/identity/spiffe-id'
import { ProxyError } from '../errors/proxy-error.ts'
import type { ListenerConfig } from '../listener-config.ts'
import { hasAttached, LaterCode, type LoadedCode } from '../routing/later-code.ts'
import type { AppProtocol, DestinationSource, InboundPolicy, ServiceDestination } from '../workload.ts'

/** Namespace under which the destinations of a file are known in metrics. */
const NAMESPACE = 'static'

/** The listeners of a file, as the proxy wants them. */
export function toListeners(config: StaticConfig): readonly ListenerConfig[] {
  return config.listeners.map(toListener)
}

/**
 * The destinations of a file. They never change.
 * @throws {ConfigError} when what is attached to them cannot be used
 */
export async function toDestinationSource(config: StaticConfig): Promise<DestinationSource> {
  const problems: string[] = []
  const named = config.destinations.map((destination) => toDestination(nameKeys(destination, config, problems)))
  const code = await new LaterCode().loadFor(named)
  const known = new Map<string, ServiceDestination>()
  for (const destination of named) {
    known.set(keyOf(destination.name), attach(destination, code, problems))
  }
  if (problems.length > 0) throw new ConfigError(problems, 'the static configuration cannot be used')
  return {
    resolve(key) {
      const destination = known.get(key)
      if (destination === undefined) throw new ProxyError('destination_not_found', `${key} is not in the file`)
      return destination
    },
  }
}

/** With what is to be made of it. */
function attach(destination: ServiceDestination, code: LoadedCode | undefined, problems: string[]): ServiceDestination {
  if (code === undefined || !hasAttached(destination)) return destination
  const { management, regex } = code
  const compiled = management.compileRouting(destination, { regex })
  if (compiled.kind === 'compiled')
    return { ...destination, management, ...(compiled.routing !== undefined && { routing: compiled.routing }) }
  problems.push(...compiled.problems.map((text) => `${destination.name}: ${text}`))
  return destination
}

/** What the file says of the application's ports. */
export function toInboundPolicy(config: StaticConfig): InboundPolicy {
  const protocols = new Map<number, AppProtocol>()
  for (const listener of config.listeners) {
    if (listener.kind === 'inbound') protocols.set(parseHostPort(listener.app).port, listener.protocol ?? 'detect')
  }
  return { protocolOf: (port) => protocols.get(port) ?? 'detect' }
}

/** Whether any inbound listener of the file refuses plain clients. */
export function toPlainInbound(config: StaticConfig): 'permit' | 'refuse' {
  const isRefused = config.listeners.some((listener) => listener.kind === 'inbound' && listener.plain === 'refuse')
  return isRefused ? 'refuse' : 'permit'
}

function toListener(listener: StaticListener): ListenerConfig {
  const { host: address, port } = parseHostPort(listener.address)
  if (listener.kind === 'outbound')
    return { kind: 'explicit-outbound', address, port, key: keyOf(listener.destination) }
  const app = parseHostPort(listener.app)
  const { port: appPort } = app
  return { kind: 'explicit-inbound', address, port, appAddress: app.host, appPort, workloadPort: appPort }
}

function keyOf(name: string): string {
  return `name:${name}.${NAMESPACE}:0`
}

/** The file names its destinations, the proxy has keys. */
function nameKeys(destination: StaticDestination, config: StaticConfig, problems: string[]): StaticDestination {
  if (destination.routes === undefined) return destination
  const names = new Set(config.destinations.map(({ name }) => name))
  const toKey = (field: string, value: unknown): unknown => {
    if (field !== 'key' || typeof value !== 'string' || value === '') return value
    if (!names.has(value)) problems.push(`${destination.name}: a route leads to "${value}", which is no destination`)
    return keyOf(value)
  }
  return { ...destination, routes: JSON.parse(JSON.stringify(destination.routes), toKey) }
}

function toDestination({ name, protocol = 'detect', endpoints, ...attached }: StaticDestination): ServiceDestination {
  return {
    ...attached,
    kind: 'service',
    namespace: NAMESPACE,
    name,
    port: 0,
    protocol,
    version: '1',
    endpoints: endpoints.map((endpoint, index) => toEndpoint(endpoint, `${name}-${index}`)),
  }
}

function toEndpoint({ address: text, identity, weight = 1 }: StaticEndpoint, instance: string): Endpoint {
  const { host: address, port } = parseHostPort(text)
  const id = identity === undefined ? undefined : parseSpiffeId(identity)
  return {
    id: `${NAMESPACE}/${instance}:${port}`,
    address,
    port,
    identity,
    serverName: id === undefined ? undefined : serverNameOf(id),
    namespace: id?.namespace ?? '',
    workload: id?.serviceAccount ?? '',
    instance,
    region: '',
    zone: '',
    weight,
  }
}
