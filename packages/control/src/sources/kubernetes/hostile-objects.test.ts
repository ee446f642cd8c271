import type { KubeObject } from '@heddle/kube/client'
import { RESOURCES } from '@heddle/kube/resources'
import { ManualClock } from '@heddle/testkit/manual-clock'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { toObjects } from '../../../test/cluster-world.ts'
import { FakeCluster } from '../../../test/fake-cluster.ts'
import { modelOfCluster } from '../../../test/model-of-cluster.ts'
import { translateDestination } from '../../translate/destination.ts'

const GOOD = `apiVersion: v1
kind: Service
metadata: {name: cart, namespace: shop}
spec: {clusterIPs: [10.96.0.5], selector: {app: cart}, ports: [{port: 80, targetPort: 8080, protocol: TCP}]}
---
apiVersion: v1
kind: Pod
metadata: {name: cart-0, namespace: shop, labels: {app: cart}, annotations: {heddle.dev/status: '{}'}}
spec: {serviceAccountName: cart, containers: [{name: main}, {name: heddle-proxy}]}
status: {podIPs: [{ip: 10.1.0.1}], conditions: [{type: Ready, status: "True"}]}
`
const NAME = fc.constantFrom('constructor', '__proto__', 'toString', 'cart', 'a.b', '-', 'x'.repeat(300))
const FIELD = fc.constantFrom(
  ...['app', 'name', 'namespace', 'port', 'ports', 'targetPort', 'protocol', 'kind', 'group', 'value', 'type', 'path'],
  ...['ip', 'addresses', 'weight', 'constructor', '__proto__', 'heddle.dev/opaque-ports', 'heddle.dev/status'],
)
const LEAF = fc.oneof(
  fc.constantFrom<unknown>(
    null,
    true,
    -1,
    0,
    80,
    65_536,
    1e300,
    '',
    '80',
    '10.96.0.5',
    '10.1.0.1',
    '::',
    'None',
    'TCP',
  ),
  fc.constantFrom<unknown>(
    'cart',
    'Service',
    'RegularExpression',
    '(((',
    '1-0',
    'x'.repeat(5_000),
    '%',
    '/..',
    '\u0000',
  ),
)
const { value: VALUE } = fc.letrec((tie) => ({
  value: fc.oneof({ depthSize: 'small' }, LEAF, fc.array(tie('value'), { maxLength: 4 }), tie('map')),
  map: fc.dictionary(FIELD, tie('value'), { maxKeys: 5, noNullPrototype: true }),
}))
const some = (fields: Readonly<Record<string, fc.Arbitrary<unknown>>>) => {
  return fc.record(fields, { requiredKeys: [], noNullPrototype: true })
}
const listOf = (item: fc.Arbitrary<unknown>) => fc.array(item, { maxLength: 3 })
const WORD = fc.constantFrom('app', 'cart', 'http', 'constructor', '__proto__', '', '80', 'x'.repeat(253))
const MAP = fc.dictionary(
  fc.constantFrom(
    'app',
    'constructor',
    'toString',
    'heddle.dev/opaque-ports',
    'heddle.dev/status',
    'heddle.dev/inject',
  ),
  fc.oneof(WORD, fc.constantFrom('{', '1-65535', '0', '9,'.repeat(1_000), '\u0000')),
  { noNullPrototype: true },
)
const PORT = fc.constantFrom(1, 80, 8080, 15_001, 65_535)
/** Those of Services are given by the API server, and of pods by their kubelet: no two have the same. */
const OWN_IP = fc.constantFrom('10.96.0.6', '10.1.0.2', '127.0.0.1', '::1', 'None', '')
const IP = fc.constantFrom('10.96.0.5', '10.1.0.1', '127.0.0.1', '::1', '::ffff:10.1.0.1', 'None', '')
const PORTS = listOf(
  some({
    name: WORD,
    port: PORT,
    containerPort: PORT,
    targetPort: fc.oneof(PORT, WORD),
    protocol: WORD,
    appProtocol: WORD,
  }),
)
const CONTAINERS = listOf(some({ name: WORD, ports: PORTS, restartPolicy: WORD }))
const BOOLEAN = fc.boolean()

