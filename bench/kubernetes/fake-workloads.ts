import type { KubeClient, KubeDraft, Resource } from '@heddle/kube/client'
import { LEASES, NAMESPACES, NODES, PODS, SERVICES } from '@heddle/kube/resources'

/** What is put into the API server. */
export interface Sizes {
  readonly services: number
  readonly pods: number
}

/** A pod that no kubelet runs. */
export interface FakePod {
  readonly name: string
  /** Index of its Service. */
  readonly service: number
  readonly address: string
}

export const NAMESPACE = 'bench'
const NODE_COUNT = 10
const NODE_LEASES = 'kube-node-lease'
const RENEW_MS = 10_000
const CONCURRENCY = 100

/**
 * Makes nodes, and keeps them alive, as their kubelets would, until `signal` is aborted: Kubernetes declares every pod of a node unready
 * that was silent for some fifty seconds, which is less than it takes to make ten thousand pods.
 */
export async function startNodes(client: KubeClient, signal: AbortSignal): Promise<void> {
  await eachOf(NODE_COUNT, (i) => createNode(client, `n-${i}`))
  void keepNodes(client, signal)
}

/** Makes Services and pods, all of them ready; each Service has its share of the pods. */
export async function fillCluster(client: KubeClient, { services, pods }: Sizes): Promise<readonly FakePod[]> {
  for (const name of [NAMESPACE, 'heddle']) await client.create(NAMESPACES, { metadata: { name } })
  await untilAccount(client)
  await eachOf(services, (i) => create(client, SERVICES, serviceOf(i)))
  const made = Array.from({ length: pods }, (_, i) => podOf(i, services))
  await eachOf(pods, async (i) => {
    await create(client, PODS, toObject(made[i]!, `n-${i % NODE_COUNT}`))
    await setReady(client, made[i]!, true)
  })
  return made
}

async function keepNodes(client: KubeClient, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    for (let i = 0; i < NODE_COUNT; i++) {
      const ref = { resource: LEASES, namespace: NODE_LEASES, name: `n-${i}` }
      await client.patch(ref, { spec: { renewTime: now() } }, { type: 'merge' })
    }
    await new Promise((resolve) => setTimeout(resolve, RENEW_MS).unref())
  }
}

/** What the kubelet of a pod would say. */
export async function setReady(client: KubeClient, { name, address }: FakePod, isReady: boolean): Promise<void> {
  const conditions = [{ type: 'Ready', status: isReady ? 'True' : 'False' }]
  const status = { phase: 'Running', podIP: address, podIPs: [{ ip: address }], conditions }
  const ref = { resource: PODS, namespace: NAMESPACE, name }
  await client.patch(ref, { status }, { type: 'strategic', subresource: 'status' })
}

/** Does something for each number below `count`, several at a time. */
export async function eachOf(count: number, act: (i: number) => Promise<void>): Promise<void> {
  let next = 0
  const work = async () => {
    while (next < count) await act(next++)
  }
  await Promise.all(Array.from({ length: CONCURRENCY }, work))
}

/** The controllers give each namespace one. */
async function untilAccount(client: KubeClient): Promise<void> {
  const path = `/api/v1/namespaces/${NAMESPACE}/serviceaccounts/default`
  for (;;) {
    const isThere = await client.request({ method: 'GET', path }).then(
      () => true,
      () => false,
    )
    if (isThere) return
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}

async function createNode(client: KubeClient, name: string): Promise<void> {
  await client.create(NODES, { metadata: { name, labels: { 'topology.kubernetes.io/zone': `z-${name}` } } })
  const conditions = [{ type: 'Ready', status: 'True', lastHeartbeatTime: now(), reason: 'KubeletReady' }]
  await client.patch({ resource: NODES, name }, { status: { conditions } }, { type: 'merge', subresource: 'status' })
  const spec = { holderIdentity: name, leaseDurationSeconds: 40, renewTime: now() }
  await create(client, LEASES, { metadata: { name, namespace: NODE_LEASES }, spec })
}

function serviceOf(index: number): KubeDraft {
  const spec = { selector: { app: `svc-${index}` }, ports: [{ name: 'http', port: 80, targetPort: 8080 }] }
  return { metadata: { name: `svc-${index}`, namespace: NAMESPACE }, spec }
}

function podOf(index: number, services: number): FakePod {
  const service = index % services
  const address = `10.${64 + Math.floor(index / 62_500)}.${Math.floor(index / 250) % 250}.${(index % 250) + 1}`
  return { name: `svc-${service}-${Math.floor(index / services)}`, service, address }
}

/** As large as a usual one: what is not used of it must not be kept. */
function toObject({ name, service }: FakePod, nodeName: string): KubeDraft {
  const container = (own: string) => ({
    name: own,
    image: 'registry.invalid/none:1',
    env: Array.from({ length: 10 }, (_, i) => ({ name: `SETTING_${i}`, value: `the value of setting ${i} of ${own}` })),
    ports: [{ name: own === 'main' ? 'http' : 'probe', containerPort: own === 'main' ? 8080 : 15020 }],
    resources: { requests: { cpu: '1m', memory: '1Mi' } },
  })
  return {
    metadata: {
      name,
      namespace: NAMESPACE,
      labels: { app: `svc-${service}`, 'pod-template-hash': 'abcdef123', 'app.kubernetes.io/version': '1.2.3' },
      annotations: { 'heddle.dev/status': '{"version":"0.1.0"}', 'example.org/checksum': 'f'.repeat(64) },
    },
    spec: {
      nodeName,
      containers: [container('main')],
      initContainers: [{ ...container('heddle-proxy'), restartPolicy: 'Always' }],
      tolerations: [{ operator: 'Exists' }],
      automountServiceAccountToken: false,
    },
  }
}

async function create(client: KubeClient, resource: Resource, object: KubeDraft): Promise<void> {
  await client.create(resource, object)
}

/** Kubernetes' MicroTime. */
function now(): string {
  return new Date().toISOString().replace('Z', '000Z')
}
