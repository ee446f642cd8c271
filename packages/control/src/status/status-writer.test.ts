import { createLog } from '@heddle/base/log'
import { ManualClock } from '@heddle/testkit/manual-clock'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { toObjects } from '../../test/cluster-world.ts'
import { FakeCluster } from '../../test/fake-cluster.ts'
import { type ModelOfCluster, modelOfCluster } from '../../test/model-of-cluster.ts'
import type { DiscoveryStream } from '../discovery/discovery-stream.ts'
import { eventually } from '../sources/source-contract.ts'
import { writeStatuses } from './status-writer.ts'

const SERVICE = `apiVersion: v1
kind: Service
metadata: {name: cart, namespace: shop}
spec: {clusterIPs: [10.96.0.5], selector: {app: cart}, ports: [{port: 80, protocol: TCP}]}
`
const OTHERS = { parentRef: { name: 'gw' }, controllerName: 'example.org/gateways', conditions: [] }

function route(backend = 'cart', pattern = 'a'): string {
  return `apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: carts, namespace: shop}
spec:
  parentRefs: [{group: "", kind: Service, name: cart}, {name: gw}]
  rules: [{matches: [{headers: [{name: x, type: RegularExpression, value: "${pattern}"}]}], backendRefs: [{name: ${backend}, port: 80}]}]
status: {parents: [${JSON.stringify(OTHERS)}]}
`
}

const POLICY = `apiVersion: heddle.dev/v1alpha1
kind: TrafficPolicy
metadata: {name: slow, namespace: shop}
spec: {targetRefs: [{group: "", kind: Service, name: cart}], timeouts: {request: 1s}}
`

let cluster: FakeCluster
let clock: ManualClock
let ended: AbortController
let leading: AbortController
let world: ModelOfCluster
let streams: { appliedRevision: number }[]

beforeEach(() => {
  cluster = new FakeCluster()
  clock = new ManualClock()
  ended = new AbortController()
  leading = new AbortController()
  streams = []
})
afterEach(() => {
  leading.abort()
  ended.abort()
})

function put(...yamls: readonly string[]): void {
  for (const object of toObjects(yamls.join('---\n'))) cluster.put(object)
}

async function start(): Promise<void> {
  world = await modelOfCluster(cluster, { clock, signal: ended.signal })
  const log = createLog(() => undefined, 'off')
  const hub = { streamsOf: () => streams as unknown as DiscoveryStream[] }
  writeStatuses({ client: cluster, cluster: world.source.cluster, model: world.model, hub, clock, log }, leading.signal)
}

interface Entry {
  readonly controllerName: string
  readonly conditions: readonly {
    readonly type: string
    readonly status: string
    readonly reason: string
    readonly message: string
  }[]
}

/** `TYPE=STATUS REASON` of the entries that are ours. */
function saidOf(kind: string, name: string, list: 'parents' | 'ancestors'): string[][] {
  const object = cluster.all().find((one) => one.kind === kind && one.metadata.name === name)
  const entries = (object?.status as Readonly<Record<string, readonly Entry[]>> | undefined)?.[list] ?? []
  const ours = entries.filter(({ controllerName }) => controllerName === 'heddle.dev/gateway-controller')
  return ours.map(({ conditions }) => conditions.map(({ type, status, reason }) => `${type}=${status} ${reason}`))
}

const routeSaid = () => saidOf('HTTPRoute', 'carts', 'parents')

async function untilSaid(said: () => unknown, wanted: unknown): Promise<void> {
  await eventually(() => {
    clock.advance(200)
    expect(said()).toEqual(wanted)
  })
}

test('says of each Service parent whether a route is in force, and leaves the entries of others alone', async () => {
  put(SERVICE, route())
  await start()
  await untilSaid(routeSaid, [
    ['Accepted=True Accepted', 'ResolvedRefs=True ResolvedRefs', 'Programmed=Unknown Pending'],
  ])
  const [object] = cluster.all().filter(({ kind }) => kind === 'HTTPRoute')
  const { parents } = object!.status as { readonly parents: readonly object[] }
  expect(parents).toHaveLength(2)
  expect(parents[0]).toEqual(OTHERS)
  expect(parents[1]).toMatchObject({
    parentRef: { group: '', kind: 'Service', name: 'cart' },
    conditions: [
      { observedGeneration: 1, lastTransitionTime: expect.stringMatching(/^2026-01-01T00:0\d:\d\dZ$/) },
      {},
      {},
    ],
  })
})

