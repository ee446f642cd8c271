import { create } from '@bufbuild/protobuf'
import { NodeSchema } from '@heddle/api/discovery'
import { formatProblem } from '@heddle/api/manifest/problem'
import { systemClock } from '@heddle/base/clock'
import { createLog } from '@heddle/base/log'
import { ManualClock } from '@heddle/testkit/manual-clock'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { ClusterWorld, toObjects } from '../../../test/cluster-world.ts'
import { FakeCluster } from '../../../test/fake-cluster.ts'
import { type ModelOfCluster, modelOfCluster } from '../../../test/model-of-cluster.ts'
import { eventually, testSource } from '../source-contract.ts'
import { CLUSTER_DOCUMENTS } from './contract-documents.ts'
import { kubernetesSource } from './kubernetes-source.ts'

describe('a cluster is a source that', () => {
  testSource({ ...CLUSTER_DOCUMENTS, open: async () => new ClusterWorld() })
})

const SERVICE = `apiVersion: v1
kind: Service
metadata: {name: cart, namespace: shop}
spec: {clusterIPs: [10.96.0.5], selector: {app: cart}, ports: [{port: 80, targetPort: 8080, protocol: TCP}]}
`
const NODE = 'apiVersion: v1\nkind: Node\nmetadata: {name: n1, labels: {topology.kubernetes.io/zone: eu-1}}\n'

function pod(name: string, ip: string, more = ''): string {
  return `apiVersion: v1
kind: Pod
metadata: {name: ${name}, namespace: shop, labels: {app: cart}, annotations: {heddle.dev/status: '{}'}${more}}
spec: {nodeName: n1, serviceAccountName: cart, containers: [{name: main}], initContainers: [{name: heddle-proxy, restartPolicy: Always}]}
status: {podIPs: [{ip: ${ip}}], conditions: [{type: Ready, status: "True"}]}
`
}

let cluster: FakeCluster
let ended: AbortController
let world: ModelOfCluster

beforeEach(() => {
  cluster = new FakeCluster()
  ended = new AbortController()
})
afterEach(() => ended.abort())

function put(...yamls: readonly string[]): void {
  for (const object of toObjects(yamls.join('---\n'))) cluster.put(object)
}

function remove(yaml: string): void {
  for (const object of toObjects(yaml)) cluster.remove(object)
}

async function start(clock: Parameters<typeof modelOfCluster>[1]['clock'] = systemClock): Promise<void> {
  world = await modelOfCluster(cluster, { clock, signal: ended.signal, graceMs: 10_000 })
}

/** `NAME STATE` of the instances behind the Service. */
function behindCart(): string[] {
  const resolution = world.model.resolve('name:cart.shop:80')
  if (resolution.kind !== 'service') return [resolution.kind]
  return resolution.instances.map(({ instance, state }) => `${instance} ${state}`)
}

/** Of another namespace, whose name comes first. */
function thief(address: string): string {
  return `apiVersion: heddle.dev/v1alpha1
kind: Workload
metadata: {name: thief, namespace: aaa}
spec: {serviceAccount: thief, addresses: ['${address}']}
`
}

describe('a Workload of a neighbour', () => {
  test.each([
    { name: 'ready', victim: pod('web', '10.1.0.1') },
    { name: 'draining', victim: pod('web', '10.1.0.1', ', deletionTimestamp: "2026-01-01T00:00:00Z"') },
    { name: 'without a proxy', victim: pod('web', '10.1.0.1').replace("{heddle.dev/status: '{}'}", '{}') },
    { name: 'not ready', victim: pod('web', '10.1.0.1').replace('"True"', '"False"') },
  ])('does not take the address of a pod that is $name', async ({ victim }) => {
    put(victim, thief('10.1.0.1'))
    await start()
    const found = world.model.resolve('address:10.1.0.1:8080')
    expect(found).toMatchObject({ kind: 'endpoint', instance: { namespace: 'shop', instance: 'web' } })
  })

  test('leads nobody to himself', async () => {
    put(thief('127.0.0.1'))
    await start()
    expect(world.model.resolve('address:127.0.0.1:15000').kind).toBe('unmeshed')
    expect(world.source.status().problems.map(formatProblem).join()).toContain('an address of loopback')
    put(thief('10.9.0.1'))
    await eventually(() => expect(world.model.resolve('address:10.9.0.1:80').kind).toBe('endpoint'))
  })
})

