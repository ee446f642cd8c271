import { create } from '@bufbuild/protobuf'
import {
  type Destination,
  DestinationSchema,
  type Endpoint,
  EndpointSchema,
  NotFoundSchema,
  type Protocol,
  ServiceSchema,
  UnmeshedSchema,
} from '@heddle/api/discovery'
import type { Instance, InstancePort } from '../model/instance.ts'
import type { EndpointResolution, Resolution, ServiceResolution } from '../model/resolution.ts'
import { translateAttachment } from './attachment.ts'
import { contentVersion } from './content-version.ts'
import { translateEndpoint } from './endpoint.ts'
import { agreedProtocol, toProtocol } from './protocol.ts'

/** What a translation depends on beside the objects: the trust domain of the SPIFFE ids that endpoints prove. */
export interface TranslateContext {
  readonly trustDomain: string
}

/**
 * What a proxy is told about a key. Pure; endpoints are in the order of their instances' names, only those that should
 * get traffic, and `version` is a hash of the content.
 *
 * When no instance is ready the Service has no endpoints: a request then fails at once and says so. Sending it to
 * instances that said they cannot serve would hide the reason, and would undo a drain.
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
  const { service, port, instances } = resolution
  const endpoints: Endpoint[] = []
  for (const instance of instances) {
    if (!shouldGetTraffic(instance, service.spec.publishNotReadyAddresses)) continue
    const target = findTarget(instance, port.targetPort)
    if (target !== undefined) endpoints.push(translateEndpoint(instance, target, trustDomain))
  }
  const { namespace, name } = service.metadata
  const { routes, faults, ...attached } = translateAttachment(resolution.attachment)
  const told = create(ServiceSchema, {
    namespace,
    name,
    port: port.port,
    protocol: protocolOf(resolution),
    ...attached,
  })
  // Not handed to `create`, which would copy thousands, and so that what is known of the very lists still holds.
  return Object.assign(told, { endpoints, routes, faults })
}

/** Who drains is about to go, so no wish of a Service brings traffic there. */
function shouldGetTraffic({ state }: Instance, publishNotReady: boolean): boolean {
  return state === 'ready' || (state === 'unhealthy' && publishNotReady)
}

function findTarget(instance: Instance, targetPort: number | string): InstancePort | undefined {
  const { ports, wholeAddress } = instance
  if (wholeAddress !== undefined && typeof targetPort === 'number') {
    return { name: '', port: targetPort, address: wholeAddress, addressPort: targetPort }
  }
  return ports.find((one) => one.name === targetPort || one.port === targetPort)
}

/** The Service says it; where it does not, the Workloads behind it do, if they agree. */
function protocolOf({ port, workloadPorts }: ServiceResolution): Protocol {
  if (port.appProtocol !== undefined) return toProtocol(port.appProtocol)
  return agreedProtocol(workloadPorts.map((one) => one.appProtocol))
}

/** Whether it is ready does not matter: whoever asks for an address wants this instance and no other. */
function toEndpoint({ instance, port, workloadPort }: EndpointResolution, { trustDomain }: TranslateContext): Endpoint {
  const { $typeName: _, ...endpoint } = translateEndpoint(instance, port, trustDomain)
  return create(EndpointSchema, { ...endpoint, protocol: toProtocol(workloadPort?.appProtocol) })
}
