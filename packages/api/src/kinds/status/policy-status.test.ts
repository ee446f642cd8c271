import { describe, expect, test } from 'vitest'
import { documents, policy, route, service } from '../../manifest/manifest-fixture.ts'
import { ManifestLookup } from '../../manifest/manifest-lookup.ts'
import { parseManifests } from '../../manifest/parse-manifests.ts'
import { formatRef, isPolicy, refOf } from '../mesh-object.ts'
import { compareAge } from './age.ts'
import { policyStatus } from './policy-status.ts'

const WORLD = documents(
  service('ports: [{name: http, port: 80}]'),
  route(
    'HTTPRoute',
    'parentRefs: [{group: "", kind: Service, name: web-svc}]\nrules: [{name: cart, backendRefs: [{name: web-svc, port: 80}]}]',
  ),
)
const NOW_MS = Date.parse('2026-06-15T12:00:00Z')

/** Reason of each target of the first policy. */
function reasonsOf(...texts: readonly string[]): readonly string[] {
  const { objects } = parseManifests([{ path: 'f', text: documents(...texts, WORLD) }])
  const lookup = new ManifestLookup(new Map(objects.map((object) => [formatRef(refOf(object)), { object }])))
  const first = objects.find(isPolicy)
  if (first === undefined) return []
  return policyStatus(first, lookup, NOW_MS).flatMap(({ conditions }) => conditions.map(({ reason }) => reason))
}

const SERVICE = 'kind: Service, name: web-svc'
const ROUTE = 'group: gateway.networking.k8s.io, kind: HTTPRoute, name: to-web'

function traffic(target: string, name = 'a', created?: string): string {
  const text = policy('TrafficPolicy', `targetRefs: [{${target}}]\nhonourRetryAfter: true`, name)
  return created === undefined ? text : text.replace('shop}', `shop, creationTimestamp: "${created}"}`)
}

describe('policyStatus()', () => {
  test.each([
    { target: SERVICE, reason: 'Accepted' },
    { target: `${SERVICE}, sectionName: http`, reason: 'Accepted' },
    { target: `${SERVICE}, sectionName: https`, reason: 'TargetNotFound' },
    { target: 'kind: Service, name: nobody', reason: 'TargetNotFound' },
    { target: ROUTE, reason: 'Accepted' },
    { target: `${ROUTE}, sectionName: cart`, reason: 'Accepted' },
    { target: `${ROUTE}, sectionName: till`, reason: 'TargetNotFound' },
    { target: ROUTE.replace('HTTPRoute', 'GRPCRoute'), reason: 'TargetNotFound' },
  ])('$target: $reason', ({ target, reason }) => {
    expect(reasonsOf(traffic(target))).toEqual([reason])
  })

  test('of two policies of one kind for one target the older one counts, else the first by name', () => {
    expect(reasonsOf(traffic(SERVICE, 'a'), traffic(SERVICE, 'b'))).toEqual(['Accepted'])
    expect(reasonsOf(traffic(SERVICE, 'b'), traffic(SERVICE, 'a'))).toEqual(['Conflicted'])
    const old = traffic(SERVICE, 'b', '2026-01-01T00:00:00Z')
    expect(reasonsOf(old, traffic(SERVICE, 'a', '2026-01-02T00:00:00Z'))).toEqual(['Accepted'])
    expect(reasonsOf(traffic(SERVICE, 'a'), old)).toEqual(['Conflicted'])
  })

  test('policies of different kinds, for different sections or of other namespaces do not conflict', () => {
    const other = policy('BackendPolicy', `targetRefs: [{${SERVICE}}]\nslowStart: 10s`, '0')
    expect(reasonsOf(traffic(SERVICE), other)).toEqual(['Accepted'])
    expect(reasonsOf(traffic(SERVICE, 'b'), traffic(`${SERVICE}, sectionName: http`, 'a'))).toEqual(['Accepted'])
    expect(reasonsOf(traffic(SERVICE, 'b'), traffic(SERVICE, 'a').replace('shop', 'bank'))).toEqual(['Accepted'])
  })

  test.each([
    { until: '2026-06-15T12:00:01Z', reason: 'Accepted' },
    { until: '2026-06-15T12:00:00Z', reason: 'Expired' },
    { until: '2026-06-15T15:00:00+03:00', reason: 'Expired' },
  ])('a fault until $until: $reason', ({ until, reason }) => {
    const fault = policy('FaultPolicy', `targetRefs: [{${SERVICE}}]\nuntil: "${until}"\nfaults: [{delay: 1s}]`)
    expect(reasonsOf(fault)).toEqual([reason])
  })
})

test('compareAge() puts the oldest first, then goes by namespace and name', () => {
  const meta = (namespace: string, name: string, creationTimestamp?: string) => {
    return {
      namespace,
      name,
      labels: {},
      annotations: {},
      ...(creationTimestamp !== undefined && { creationTimestamp }),
    }
  }
  const inOrder = [
    meta('z', 'z', '2026-01-01T01:00:00+02:00'),
    meta('b', 'a', '2026-01-01T00:00:00Z'),
    meta('a', 'b'),
    meta('a', 'c'),
    meta('b', 'a'),
  ]
  expect(inOrder.toReversed().sort(compareAge)).toEqual(inOrder)
})