describe('pods of a cluster', () => {
  test('come, change and go; a place follows its Node', async () => {
    put(SERVICE, pod('a', '10.1.0.1'))
    await start()
    expect(behindCart()).toEqual(['a ready'])
    put(pod('b', '10.1.0.2'))
    await eventually(() => expect(behindCart()).toEqual(['a ready', 'b ready']))
    put(pod('a', '10.1.0.1', ', deletionTimestamp: "2026-01-01T00:00:00Z"'))
    await eventually(() => expect(behindCart()).toEqual(['a draining', 'b ready']))
    remove(pod('a', '10.1.0.1'))
    await eventually(() => expect(behindCart()).toEqual(['b ready']))
    expect(world.model.instances('shop')).toMatchObject([{ zone: '' }])
    put(NODE)
    await eventually(() => expect(world.model.instances('shop')).toMatchObject([{ zone: 'eu-1' }]))
  })

  test('many events in one turn are one change, and pods are no revision of the configuration', async () => {
    put(SERVICE)
    await start()
    const { revision } = world.model
    for (let i = 1; i <= 100; i++) put(pod(`p${i}`, `10.1.0.${i}`))
    await eventually(() => expect(behindCart()).toHaveLength(100))
    expect(world.changes).toHaveLength(2)
    expect(world.model.revision).toBe(revision)
  })

  test('an address that a pod leaves to the next is of the next as soon as the first goes', async () => {
    put(pod('old', '10.1.0.1', ', deletionTimestamp: "2026-01-01T00:00:00Z"'), pod('young', '10.1.0.1'))
    await start()
    expect(world.model.resolve('address:10.1.0.1:8080')).toMatchObject({ instance: { instance: 'young' } })
    remove(pod('young', '10.1.0.1'))
    await eventually(() => {
      expect(world.model.resolve('address:10.1.0.1:8080')).toMatchObject({ instance: { instance: 'old' } })
    })
  })

  test('a change of labels moves a pod, what is not used of it changes nothing', async () => {
    put(SERVICE, pod('a', '10.1.0.1'))
    await start()
    put(pod('a', '10.1.0.1', ', finalizers: [x]'))
    put(pod('a', '10.1.0.1').replace('{app: cart}', '{app: cart, more: x}'))
    await eventually(() => expect(world.model.instances('shop')[0]?.labels).toEqual({ app: 'cart', more: 'x' }))
    put(pod('a', '10.1.0.1').replace('{app: cart}', '{app: other}'))
    await eventually(() => expect(behindCart()).toEqual([]))
  })
})

