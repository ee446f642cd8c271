import { create } from '@bufbuild/protobuf'
import {
  type Destination,
  DestinationSchema,
  type Endpoint,
  EndpointSchema,
  NotFoundSchema,
  Protocol,
  ServiceSchema,
  UnmeshedSchema,
} from '@heddle/api/discovery'
import { isLocalOnly, type ServiceSpec } from '@heddle/api/kinds/service'
import { hasPort } from '@heddle/kube/port-range'
import type { Instance } from '../model/instance.ts'
import type { InstanceAt } from '../model/instance-index.ts'
import type { EndpointResolution, Resolution, ServiceResolution } from '../model/resolution.ts'
import { findTargetPort } from '../model/target-port.ts'
import { translateAttachment } from './attachment.ts'
import { contentVersion } from './content-version.ts'
import { translateEndpoint } from './endpoint.ts'
import { agreedProtocol, protocolOfPort, protocolOfService, toProtocol } from './protocol.ts'

/** What a translation depends on beside the objects: the trust domain of the SPIFFE ids that endpoints prove. */
export interface TranslateContext {
  readonly trustDomain: string
}

/**
 * What a proxy is told about a key. Pure; endpoints are in the order of their instances' names, behind them those of addresses that somebody
 * wrote down; only those that should get traffic, and `version` is a hash of the content.
 *
 * When no instance is ready the Service has no endpoints: a request then fails at once and says so. Sending it to
 * instances that said they cannot serve would hide the reason, and would undo a drain. Those whose host was not heard of have
 * not said so: they get what would fail otherwise. (An API server that was away for two minutes finds all nodes silent at first,
 * and every Service without endpoints for some twenty seconds: e2e/cluster/high-availability.kube.ts.)
 */
export function translateDestination(resolution: Resolution, context: TranslateContext): Destination {
  const target = toTarget(resolution, context)
  return create(DestinationSchema, { version: contentVersion(target), target })
}

function toTarget(resolution: Resolution, context: TranslateContext): Destination['target'] {
  switch (resolution.kind) {
    case 'service':
      return { case: 'service', value: toService(resolution, context) }
    case 'endpoint':
      return { case: 'endpoint', value: toEndpoint(resolution, context) }
    case 'unmeshed':
      return { case: 'unmeshed', value: create(UnmeshedSchema) }
    case 'missing':
      return { case: 'notFound', value: create(NotFoundSchema, { reason: resolution.reason }) }
  }
}

function toService(resolution: ServiceResolution, { trustDomain }: TranslateContext) {
  const { service, port } = resolution
  const { endpoints, isOpaque } = toEndpoints(resolution, trustDomain)
  const { namespace, name } = service.metadata
  const { routes, faults, ...attached } = translateAttachment(resolution.attachment)
  const told = create(ServiceSchema, {
    namespace,
    name,
    port: port.port,
    protocol: protocolOf(resolution, isOpaque),
    localEndpointsOnly: isLocalOnly(service),
    ...attached,
  })
  // Not handed to `create`, which would copy thousands, and so that what is known of the very lists still holds.
  return Object.assign(told, { endpoints, routes, faults })
}

/** Those that should get traffic, and whether any of the instances says that what comes to the port is not to be looked at. */
function toEndpoints(resolution: ServiceResolution, trustDomain: string) {
  const { service, port, instances } = resolution
  const { ipFamilies } = service.spec
  const endpoints: Endpoint[] = []
  const unheard: Endpoint[] = []
  let isOpaque = false
  for (const instance of instances) {
    const target = findTargetPort(instance, port.targetPort, ipFamilies?.[0])
    if (target === undefined) continue
    if (instance.opaquePorts !== undefined) isOpaque ||= hasPort(instance.opaquePorts, target.port)
    if (!isInReach(instance, resolution)) continue
    if (shouldGetTraffic(instance, service.spec)) endpoints.push(translateEndpoint(instance, target, trustDomain))
    else if (instance.isUnheard === true) unheard.push(translateEndpoint(instance, target, trustDomain))
  }
  const addressed = resolution.addressed.filter(({ instance }) => isInReach(instance, resolution))
  if (addressed.length > 0) addAddressed(endpoints, addressed, trustDomain)
  return { endpoints: endpoints.length > 0 ? endpoints : unheard, isOpaque }
}

/** An address may be that of an instance that the selector found already. */
function addAddressed(endpoints: Endpoint[], addressed: readonly InstanceAt[], trustDomain: string): void {
  const known = new Set(endpoints.map(({ id }) => id))
  for (const { instance, port } of addressed) {
    if (instance.state !== 'ready') continue
    const endpoint = translateEndpoint(instance, port, trustDomain)
    if (!known.has(endpoint.id)) endpoints.push(endpoint)
    known.add(endpoint.id)
  }
}

/** Two of whom nobody knows where they run are not known to run on one host. */
function isInReach({ host }: Instance, { onlyHost }: ServiceResolution): boolean {
  return onlyHost === undefined || (onlyHost !== '' && host === onlyHost)
}

/** Who drains is about to go, so no wish of a Service brings traffic there. */
function shouldGetTraffic({ state }: Instance, { publishNotReadyAddresses }: ServiceSpec): boolean {
  return state === 'ready' || (state === 'unhealthy' && publishNotReadyAddresses)
}

/** The Service says it; where it does not, the Workloads behind it do, if they agree, or any of the instances. */
function protocolOf({ service, port, workloadPorts }: ServiceResolution, isOpaque: boolean): Protocol {
  const declared = protocolOfService(service, port)
  if (declared !== Protocol.UNSPECIFIED || port.appProtocol !== undefined) return declared
  const agreed = agreedProtocol(workloadPorts.map((one) => toProtocol(one.appProtocol)))
  return agreed === Protocol.UNSPECIFIED && isOpaque ? Protocol.OPAQUE : agreed
}

/** Whether it is ready does not matter: whoever asks for an address wants this instance and no other. */
function toEndpoint(resolution: EndpointResolution, { trustDomain }: TranslateContext): Endpoint {
  const { instance, port, workloadPort, services } = resolution
  const { $typeName: _, ...endpoint } = translateEndpoint(instance, port, trustDomain)
  const declared = toProtocol(workloadPort?.appProtocol)
  const protocol = declared === Protocol.UNSPECIFIED ? protocolOfPort(instance, port, services) : declared
  return create(EndpointSchema, { ...endpoint, protocol })
}
