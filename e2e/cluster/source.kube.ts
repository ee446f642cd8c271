import { systemClock } from '@heddle/base/clock'
import { createKubeClient, type KubeClient, type KubeDraft, type KubeObject } from '@heddle/kube/client'
import { loadClusterAccess } from '@heddle/kube/kubeconfig'
import { HTTP_ROUTES, NODES, PODS, SERVICES, TRAFFIC_POLICIES } from '@heddle/kube/resources'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { CLUSTER_DOCUMENTS } from '../../packages/control/src/sources/kubernetes/contract-documents.ts'
import { kubernetesSource } from '../../packages/control/src/sources/kubernetes/kubernetes-source.ts'
import { type SourceWorld, testSource } from '../../packages/control/src/sources/source-contract.ts'
import { writeStatuses } from '../../packages/control/src/status/status-writer.ts'
import { until } from '../harness/until.ts'
import type { Cluster } from './cluster.ts'
import { APPLY, ClusterNamespace, follow, LOG, withinNamespace } from './followed-namespace.ts'
import { installGatewayCrds } from './gateway-crds.ts'
import { installOwnCrds } from './own-crds.ts'
import { startCluster } from './start-cluster.ts'

/** The cluster as a source: what is promised of it in memory, held against a real API server, one of its own. Pods are made by hand: no node is needed. */

let cluster: Cluster
let client: KubeClient

beforeAll(async () => {
  cluster = await startCluster({ name: `s-${process.pid.toString(36)}`, tier: 'api' })
  client = createKubeClient(await loadClusterAccess({ kubeconfig: cluster.kubeconfig }))
  await installGatewayCrds(cluster)
  await installOwnCrds(cluster)
})
afterAll(() => cluster?.stop())

describe('a real cluster is a source that', () => {
  testSource({
    ...CLUSTER_DOCUMENTS,
    async open(): Promise<SourceWorld> {
      const namespace = await ClusterNamespace.open(client)
      const source = withinNamespace(kubernetesSource({ client, clock: systemClock, log: LOG }), namespace.name)
      return {
        source,
        write: (yaml) => namespace.write(yaml),
        [Symbol.asyncDispose]: () => namespace[Symbol.asyncDispose](),
      }
    },
  })
})

const CART = {
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'cart' },
  spec: { selector: { app: 'cart' }, ports: [{ name: 'http', port: 80, targetPort: 8080 }] },
}

const OTHER = { ...CART, metadata: { name: 'other' } }
const isDone = () => true
const isNotYet = () => undefined

function podOf(name: string, node: string): KubeDraft {
  const containers = [{ name: 'main', image: 'none' }]
  const initContainers = [{ name: 'heddle-proxy', image: 'none', restartPolicy: 'Always' }]
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, labels: { app: 'cart' }, annotations: { 'heddle.dev/status': '{}' } },
    spec: { nodeName: node, containers, initContainers, tolerations: [{ operator: 'Exists' }] },
  }
}

/** What a kubelet would say. */
async function setReady(namespace: string, name: string, ready: 'True' | 'False'): Promise<void> {
  const address = '192.0.2.1'
  const conditions = [{ type: 'Ready', status: ready }]
  const status = { phase: 'Running', podIP: address, podIPs: [{ ip: address }], conditions }
  await client.patch({ resource: PODS, namespace, name }, { status }, { type: 'strategic', subresource: 'status' })
}

async function eventually(what: string, said: () => unknown, wanted: unknown): Promise<void> {
  await until(what, () => JSON.stringify(said()) === JSON.stringify(wanted) || undefined, 20_000)
}

test('pods become endpoints when their kubelet says so, with the zone of their node, and drain when they are deleted', async () => {
  await using world = await follow(client)
  const { name } = world.namespace
  await client.create(NODES, { metadata: { name, labels: { 'topology.kubernetes.io/zone': 'z-1' } } })
  try {
    await world.namespace.put(CART)
    await world.namespace.put(podOf('cart-0', name))
    await eventually('the pod is known', () => world.behindCart(), ['cart-0 unhealthy z-1'])
    await setReady(name, 'cart-0', 'True')
    await eventually('the pod is ready', () => world.behindCart(), ['cart-0 ready z-1'])
    const [service] = world.model.services(name)
    const own = await client.get<KubeObject & { readonly spec: { readonly clusterIPs: string[] } }>({
      resource: SERVICES,
      namespace: name,
      name: 'cart',
    })
    expect(service?.clusterIps).toEqual(own?.spec.clusterIPs)
    expect(world.model.resolve(`address:${own?.spec.clusterIPs[0]}:80`).kind).toBe('service')
    expect(world.model.resolve('address:192.0.2.1:9999')).toMatchObject({
      kind: 'endpoint',
      instance: { meshed: true },
    })
    await setReady(name, 'cart-0', 'False')
    await eventually('the pod is not ready', () => world.behindCart(), ['cart-0 unhealthy z-1'])
    await cluster.kubectl(['delete', 'pod', 'cart-0', '--namespace', name, '--wait=false'])
    await eventually('the pod drains', () => world.behindCart(), ['cart-0 draining z-1'])
    await cluster.kubectl(['delete', 'pod', 'cart-0', '--namespace', name, '--force', '--grace-period=0'])
    await eventually('the pod is gone', () => world.behindCart(), [])
  } finally {
    await client.delete({ resource: NODES, name })
  }
})

/** By hand, as one does for a database outside; a controller makes an EndpointSlice of it. */
const ENDPOINTS = { group: '', version: 'v1', plural: 'endpoints', kind: 'Endpoints', namespaced: true } as const

