import { create } from '@bufbuild/protobuf'
import { type Endpoint, EndpointSchema } from '@heddle/api/discovery'
import { hasPort } from '@heddle/kube/port-range'
import type { Instance, InstancePort } from '../model/instance.ts'
import { identityOf } from './identity.ts'

interface Made {
  readonly instance: Instance
  readonly trustDomain: string
  readonly endpoint: Endpoint
}

/**
 * Endpoints already made. Instances and their ports are values that never change, and of thousands behind a Service one
 * changes at a time, so making all of them anew would be most of the work of a change.
 */
const made = new WeakMap<InstancePort, Made>()

/** The endpoint of an instance at one of its ports. Pure; not to be written to. */
export function translateEndpoint(instance: Instance, port: InstancePort, trustDomain: string): Endpoint {
  const known = made.get(port)
  if (known?.instance === instance && known.trustDomain === trustDomain) return known.endpoint
  const endpoint = makeEndpoint(instance, port, trustDomain)
  made.set(port, { instance, trustDomain, endpoint })
  return endpoint
}

function makeEndpoint(instance: Instance, port: InstancePort, trustDomain: string): Endpoint {
  const { namespace, region, zone, plainPorts = [] } = instance
  const id = hasPort(plainPorts, port.addressPort) ? undefined : identityOf(instance, trustDomain)
  return create(EndpointSchema, {
    id: `${namespace}/${instance.instance}:${port.port}`,
    address: port.address,
    port: port.addressPort,
    identity: id?.spiffeId ?? '',
    serverName: id?.serverName ?? '',
    namespace,
    workload: instance.workload,
    instance: instance.instance,
    ...((region !== '' || zone !== '') && { locality: { region, zone } }),
    weight: 1,
  })
}