/** Of Kubernetes' own kinds, whose fields have their types wherever they come from; of others anything. */
const CORE_SPEC = some({
  ...{
    clusterIPs: listOf(OWN_IP),
    selector: MAP,
    ports: PORTS,
    type: WORD,
    externalName: WORD,
    ipFamilies: listOf(WORD),
  },
  ...{ containers: CONTAINERS, initContainers: CONTAINERS, nodeName: WORD, serviceAccountName: WORD },
  ...{ hostNetwork: BOOLEAN, publishNotReadyAddresses: BOOLEAN, trafficDistribution: WORD },
})
const CORE_STATUS = some({
  ...{ phase: WORD, podIP: OWN_IP, podIPs: listOf(some({ ip: OWN_IP })) },
  conditions: listOf(
    some({ type: fc.constantFrom('Ready', 'ContainersReady', 'x'), status: fc.constantFrom('True', 'False') }),
  ),
})
const SLICE = some({
  endpoints: fc.oneof(
    fc.constant(null),
    listOf(
      some({
        addresses: listOf(IP),
        conditions: some({ ready: BOOLEAN, terminating: BOOLEAN }),
        zone: WORD,
        nodeName: WORD,
      }),
    ),
  ),
  ports: fc.oneof(fc.constant(null), PORTS),
  addressType: WORD,
})
const CUSTOM_SPEC = some(
  Object.fromEntries(
    [
      ...['parentRefs', 'targetRefs', 'rules', 'hostnames', 'addresses', 'healthCheck', 'timeouts', 'retry', 'ports'],
      ...[
        'locality',
        'from',
        'to',
        'labels',
        'serviceAccount',
        'command',
        'backendRefs',
        'circuitBreaker',
        'balancing',
      ],
    ].map((field) => [field, VALUE]),
  ),
)
const META = some({
  labels: MAP,
  annotations: MAP,
  deletionTimestamp: fc.constant('2026-01-01T00:00:00Z'),
  ownerReferences: listOf(fc.record({ kind: WORD, name: WORD, controller: BOOLEAN })),
})
const OBJECT = fc.constantFrom(...RESOURCES).chain((resource) => {
  const isCore = !resource.group.includes('heddle') && !resource.group.includes('gateway')
  const spec = isCore ? CORE_SPEC : fc.oneof(VALUE, CUSTOM_SPEC)
  const status = isCore ? CORE_STATUS : fc.oneof(VALUE, some({ parents: VALUE, ancestors: VALUE, conditions: VALUE }))
  const names = { name: NAME, namespace: fc.constantFrom('shop', 'constructor', '__proto__') }
  return fc.record({ resource: fc.constant(resource), ...names, meta: META, spec, status, more: SLICE })
})

test('whatever an object of a neighbour is, others are served on', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(OBJECT, { minLength: 1, maxLength: 12 }), fc.nat(12), async (given, late) => {
      const cluster = new FakeCluster()
      const clock = new ManualClock()
      const ended = new AbortController()
      for (const object of toObjects(GOOD)) cluster.put(object)
      const put = ({ resource, name, namespace, meta, more, ...rest }: (typeof given)[number]) => {
        const { group, version, kind, namespaced } = resource
        const metadata = { ...(meta as object), name: `${name}-x`, ...(namespaced && { namespace }) }
        const apiVersion = group === '' ? version : `${group}/${version}`
        cluster.put({ ...more, ...rest, apiVersion, kind, metadata } as unknown as KubeObject & Record<string, unknown>)
      }
      for (const object of given.slice(late)) put(object)
      const { model } = await modelOfCluster(cluster, { clock, signal: ended.signal })
      for (const object of given.slice(0, late)) put(object)
      for (let turn = 0; turn < 4; turn++) {
        await new Promise((resolve) => setImmediate(resolve))
        clock.advance(2_000)
      }
      for (const key of ['name:cart.shop:80', 'address:10.96.0.5:80', 'address:10.1.0.1:8080']) {
        const told = translateDestination(model.resolve(key, { namespace: 'shop' }), { trustDomain: 'heddle.local' })
        expect(
          JSON.stringify(told, (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value)),
        ).toContain('10.1.0.1')
      }
      ended.abort()
    }),
    { numRuns: 150 },
  )
})
