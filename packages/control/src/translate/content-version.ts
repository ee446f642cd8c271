import { createHash } from 'node:crypto'
import type { Destination, Endpoint } from '@heddle/api/discovery'

/** As with endpoints themselves: a change of one must not cost a hash of all the others. */
const digests = new WeakMap<Endpoint, string>()

/**
 * A hash of the content: equal content has an equal version, on every replica and after a restart. 96 bits, in base64url.
 *
 * @param target - all of a Destination that is not its version
 */
export function contentVersion(target: Destination['target']): string {
  return digest(textsOf(target).join('\n'))
}

/** Whether two endpoints say the same. */
export function equalEndpoints(a: Endpoint, b: Endpoint): boolean {
  return a === b || digestEndpoint(a) === digestEndpoint(b)
}

function textsOf(target: Destination['target']): string[] {
  switch (target.case) {
    case 'service': {
      const { namespace, name, port, protocol, endpoints } = target.value
      return [JSON.stringify(['service', namespace, name, port, protocol]), ...endpoints.map(digestEndpoint)]
    }
    case 'endpoint':
      return ['endpoint', digestEndpoint(target.value)]
    case 'notFound':
      return ['notFound', target.value.reason]
    case 'unmeshed':
    case undefined:
      return [target.case ?? 'nothing']
  }
}

function digestEndpoint(endpoint: Endpoint): string {
  const known = digests.get(endpoint)
  if (known !== undefined) return known
  const made = digest(writeEndpoint(endpoint))
  digests.set(endpoint, made)
  return made
}

/** Every field, in an order of its own: what JSON makes of a message may change with the library. */
function writeEndpoint(endpoint: Endpoint): string {
  const { id, address, port, identity, serverName, namespace, workload, instance, locality, weight, protocol } =
    endpoint
  const fields = [id, address, port, identity, serverName, namespace, workload, instance, weight, protocol]
  return JSON.stringify([...fields, locality?.region ?? '', locality?.zone ?? ''])
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('base64url').slice(0, 16)
}