describe('a registration on a cluster', () => {
  function register(name: string, serviceAccount = 'cart', owner = 'stream') {
    const ports = [{ name: '', port: 80, address: '10.1.0.99', addressPort: 80 }]
    const node = create(NodeSchema, { namespace: 'shop', workload: 'w', instance: name, serviceAccount, ports })
    return world.model.applyRegistration({ node, owner, state: 'ready' })
  }
  const A = { namespace: 'shop', instance: 'a' }

  test('adds nothing but a stream, and needs the pod with its service account', async () => {
    put(SERVICE, pod('a', '10.1.0.1'))
    await start()
    expect(register('nobody')).toEqual({ kind: 'refused', reason: 'no pod shop/nobody is known, or not yet' })
    expect(register('a', 'other')).toMatchObject({ reason: 'pod shop/a has the service account cart, not other' })
    expect(register('a')).toEqual({ kind: 'accepted' })
    expect(world.model.resolve('address:10.1.0.99:80')).toEqual({ kind: 'unmeshed' })
    world.model.disconnectRegistration(A, 'stream')
    expect(behindCart()).toEqual(['a ready'])
  })

  test('may say that the pod drains: it is out at once, and comes back only when a new proxy says so or after the grace', async () => {
    const clock = new ManualClock()
    put(SERVICE, pod('a', '10.1.0.1'))
    await start(clock)
    register('a')
    world.model.setHealth(A, 'stream', { state: 'draining', reason: 'ends' })
    expect(behindCart()).toEqual(['a draining'])
    world.model.removeRegistration(A, 'stream')
    expect(behindCart()).toEqual(['a draining'])
    register('a', 'cart', 'next stream')
    expect(behindCart()).toEqual(['a ready'])
    world.model.setHealth(A, 'next stream', { state: 'draining', reason: 'ends' })
    world.model.removeRegistration(A, 'next stream')
    clock.advance(10_000)
    expect(behindCart()).toEqual(['a ready'])
  })

  test('does not say whether the pod is ready: its kubelet does', async () => {
    put(SERVICE, pod('a', '10.1.0.1'))
    await start()
    register('a')
    world.model.setHealth(A, 'stream', { state: 'unhealthy', reason: 'x' })
    expect(behindCart()).toEqual(['a ready'])
  })

  test('goes on when the pod is gone, without bringing it back', async () => {
    put(SERVICE, pod('a', '10.1.0.1'))
    await start()
    register('a')
    remove(pod('a', '10.1.0.1'))
    await eventually(() => expect(behindCart()).toEqual([]))
    expect(world.model.instances('shop')).toEqual([])
  })
})

describe('endpoint slices', () => {
  test('are followed, and what pods have at their addresses', async () => {
    const slice = `apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: x, namespace: shop, labels: {kubernetes.io/service-name: cart}}
endpoints: [{addresses: [10.1.0.1]}]
ports: [{name: "", port: 8080, protocol: TCP}]
`
    put(SERVICE.replace('selector: {app: cart}, ', ''), slice)
    await start()
    const found = () => {
      const resolution = world.model.resolve('address:10.96.0.5:80')
      return resolution.kind === 'service' ? resolution.addressed.map((one) => one.instance.instance) : []
    }
    expect(found()).toEqual(['cart-10-1-0-1'])
    const topics: string[] = []
    world.model.onChange((change) => topics.push(...change.topics), ended.signal)
    put(pod('a', '10.1.0.1'))
    await eventually(() => expect(found()).toEqual(['a']))
    expect(topics).toContain('service:shop/cart')
    remove(slice)
    await eventually(() => expect(found()).toEqual([]))
  })

  test('are where their nodes are, also where that is known later', async () => {
    const slice = `apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: x, namespace: shop, labels: {kubernetes.io/service-name: cart}}
endpoints: [{addresses: [10.1.0.1], nodeName: late}]
ports: [{name: "", port: 8080, protocol: TCP}]
`
    const node = (zone: string) => `apiVersion: v1
kind: Node
metadata: {name: late, labels: {topology.kubernetes.io/region: eu, topology.kubernetes.io/zone: ${zone}}}
`
    put(SERVICE.replace('selector: {app: cart}, ', ''), slice)
    await start()
    const zones = () => {
      const resolution = world.model.resolve('address:10.96.0.5:80')
      return resolution.kind === 'service' ? resolution.addressed.map((one) => one.instance.zone) : []
    }
    expect(zones()).toEqual([''])
    for (const zone of ['eu-1', 'eu-2']) {
      put(node(zone))
      await eventually(() => expect(zones()).toEqual([zone]))
    }
  })
})

test('objects are as old as the API server says, those of its own kinds too', async () => {
  put(SERVICE)
  await start()
  expect(world.model.services('shop')[0]?.service.metadata.creationTimestamp).toBe('2026-01-01T00:00:00Z')
})

