import { create } from '@bufbuild/protobuf'
import { type Endpoint, EndpointSchema } from '@heddle/api/discovery'
import { formatSpiffeId, serverNameOf } from '@heddle/identity/spiffe-id'
import { hasPort } from '@heddle/kube/port-range'
import type { Instance, InstancePort } from '../model/instance.ts'

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
  const { namespace, serviceAccount, region, zone, plainPorts = [] } = instance
  const meshed = instance.meshed && !hasPort(plainPorts, port.addressPort)
  const id = { trustDomain, namespace, serviceAccount }
  return create(EndpointSchema, {
    id: `${namespace}/${instance.instance}:${port.port}`,
    address: port.address,
    port: port.addressPort,
    identity: meshed ? formatSpiffeId(id) : '',
    serverName: meshed ? serverNameOf(id) : '',
    namespace,
    workload: instance.workload,
    instance: instance.instance,
    ...((region !== '' || zone !== '') && { locality: { region, zone } }),
    weight: 1,
  })
}