test('writes only what is different, however often it is looked at', async () => {
  put(SERVICE, route(), POLICY)
  await start()
  await untilSaid(() => saidOf('TrafficPolicy', 'slow', 'ancestors'), [['Accepted=True Accepted']])
  await untilSaid(() => cluster.patches.length, 2)
  for (let i = 0; i < 20; i++) {
    clock.advance(10_000)
    await new Promise((resolve) => setImmediate(resolve))
  }
  expect(cluster.patches).toHaveLength(2)
})

test('follows what conditions depend on: Services, backends, targets', async () => {
  put(route('other'), POLICY)
  await start()
  await untilSaid(routeSaid, [['Accepted=False NoMatchingParent', 'ResolvedRefs=False BackendNotFound']])
  await untilSaid(() => saidOf('TrafficPolicy', 'slow', 'ancestors'), [['Accepted=False TargetNotFound']])
  put(SERVICE)
  await untilSaid(routeSaid, [
    ['Accepted=True Accepted', 'ResolvedRefs=False BackendNotFound', 'Programmed=Unknown Pending'],
  ])
  await untilSaid(() => saidOf('TrafficPolicy', 'slow', 'ancestors'), [['Accepted=True Accepted']])
  put(SERVICE.replace('name: cart', 'name: other'))
  await untilSaid(() => routeSaid()[0]?.[1], 'ResolvedRefs=True ResolvedRefs')
})

test('says that a route is programmed once every proxy that holds it has applied it', async () => {
  put(SERVICE, route())
  streams = [{ appliedRevision: 0 }, { appliedRevision: 0 }]
  await start()
  await untilSaid(() => routeSaid()[0]?.[2], 'Programmed=False Pending')
  streams = [{ appliedRevision: 99 }, { appliedRevision: 99 }]
  await untilSaid(() => routeSaid()[0]?.[2], 'Programmed=True Programmed')
})

test('says why an object is refused, and that its last good version stays', async () => {
  put(SERVICE, route())
  await start()
  await untilSaid(() => routeSaid()[0]?.[0], 'Accepted=True Accepted')
  put(route('cart', '('))
  await untilSaid(routeSaid, [['Accepted=False UnsupportedValue']])
  const said = JSON.stringify(cluster.all().find(({ kind }) => kind === 'HTTPRoute')?.status)
  expect(said).toContain('spec.rules[0].matches[0].headers[0].value')
  expect(said).toContain('the last version that was accepted stays in force')
})

test('takes its entries out of a route that is attached to no Service any more', async () => {
  put(SERVICE, route())
  await start()
  await untilSaid(() => routeSaid().length, 1)
  const { status, ...object } = cluster.all().find(({ kind }) => kind === 'HTTPRoute') as unknown as {
    readonly metadata: { readonly name: string }
    readonly spec: object
    readonly status: object
  }
  cluster.put({ ...object, status, spec: { ...object.spec, parentRefs: [{ name: 'gw' }] } })
  await untilSaid(routeSaid, [])
})

test('looks again when somebody else wrote meanwhile, and writes nothing when it does not lead', async () => {
  put(SERVICE, route())
  await start()
  const patch = cluster.patch.bind(cluster)
  let conflicts = 0
  cluster.patch = (ref, body) => {
    if (conflicts++ === 0) put(route().replace('gw}', 'gw, sectionName: web}'))
    return patch(ref, body)
  }
  await untilSaid(() => routeSaid()[0]?.[0], 'Accepted=True Accepted')
  expect(conflicts).toBeGreaterThan(1)
  leading.abort()
  const count = cluster.patches.length
  put(route('nothing'))
  await eventually(() => {
    clock.advance(200)
    const inForce = world.model.object('HTTPRoute', 'shop', 'carts')
    expect(inForce).toMatchObject({ spec: { rules: [{ backendRefs: [{ name: 'nothing' }] }] } })
  })
  clock.advance(120_000)
  await new Promise((resolve) => setImmediate(resolve))
  expect(cluster.patches).toHaveLength(count)
})

test('says of a Workload whether it is in force', async () => {
  put(`apiVersion: heddle.dev/v1alpha1
kind: Workload
metadata: {name: vm, namespace: shop}
spec: {serviceAccount: vm, addresses: [203.0.113.9]}
`)
  await start()
  const conditions = () => (cluster.all()[0]?.status as { conditions?: object[] } | undefined)?.conditions
  await eventually(() => {
    clock.advance(200)
    expect(conditions()).toMatchObject([{ type: 'Accepted', status: 'True', observedGeneration: 1 }])
  })
})