describe('kinds of CRDs', () => {
  const POLICY = `apiVersion: heddle.dev/v1alpha1
kind: TrafficPolicy
metadata: {name: slow, namespace: shop}
spec: {targetRefs: [{group: "", kind: Service, name: cart}], timeouts: {request: 1s}}
`

  test('that are not installed are said, and followed once they are', async () => {
    const clock = new ManualClock()
    cluster.installed = ['gateway.networking.k8s.io/v1']
    put(SERVICE)
    await start(clock)
    expect(world.source.status().problems.map(formatProblem)).toEqual([
      'heddle.dev: warning: not installed in this cluster: Workload, BackendPolicy, FaultPolicy, TrafficPolicy; they are followed as soon as they are (heddle install --crds | kubectl apply -f -)',
    ])
    cluster.installed = [...cluster.installed, 'heddle.dev/v1alpha1']
    put(POLICY)
    await eventually(() => {
      clock.advance(1_000)
      expect(world.model.object('TrafficPolicy', 'shop', 'slow')).toBeDefined()
      expect(world.source.status().problems).toEqual([])
    })
    expect(world.source.fileOf({ kind: 'TrafficPolicy', namespace: 'shop', name: 'slow' })).toBe(
      'TrafficPolicy shop/slow',
    )
  })

  test('routes to Gateways alone are none of the mesh', async () => {
    const route = (kind: string) => `apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: r, namespace: shop}
spec: {parentRefs: [{group: "${kind === 'Service' ? '' : 'gateway.networking.k8s.io'}", kind: ${kind}, name: cart}], rules: [{backendRefs: [{name: cart, port: 80}]}]}
`
    put(SERVICE, route('Gateway'))
    await start()
    expect(world.source.status().problems).toEqual([])
    expect(world.model.object('HTTPRoute', 'shop', 'r')).toBeUndefined()
    put(route('Service'))
    await eventually(() => expect(world.model.object('HTTPRoute', 'shop', 'r')).toBeDefined())
    put(route('Gateway'))
    await eventually(() => expect(world.model.object('HTTPRoute', 'shop', 'r')).toBeUndefined())
  })

  test('objects are checked against each other', async () => {
    const clock = new ManualClock()
    put(POLICY)
    await start(clock)
    expect(world.source.status().problems).toMatchObject([
      { file: 'TrafficPolicy shop/slow', field: 'spec.targetRefs[0].name', severity: 'warning' },
    ])
    put(SERVICE)
    await eventually(() => {
      clock.advance(1_000)
      expect(world.source.status().problems).toEqual([])
    })
  })

  test('of Workloads that contradict each other the later is refused, for as long as they do', async () => {
    const workload = (name: string) => `apiVersion: heddle.dev/v1alpha1
kind: Workload
metadata: {name: ${name}, namespace: shop}
spec: {serviceAccount: vm, addresses: [203.0.113.9], ports: [{name: http, port: 8080}]}
`
    put(workload('first'))
    await start()
    put(workload('second'))
    await eventually(() => expect(world.source.status().problems).toMatchObject([{ file: 'Workload shop/second' }]))
    expect(world.model.workloads('shop')).toMatchObject([{ metadata: { name: 'first' } }])
    remove(workload('first'))
    await eventually(() => expect(world.model.workloads('shop')).toMatchObject([{ metadata: { name: 'second' } }]))
    expect(world.source.status().problems).toEqual([])
  })
})

test('while the API server is away everything stays as it was, and the status says so', async () => {
  const clock = new ManualClock()
  put(SERVICE, pod('a', '10.1.0.1'))
  await start(clock)
  cluster.goDown()
  await eventually(() => {
    clock.advance(500)
    expect(world.source.status().problems.map(({ file }) => file)).toContain('pods (v1)')
  })
  expect(behindCart()).toEqual(['a ready'])
  put(pod('b', '10.1.0.2'))
  remove(pod('a', '10.1.0.1'))
  cluster.comeUp()
  await eventually(() => {
    clock.advance(1_000)
    expect(behindCart()).toEqual(['b ready'])
  })
})

