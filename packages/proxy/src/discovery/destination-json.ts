import { isIP } from 'node:net'
import type {
  DestinationDeltaJson,
  DestinationJson,
  EndpointJson,
  ProtocolJson,
  ServiceJson,
} from '@heddle/api/discovery'
import type { Endpoint } from '@heddle/engine/endpoint'
import { parseSpiffeId } from '@heddle/identity/spiffe-id'
import { hasAttached, type LoadedCode } from '../routing/later-code.ts'
import type { RoutedService, Routing } from '../routing/routing.ts'
import type { AppProtocol, Destination, ServiceDestination } from '../workload.ts'

const PROTOCOLS: Readonly<Record<ProtocolJson, AppProtocol>> = {
  PROTOCOL_UNSPECIFIED: 'detect',
  PROTOCOL_HTTP1: 'http1',
  PROTOCOL_HTTP2: 'http2',
  PROTOCOL_TLS: 'tls',
  PROTOCOL_OPAQUE: 'opaque',
}

/** As much as the message can hold. */
const MAX_WEIGHT = 2 ** 32 - 1

/** One that a newer control plane may know and this proxy does not is detected. */
export function toAppProtocol(json: ProtocolJson | undefined): AppProtocol {
  return json === undefined ? 'detect' : (PROTOCOLS[json] ?? 'detect')
}

/** What reading a destination needs beside its JSON. */
export interface DestinationContext {
  /** Only wanted where something is attached; its expressions only where it has some. */
  readonly code?: LoadedCode | undefined
  /** What is held under the same key. */
  readonly held?: Destination | undefined
}

/** @throws {RangeError} saying what of it makes no sense */
export function toDestination(json: DestinationJson, context: DestinationContext = {}): Destination {
  const { version = '' } = json
  if (version === '') throw new RangeError('a destination without version')
  if (json.service !== undefined) return toService(json.service, version, context)
  if (json.endpoint !== undefined) {
    return {
      kind: 'endpoint',
      endpoint: toEndpoint(json.endpoint),
      protocol: toAppProtocol(json.endpoint.protocol),
      version,
    }
  }
  if (json.unmeshed !== undefined) return { kind: 'unmeshed', version }
  if (json.notFound !== undefined) {
    const { reason = '', unfollowed = false } = json.notFound
    return { kind: 'missing', reason, version, ...(unfollowed && { isUnfollowed: true }) }
  }
  throw new RangeError('a destination of a kind that this proxy does not know')
}

/** The Service after `delta`; endpoints that did not change stay the same objects. @throws {RangeError} */
export function applyDelta(base: ServiceDestination, delta: DestinationDeltaJson): ServiceDestination {
  const { version = '', upsertedEndpoints = [], removedEndpointIds = [] } = delta
  if (version === '') throw new RangeError('a delta without version')
  const endpoints = new Map(base.endpoints.map((endpoint) => [endpoint.id, endpoint]))
  for (const id of removedEndpointIds) endpoints.delete(id)
  for (const endpoint of upsertedEndpoints) endpoints.set(endpoint.id ?? '', toEndpoint(endpoint))
  return { ...base, endpoints: [...endpoints.values()], version }
}

function toService(json: ServiceJson, version: string, context: DestinationContext): ServiceDestination {
  const { namespace = '', name = '', port = 0, endpoints = [] } = json
  if (namespace === '' || name === '') throw new RangeError('a Service without name or namespace')
  if (!Number.isInteger(port) || port < 0 || port > 65_535) throw new RangeError(`a Service with port ${port}`)
  return {
    kind: 'service',
    namespace,
    name,
    port,
    protocol: toAppProtocol(json.protocol),
    endpoints: endpoints.map(toEndpoint),
    version,
    ...(hasAttached(json) && toAttached({ ...json, namespace, name, port }, context)),
  }
}

type NamedService = ServiceJson & Pick<ServiceDestination, 'namespace' | 'name' | 'port'>
type Attachments = Pick<
  ServiceDestination,
  'routes' | 'faults' | 'policy' | 'circuitBreaker' | 'routing' | 'management'
>

function toAttached(json: NamedService, { code, held }: DestinationContext): Attachments {
  if (code === undefined) throw new RangeError('the code of traffic management is not loaded')
  const { management } = code
  management.checkTreatment(json)
  const routing = toRouting(json, code, held)
  const { routes, faults, policy, circuitBreaker } = json
  return {
    management,
    ...(routes !== undefined && { routes }),
    ...(faults !== undefined && { faults }),
    ...(policy !== undefined && { policy }),
    ...(circuitBreaker !== undefined && { circuitBreaker }),
    ...(routing !== undefined && { routing }),
  }
}

/** What is held already where it was made of the same: its decisions and runs of faults go on. */
function toRouting(
  service: NamedService,
  { management, regex }: LoadedCode,
  held: Destination | undefined,
): Routing | undefined {
  const before = held?.kind === 'service' ? held : undefined
  if (before !== undefined && routingSource(before) === routingSource(service)) return before.routing
  const compiled = management.compileRouting(service, { regex, previous: before?.routing })
  if (compiled.kind === 'refused') throw new RangeError(compiled.problems.join('; '))
  return compiled.routing
}

function routingSource({ namespace, name, port, routes, faults }: RoutedService): string {
  return JSON.stringify([namespace, name, port, routes, faults])
}

function toEndpoint(json: EndpointJson): Endpoint {
  const { id = '', address = '', port = 0, identity = '', serverName = '', weight = 1 } = json
  if (id === '') throw new RangeError('an endpoint without id')
  if (isIP(address) === 0) throw new RangeError(`endpoint ${id}: address ${JSON.stringify(address)} is no IP address`)
  if (!Number.isInteger(port) || port < 1 || port > 65_535) throw new RangeError(`endpoint ${id}: port ${port}`)
  if (!Number.isInteger(weight) || weight < 0 || weight > MAX_WEIGHT)
    throw new RangeError(`endpoint ${id}: weight ${weight}`)
  if (identity !== '' && (parseSpiffeId(identity) === undefined || serverName === '')) {
    throw new RangeError(
      `endpoint ${id}: identity ${JSON.stringify(identity)}, server name ${JSON.stringify(serverName)}`,
    )
  }
  return {
    id,
    address,
    port,
    identity: identity === '' ? undefined : identity,
    serverName: identity === '' ? undefined : serverName,
    namespace: json.namespace ?? '',
    workload: json.workload ?? '',
    instance: json.instance ?? '',
    region: json.locality?.region ?? '',
    zone: json.locality?.zone ?? '',
    weight: Math.max(1, weight),
  }
}