test('a Service without selector leads to the addresses that are written down for it', async () => {
  await using world = await follow(client)
  const { name } = world.namespace
  const spec = { ports: [{ name: 'sql', port: 5432 }] }
  await world.namespace.put({ ...CART, metadata: { name: 'db' }, spec })
  const subsets = [{ addresses: [{ ip: '203.0.113.7' }], ports: [{ name: 'sql', port: 15_432 }] }]
  const endpoints = { apiVersion: 'v1', kind: 'Endpoints', metadata: { name: 'db', namespace: name }, subsets }
  await client.apply(ENDPOINTS, endpoints, APPLY)
  const found = () => {
    const resolution = world.model.resolve(`name:db.${name}:5432`)
    if (resolution.kind !== 'service') return []
    return resolution.addressed.map(({ instance, port }) => `${port.address}:${port.addressPort} ${instance.meshed}`)
  }
  await eventually('the address is known', found, ['203.0.113.7:15432 false'])
  await client.delete({ resource: ENDPOINTS, namespace: name, name: 'db' })
  await eventually('the address is gone', found, [])
})

const ROUTE = {
  apiVersion: 'gateway.networking.k8s.io/v1',
  kind: 'HTTPRoute',
  metadata: { name: 'carts' },
  spec: {
    parentRefs: [
      { group: '', kind: 'Service', name: 'cart', port: 80 },
      { group: 'gateway.networking.k8s.io', kind: 'Gateway', name: 'gw' },
    ],
    rules: [{ backendRefs: [{ name: 'cart', port: 80 }] }],
  },
}
const POLICY = {
  apiVersion: 'heddle.dev/v1alpha1',
  kind: 'TrafficPolicy',
  metadata: { name: 'slow' },
  spec: { targetRefs: [{ group: '', kind: 'Service', name: 'cart' }], timeouts: { request: '1s' } },
}

interface WrittenStatus {
  readonly status?: { readonly parents?: readonly Entry[]; readonly ancestors?: readonly Entry[] }
}

interface Entry {
  readonly controllerName: string
  readonly conditions: readonly {
    readonly type: string
    readonly status: string
    readonly observedGeneration: number
  }[]
}

test('statuses are written among those of others, by whoever leads, and only where they differ', async () => {
  await using world = await follow(client)
  const { namespace, name } = { namespace: world.namespace, name: world.namespace.name }
  await namespace.put(ROUTE)
  await namespace.put(POLICY)
  const others = {
    parentRef: { name: 'gw' },
    controllerName: 'example.org/gateways',
    conditions: [
      { type: 'Accepted', status: 'True', reason: 'Accepted', message: '', lastTransitionTime: '2026-01-01T00:00:00Z' },
    ],
  }
  const route = { resource: HTTP_ROUTES, namespace: name, name: 'carts' }
  await client.patch(route, { status: { parents: [others] } }, { type: 'merge', subresource: 'status' })
  const hub = { streamsOf: () => [] }
  writeStatuses(
    { client, cluster: world.source.cluster, model: world.model, hub, clock: systemClock, log: LOG },
    world.signal,
  )
  const read = () => client.get<KubeObject & WrittenStatus>(route)
  const saidOf = async (ref: Parameters<KubeClient['get']>[0]) => {
    const { status } = (await client.get<KubeObject & WrittenStatus>(ref)) ?? {}
    const ours = [...(status?.parents ?? []), ...(status?.ancestors ?? [])].filter(
      ({ controllerName }) => controllerName === 'heddle.dev/gateway-controller',
    )
    return ours.flatMap(({ conditions }) => conditions.map((one) => `${one.type}=${one.status}`))
  }
  const policy = { resource: TRAFFIC_POLICIES, namespace: name, name: 'slow' }
  const untilSaid = async (ref: typeof policy, wanted: string) => {
    await until(wanted, async () => ((await saidOf(ref)).join(' ') === wanted ? true : undefined), 20_000)
  }
  await untilSaid(route, 'Accepted=False ResolvedRefs=False')
  await untilSaid(policy, 'Accepted=False')
  await namespace.put(CART)
  await untilSaid(route, 'Accepted=True ResolvedRefs=True Programmed=Unknown')
  await untilSaid(policy, 'Accepted=True')
  const written = await read()
  expect(written?.status?.parents?.[0]).toEqual({ ...others, parentRef: expect.objectContaining(others.parentRef) })
  expect(written?.status?.parents?.[1]?.conditions[0]?.observedGeneration).toBe(1)
  const version = written?.metadata.resourceVersion
  // What is written for the next one shows that there was time to write this one again.
  await namespace.put({ ...ROUTE, metadata: { name: 'more' } })
  await untilSaid({ ...route, name: 'more' }, 'Accepted=True ResolvedRefs=True Programmed=Unknown')
  expect((await read())?.metadata.resourceVersion).toBe(version)
})

test('an API server that goes away takes nothing with it, and what happened meanwhile is told', async () => {
  await using world = await follow(client)
  const { name } = world.namespace
  await world.namespace.put(CART)
  await eventually('the Service is known', () => world.model.services(name).length, 1)
  await cluster.killPart('kube-apiserver')
  try {
    await until(
      'the status says so',
      () => world.source.status().problems.some(({ file }) => file === 'pods (v1)') || undefined,
      30_000,
    )
    expect(world.model.services(name)).toHaveLength(1)
  } finally {
    await cluster.startPart('kube-apiserver')
  }
  // It answers before it can give out addresses.
  await until('the API server is back', () => world.namespace.put(OTHER).then(isDone, isNotYet), 60_000)
  await until('the change is told', () => world.model.services(name).length === 2 || undefined, 60_000)
})