test('start() waits for an API server that is away, and says so', async () => {
  const clock = new ManualClock()
  put(SERVICE)
  cluster.goDown()
  let isStarted = false
  const starting = start(clock).then(() => {
    isStarted = true
  })
  for (let i = 0; i < 20; i++) {
    clock.advance(1_000)
    await new Promise((resolve) => setImmediate(resolve))
  }
  expect(isStarted).toBe(false)
  cluster.comeUp()
  await eventually(() => {
    clock.advance(1_000)
    expect(isStarted).toBe(true)
  })
  await starting
  expect(world.model.services('shop')).toHaveLength(1)
})

describe('a kind that RBAC refuses', () => {
  const ROUTE = `apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: r, namespace: shop}
spec: {parentRefs: [{group: "", kind: Service, name: cart}], rules: [{backendRefs: [{name: cart, port: 80}]}]}
`
  const problems = (source = world.source) => source.status().problems.map(formatProblem)

  /** Turns the clock until `done`, at most so many seconds. */
  async function turn(clock: ManualClock, seconds: number, done = () => false): Promise<void> {
    for (let i = 0; i < seconds && !done(); i++) await clock.advanceAsync(1_000)
  }

  test('and whose CRD came after the start is named, and taken up later', async () => {
    const clock = new ManualClock()
    cluster.installed = ['heddle.dev/v1alpha1']
    cluster.forbidden.add('list httproutes')
    put(SERVICE, ROUTE, pod('a', '10.1.0.1'))
    await start(clock)
    expect(problems()).toEqual([expect.stringContaining('not installed in this cluster: HTTPRoute')])
    cluster.installed = ['heddle.dev/v1alpha1', 'gateway.networking.k8s.io/v1']
    await turn(clock, 30, () => problems().some((problem) => problem.includes('forbidden')))
    expect(problems()).toEqual([
      'httproutes (gateway.networking.k8s.io/v1): cannot be read from the API server, so none of them is in force: httproutes is forbidden: User "control" cannot list resource "httproutes" in API group "gateway.networking.k8s.io" at the cluster scope (let ClusterRole heddle-control list httproutes.gateway.networking.k8s.io: heddle upgrade | kubectl apply -f -)',
    ])
    expect(behindCart()).toEqual(['a ready'])
    cluster.forbidden.clear()
    await turn(clock, 30, () => world.model.object('HTTPRoute', 'shop', 'r') !== undefined)
    expect(world.model.object('HTTPRoute', 'shop', 'r')).toBeDefined()
    await turn(clock, 2)
    expect(problems()).toEqual([])
  })

  test.each(['pods', 'services', 'workloads', 'httproutes', 'backendpolicies'])(
    '(%s) is waited for at the start, and said to whoever asks',
    async (plural) => {
      const clock = new ManualClock()
      cluster.forbidden.add(`list ${plural}`)
      put(SERVICE)
      const source = kubernetesSource({ client: cluster, clock, log: createLog(() => undefined, 'off') })
      let isStarted = false
      const listener = { onChange: () => undefined, onStatus: () => undefined }
      const starting = source.start(listener, ended.signal).then(() => {
        isStarted = true
      })
      await turn(clock, 120)
      expect(isStarted).toBe(false)
      expect(source.awaited?.()).toEqual([
        expect.stringMatching(`^${plural} .* so the control plane waits for it before it serves: .* cannot list `),
      ])
      expect(source.awaited?.()[0]).toMatch(new RegExp(`let ClusterRole heddle-control list ${plural}`))
      cluster.forbidden.clear()
      await turn(clock, 30, () => isStarted)
      await starting
      expect(source.awaited?.()).toEqual([])
    },
  )

  test('while it is followed stays as it was read, and is named with the verb', async () => {
    const clock = new ManualClock()
    put(SERVICE, pod('a', '10.1.0.1'))
    await start(clock)
    cluster.forbidden.add('watch pods')
    cluster.goDown()
    cluster.comeUp()
    await turn(clock, 10)
    expect(behindCart()).toEqual(['a ready'])
    expect(problems()).toEqual([
      expect.stringMatching(/^pods \(v1\): .*what was read last stays in force.*heddle-control watch pods: /),
    ])
  })
})
