import { parseKey } from '@heddle/api/destination-key'
import { type Instance, type InstanceRef, instanceKey } from './instance.ts'
import { addressesOf } from './instance-index.ts'
import type { ModelService } from './service-table.ts'

/**
 * The topic whose changes may change what `key` means. A fixed function of the key, so that a server can index its
 * subscriptions by it: `service:NAMESPACE/NAME` or `address:IP`.
 */
export function topicOfKey(key: string): string {
  const parsed = parseKey(key)
  switch (parsed.kind) {
    case 'name':
      return serviceTopic(parsed.namespace, parsed.service)
    case 'address':
      return addressTopic(parsed.address)
    case 'invalid':
      return 'invalid'
  }
}

/** The topics under which a change of a Service is heard of. */
export function topicsOfService({ service, clusterIps }: ModelService): string[] {
  const { namespace, name } = service.metadata
  return [serviceTopic(namespace, name), ...clusterIps.map(addressTopic)]
}

/** The topics under which a change of an instance alone is heard of. */
export function topicsOfInstance(instance: Instance): string[] {
  return [inboundTopic(instance), ...[...addressesOf(instance)].map(addressTopic)]
}

/** The topic whose changes may change what the proxy of an instance is told of its own workload. */
export function inboundTopic(ref: InstanceRef): string {
  return inboundTopicOfKey(instanceKey(ref))
}

/** @param key - `NAMESPACE/INSTANCE` */
export function inboundTopicOfKey(key: string): string {
  return `inbound:${key}`
}

function serviceTopic(namespace: string, name: string): string {
  return `service:${namespace}/${name}`
}

/** The Service whose topic it is; `undefined`: it is another one. */
export function serviceOfTopic(topic: string): { readonly namespace: string; readonly name: string } | undefined {
  const [, namespace, name] = SERVICE_TOPIC.exec(topic) ?? []
  return namespace === undefined || name === undefined ? undefined : { namespace, name }
}

const SERVICE_TOPIC = /^service:([^/]+)\/(.+)$/

/** @param address - in canonical form */
function addressTopic(address: string): string {
  return `address:${address}`
}
