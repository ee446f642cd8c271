import { parseKey } from '@heddle/api/destination-key'
import type { InstanceRef } from './instance.ts'

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

/** The topic whose changes may change what the proxy of an instance is told of its own workload. */
export function inboundTopic(ref: InstanceRef): string {
  return `inbound:${ref.namespace}/${ref.instance}`
}

export function serviceTopic(namespace: string, name: string): string {
  return `service:${namespace}/${name}`
}

/** @param address - in canonical form */
export function addressTopic(address: string): string {
  return `address:${address}`
}
