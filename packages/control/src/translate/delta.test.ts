import { create, type MessageInitShape } from '@bufbuild/protobuf'
import {
  type Destination,
  DestinationSchema,
  EndpointSchema,
  Protocol,
  type Service,
  ServiceSchema,
} from '@heddle/api/discovery'
import { RouteKind } from '@heddle/api/discovery/route'
import { compareTexts } from '@heddle/base/compare-texts'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { applyDelta } from '../../test/apply-delta.ts'
import { contentVersion } from './content-version.ts'
import { deltaOf } from './delta.ts'

interface Given {
  readonly instance: string
  readonly address: string
  /** Part of the endpoint's id. */
  readonly port?: number
  readonly zone?: string
}

type GivenService = MessageInitShape<typeof ServiceSchema>

const ROUTE = { kind: RouteKind.HTTP, namespace: 'shop', name: 'web', rules: [{ requestTimeoutMs: 1 }] }
const FAULT = { policy: 'shop/f', perMillion: 1, untilMs: 1n, action: { case: 'reset', value: true } } as const
/** Everything that may be attached to a Service. */
const ATTACHED: readonly { readonly name: string; readonly more: GivenService }[] = [
  { name: 'a route', more: { routes: [ROUTE] } },
  { name: 'another rule of a route', more: { routes: [{ ...ROUTE, rules: [{ requestTimeoutMs: 2 }] }] } },
  { name: 'two routes', more: { routes: [ROUTE, { ...ROUTE, name: 'b' }] } },
  { name: 'two routes the other way', more: { routes: [{ ...ROUTE, name: 'b' }, ROUTE] } },
  { name: 'a policy', more: { policy: { policy: 'shop/p', slowStartMs: 5 } } },
  { name: 'another policy', more: { policy: { policy: 'shop/p', slowStartMs: 6 } } },
  { name: 'a fault', more: { faults: [FAULT] } },
  { name: 'another fault', more: { faults: [{ ...FAULT, seed: 1 }] } },
  { name: 'a circuit breaker', more: { circuitBreaker: { policy: 'shop/c', maxRequests: 1 } } },
]

function destination(endpoints: readonly Given[], more: GivenService = {}): Destination {
  const { name = 'web', port = 80, protocol = Protocol.HTTP1, ...attached } = more
  const value = create(ServiceSchema, {
    namespace: 'shop',
    name,
    port,
    protocol,
    ...attached,
    endpoints: endpoints
      .toSorted((a, b) => compareTexts(a.instance, b.instance))
      .map(({ instance, address, port = 80, zone = '' }) => {
        return create(EndpointSchema, {
          id: `shop/${instance}:${port}`,
          instance,
          address,
          port,
          weight: 1,
          locality: { zone },
        })
      }),
  })
  const target = { case: 'service', value } as const
  return create(DestinationSchema, { version: contentVersion(target), target })
}

/** With its endpoints the other way round. */
function lastFirst({ version, target }: Destination): Destination {
  const value = target.value as Service
  const reversed = create(ServiceSchema, { ...value, endpoints: value.endpoints.toReversed() })
  return create(DestinationSchema, { version, target: { case: 'service', value: reversed } })
}

const A = { instance: 'a', address: '10.0.0.1' }
const B = { instance: 'b', address: '10.0.0.2' }
const C = { instance: 'c', address: '10.0.0.3' }

describe('deltaOf()', () => {
  test('names what came, what changed and what went', () => {
    const delta = deltaOf(
      destination([A, B]),
      destination([{ ...A, zone: 'eu-1' }, C, { instance: 'd', address: '10.0.0.4' }, B]),
    )
    expect(delta?.upsertedEndpoints.map(({ id }) => id)).toEqual(['shop/a:80', 'shop/c:80', 'shop/d:80'])
    expect(deltaOf(destination([A, B, C]), destination([A]))?.removedEndpointIds).toEqual(['shop/b:80', 'shop/c:80'])
  })

  test('takes away what an instance was under its port of before', () => {
    const delta = deltaOf(destination([A, B]), destination([A, { ...B, port: 81 }]))
    expect(delta?.removedEndpointIds).toEqual(['shop/b:80'])
    expect(delta?.upsertedEndpoints.map(({ id }) => id)).toEqual(['shop/b:81'])
  })

  test('of what went to nothing is all removals', () => {
    expect(deltaOf(destination([A]), destination([]))?.removedEndpointIds).toEqual(['shop/a:80'])
  })

  test.each([
    { name: 'the protocol is another', to: destination([A], { protocol: Protocol.TLS }) },
    { name: 'the Service is another', to: destination([A], { name: 'other' }) },
    { name: 'the port is another', to: destination([A], { port: 81 }) },
    ...ATTACHED.map(({ name, more }) => ({ name: `there is ${name}`, to: destination([A, B], more) })),
    { name: 'every endpoint is new', to: destination([B, C]) },
    {
      name: 'it is no Service any more',
      to: create(DestinationSchema, { version: 'x', target: { case: 'unmeshed', value: {} } }),
    },
  ])('is none when $name', ({ to }) => {
    expect(deltaOf(destination([A]), to)).toBeUndefined()
  })
})

test('with equal routes and policies a delta has endpoints only, and they stay', () => {
  const more: GivenService = Object.assign({}, ...ATTACHED.map((one) => one.more))
  const [from, to] = [destination([A, B], more), destination([A, B, C], more)]
  const delta = deltaOf(from, to)!
  expect(delta.upsertedEndpoints.map(({ id }) => id)).toEqual(['shop/c:80'])
  expect(applyDelta(from, delta)).toEqual(to)
})

test.each([
  { order: 'of their names', inOrder: (one: Destination) => one },
  { order: 'that is another', inOrder: lastFirst },
])('a delta leads from any destination to any other, with endpoints in an order $order', ({ inOrder }) => {
  const given = fc.record({
    instance: fc.constantFrom(...'abcdefghij'),
    address: fc.constantFrom('10.0.0.1', '10.0.0.2'),
    port: fc.constantFrom(80, 81),
    zone: fc.constantFrom('', 'x'),
  })
  const endpoints = fc.uniqueArray(given, { selector: ({ instance }) => instance })
  fc.assert(
    fc.property(endpoints, endpoints, (before, after) => {
      const [from, to] = [destination(before), destination(after)]
      const delta = deltaOf(from, inOrder(to))
      if (delta !== undefined) expect(applyDelta(from, delta)).toEqual(to)
      expect(from.version === to.version).toBe(JSON.stringify(from) === JSON.stringify(to))
    }),
  )
})

describe('contentVersion()', () => {
  test('is the same for equal content made anew, and another for any difference', () => {
    expect(destination([A, B]).version).toBe(destination([A, B]).version)
    const versions = [
      destination([A, B]),
      destination([A]),
      destination([{ ...A, zone: 'x' }, B]),
      destination([A, B], { port: 81 }),
      destination([A, B], { protocol: Protocol.OPAQUE }),
      ...ATTACHED.map(({ more }) => destination([A, B], more)),
    ].map(({ version }) => version)
    expect(new Set(versions).size).toBe(versions.length)
  })
})
