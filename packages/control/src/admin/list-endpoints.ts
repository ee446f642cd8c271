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
  return resolution.instances.flatMap((instance) => {
    const endpoint = endpointOf(resolution, instance, deps)
    const { state, reason } = instance
    const ready = state === 'ready'
    const said = { namespace, service: name, servicePort, ready, reason: ready ? '' : reason || state }
    return endpoint === undefined ? [] : [create(ServiceEndpointSchema, { ...said, endpoint })]
  })
}

/** What proxies would be told if the instance were ready; `undefined` when it lacks the port that the Service targets. */
function endpointOf(resolution: ServiceResolution, instance: Instance, deps: EndpointDeps): Endpoint | undefined {
  const ready: Instance = { ...instance, state: 'ready', reason: '' }
  const { target } = translateDestination({ ...resolution, instances: [ready] }, { trustDomain: deps.trustDomain })
  return target.case === 'service' ? target.value.endpoints[0] : undefined
}
