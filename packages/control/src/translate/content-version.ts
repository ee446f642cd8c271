import { createHash } from 'node:crypto'
import { type DescMessage, type MessageShape, toBinary } from '@bufbuild/protobuf'
import type { Destination, Endpoint, Service } from '@heddle/api/discovery'
import { BackendPolicySchema } from '@heddle/api/discovery/policy'
import { CircuitBreakerSchema, FaultSchema, type Route, RouteSchema } from '@heddle/api/discovery/route'

/** As with endpoints themselves: a change of one must not cost a hash of all the others. */
const digests = new WeakMap<object, string>()

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

/**
 * Whether two Services differ in endpoints only. Routes and policies are compared by their digests, of which most are known.
 */
export function equalBesidesEndpoints(a: Service, b: Service): boolean {
  return describeService(a) === describeService(b)
}

function textsOf(target: Destination['target']): string[] {
  switch (target.case) {
    case 'service': {
      const { endpoints } = target.value
      return [describeService(target.value), ...endpoints.map(digestEndpoint)]
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

/** What is attached is left out where there is nothing. */
function describeService(service: Service): string {
  const { namespace, name, port, protocol, routes, policy, faults, circuitBreaker, localEndpointsOnly } = service
  const head = JSON.stringify(['service', namespace, name, port, protocol])
  return [
    head,
    ...(routes.length === 0 ? [] : [digestRoutes(routes)]),
    ...faults.map((fault) => `fault ${digestMessage(FaultSchema, fault)}`),
    ...(policy === undefined ? [] : [`policy ${digestMessage(BackendPolicySchema, policy)}`]),
    ...(localEndpointsOnly ? ['local endpoints only'] : []),
    ...(circuitBreaker === undefined ? [] : [`breaker ${digestMessage(CircuitBreakerSchema, circuitBreaker)}`]),
  ].join('\n')
}

/** The list of an attachment is the same one for as long as nothing in it changes. */
function digestRoutes(routes: readonly Route[]): string {
  const known = digests.get(routes)
  if (known !== undefined) return known
  const made = `routes ${digest(routes.map((route) => digestMessage(RouteSchema, route)).join('\n'))}`
  digests.set(routes, made)
  return made
}

/** By the binary form: fields in the order of their numbers, and no maps among them. */
function digestMessage<T extends DescMessage>(schema: T, message: MessageShape<T>): string {
  const known = digests.get(message)
  if (known !== undefined) return known
  const made = digest(toBinary(schema, message))
  digests.set(message, made)
  return made
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

function digest(text: string | Uint8Array): string {
  return createHash('sha256').update(text).digest('base64url').slice(0, 16)
}
