import { create } from '@bufbuild/protobuf'
import { type ListEndpointsRequest, type ServiceEndpoint, ServiceEndpointSchema } from '@heddle/api/admin'
import { formatNameKey } from '@heddle/api/destination-key'
import type { Endpoint } from '@heddle/api/discovery'
import type { Service } from '@heddle/api/kinds/service'
import type { Instance } from '../model/instance.ts'
import type { Model } from '../model/model.ts'
import type { ServiceResolution } from '../model/resolution.ts'
import { translateDestination } from '../translate/destination.ts'

export interface EndpointDeps {
  readonly model: Model
  readonly trustDomain: string
}

/** The endpoints of Services, also those that get no traffic now, and why they don't. */
export function listEndpoints(request: ListEndpointsRequest, deps: EndpointDeps): ServiceEndpoint[] {
  const { namespace, service: name, port } = request
  const services = deps.model.services(namespace).map(({ service }) => service)
  const wanted = name === '' ? services : services.filter(({ metadata }) => metadata.name === name)
  return wanted.flatMap((service) =>
    service.spec.ports
      .filter((servicePort) => port === 0 || servicePort.port === port)
      .flatMap((servicePort) => endpointsOf(service, servicePort.port, deps)),
  )
}

function endpointsOf({ metadata }: Service, servicePort: number, deps: EndpointDeps): ServiceEndpoint[] {
  const { namespace, name } = metadata
  const resolution = deps.model.resolve(formatNameKey(metadata, servicePort))
  if (resolution.kind !== 'service') return []
  return membersOf(resolution).flatMap(({ instance, alone }) => {
    const endpoint = endpointOf(alone, deps)
    const { state, reason } = instance
    const ready = state === 'ready'
    const { host = '' } = instance
    const said = { namespace, service: name, servicePort, ready, reason: ready ? '' : reason || state, host }
    return endpoint === undefined ? [] : [create(ServiceEndpointSchema, { ...said, endpoint })]
  })
}

interface Member {
  readonly instance: Instance
  /** As if nobody else were behind the Service, and this one were ready. */
  readonly alone: ServiceResolution
}

function membersOf(resolution: ServiceResolution): Member[] {
  const selected = resolution.instances.map((instance) => {
    return { instance, alone: { ...resolution, instances: [asReady(instance)], addressed: [] } }
  })
  const addressed = resolution.addressed.map(({ instance, port }) => {
    return { instance, alone: { ...resolution, instances: [], addressed: [{ instance: asReady(instance), port }] } }
  })
  return [...selected, ...addressed]
}

function asReady(instance: Instance): Instance {
  return { ...instance, state: 'ready', reason: '' }
}

/** What proxies would be told; `undefined` when the instance lacks the port that the Service targets. */
function endpointOf(alone: ServiceResolution, deps: EndpointDeps): Endpoint | undefined {
  const { target } = translateDestination(alone, { trustDomain: deps.trustDomain })
  return target.case === 'service' ? target.value.endpoints[0] : undefined
}
