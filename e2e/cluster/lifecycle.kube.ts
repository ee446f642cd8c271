import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { parseAllDocuments } from 'yaml'
import { until } from '../harness/until.ts'
import type { Cluster } from './cluster.ts'
import { installHeddle, loadDemoImage } from './install-heddle.ts'
import { Load, type LoadFailure, untilQuick } from './load.ts'
import { deployment, echoContainer, toolsContainer } from './objects.ts'
import { memoryOf } from './out-of-memory.ts'
import { startCluster } from './start-cluster.ts'
import { tellFailure } from './tell-failure.ts'

/**
 * What becomes of requests while pods come and go as they do on every cluster: a rollout, a scale to zero, a drain, a proxy that is
 * out of memory. The demo's `web` asks its `emoji`; in order, on a cluster of its own with two nodes.
 */

const DEMO = resolve(import.meta.dirname, '../../packages/demo/deploy')
const NAMESPACE = 'emojivote'
const REPLICAS = 3
const PER_SECOND = 20
/** Has the callers; the other one is drained. */
const STAYING = 'node-1'
const DRAINED = 'node-2'
const IN_SECONDS_MS = 10_000
const IN_A_MINUTE = { timeout: 60_000, interval: 200 }
const IN_SECONDS = { timeout: IN_SECONDS_MS, interval: 200 }
/** What the proxy that is killed may have had open: at this rate, a third of it, and on a busy machine. */
const IN_FLIGHT = 10
/** Until its callers have heard that the connections to it are gone. */
const HEARD_MS = 1_000
const FED_BYTES = 1 << 20
const FED_AT_ONCE = 10

let cluster: Cluster
let url: string

beforeAll(async () => {
  cluster = await startCluster({ name: `y-${process.pid.toString(36)}`, tier: 'node', nodes: 2 })
  await installHeddle(cluster, ['--set', 'control.replicas=2'])
  await loadDemoImage(cluster)
  await cluster.kubectl(['apply', '-f', join(DEMO, 'local/services.yaml')])
  await cluster.kubectl(['apply', '-f', '-'], { input: application() })
  for (const name of ['emoji', 'web', 'client']) await rolledOut(name)
  const address = await kubectl('get', 'service', 'web-svc', '--output=jsonpath={.spec.clusterIP}')
  url = `http://${address}/api/list`
  await answers()
}, 400_000)
afterAll(() => cluster?.stop())
afterEach((context) => tellFailure(cluster, context))

/** The demo's Deployments, with the replicas that these tests need, and on the nodes that they need. */
function application(): readonly object[] {
  const documents = parseAllDocuments(readFileSync(join(DEMO, 'cluster/deployments.yaml'), 'utf8'))
  const named = (name: string) => {
    const found = documents.find((one) => one.getIn(['metadata', 'name']) === name)
    if (found === undefined) throw new Error(`the demo has no ${name}`)
    return found
  }
  const emoji = named('emoji')
  emoji.setIn(['spec', 'replicas'], REPLICAS)
  // It ends as soon as it is told to, and has finished what it has: others are to learn in time that it goes.
  emoji.deleteIn(['spec', 'template', 'spec', 'containers', 0, 'lifecycle'])
  emoji.setIn(['spec', 'template', 'spec', 'topologySpreadConstraints'], [overBothNodes('emoji')])
  const web = named('web')
  web.setIn(['spec', 'template', 'spec', 'nodeSelector'], ON_STAYING)
  const client = deployment('client', { containers: [toolsContainer()], nodeSelector: ON_STAYING })
  return [emoji.toJS(), web.toJS(), budget('emoji'), { ...client, metadata: { name: 'client', namespace: NAMESPACE } }]
}

const ON_STAYING = { 'kubernetes.io/hostname': STAYING }

function overBothNodes(app: string): object {
  const topologyKey = 'kubernetes.io/hostname'
  return { maxSkew: 1, topologyKey, whenUnsatisfiable: 'ScheduleAnyway', labelSelector: { matchLabels: { app } } }
}

/** One pod at a time. */
function budget(app: string): object {
  const spec = { maxUnavailable: 1, selector: { matchLabels: { app } } }
  return { apiVersion: 'policy/v1', kind: 'PodDisruptionBudget', metadata: { name: app, namespace: NAMESPACE }, spec }
}

function kubectl(...args: readonly string[]): Promise<string> {
  return cluster.kubectl(['--namespace', NAMESPACE, ...args], { deadlineMs: 130_000 })
}

async function rolledOut(name: string): Promise<void> {
  await kubectl('rollout', 'status', '--timeout=120s', `deployment/${name}`)
}

interface Pod {
  readonly metadata: { readonly name: string; readonly uid: string; readonly deletionTimestamp?: string }
  readonly spec: { readonly nodeName?: string }
  readonly status: {
    readonly podIP?: string
    readonly containerStatuses?: readonly ContainerStatus[]
    readonly initContainerStatuses?: readonly ContainerStatus[]
  }
}

interface ContainerStatus {
  readonly name: string
  readonly containerID?: string
  readonly ready: boolean
  readonly restartCount: number
  readonly lastState: { readonly terminated?: { readonly reason: string; readonly exitCode: number } }
}

async function podsOf(app: string): Promise<readonly Pod[]> {
  return (JSON.parse(await kubectl('get', 'pods', `--selector=app=${app}`, '--output=json')) as { items: Pod[] }).items
}

const proxyOf = (pod: Pod | undefined) => pod?.status.initContainerStatuses?.find(({ name }) => name === 'heddle-proxy')
const applicationOf = (pod: Pod | undefined) => pod?.status.containerStatuses?.[0]

/** Of every container of the pods of a Deployment: which pod, and how often it was started again. */
async function startsOf(app: string): Promise<readonly string[]> {
  return (await podsOf(app)).flatMap(({ metadata, status }) =>
    [...(status.initContainerStatuses ?? []), ...(status.containerStatuses ?? [])].map(
      ({ name, restartCount }) => `${metadata.uid} ${name} ${restartCount}`,
    ),
  )
}

/** That Kubernetes calls a Deployment rolled out does not say that it has looked since the last pod went. */
async function onlyAsked(): Promise<void> {
  const isThere = (pod: Pod) => pod.metadata.deletionTimestamp === undefined && applicationOf(pod)?.ready === true
  await until(
    'those that were replaced are gone, and all others ready',
    async () => {
      const pods = await podsOf('emoji')
      return pods.length === REPLICAS && pods.every(isThere)
    },
    90_000,
  )
}

function ask(): Promise<Response> {
  return fetch(url, { signal: AbortSignal.timeout(IN_SECONDS_MS) })
}

async function answers(): Promise<void> {
  await until('it is answered', async () => (await ask()).ok)
}

/** Requests from `web` to `emoji` while something is done. */
async function underLoad(what: () => Promise<void>): Promise<readonly LoadFailure[]> {
  await untilQuick([url])
  const load = new Load([url], PER_SECOND)
  try {
    await until('there is load', () => load.requests > PER_SECOND)
    await what()
    const { requests } = load
    await until('there was load afterwards', () => load.requests > requests + PER_SECOND)
  } finally {
    await load.stop()
  }
  return (await load.stop()).failures
}

test('a Deployment is rolled out anew under load, and no request fails', async () => {
  const before = await podsOf('emoji')
  const failures = await underLoad(async () => {
    await kubectl('rollout', 'restart', 'deployment/emoji')
    await rolledOut('emoji')
    await onlyAsked()
  })
  const uids = new Set((await podsOf('emoji')).map(({ metadata }) => metadata.uid))
  expect(before.filter(({ metadata }) => uids.has(metadata.uid))).toEqual([])
  expect(failures).toEqual([])
}, 400_000)

/** The answer's status, and the error where the proxy of `client` answers itself. */
function askFromClient(url: string): Promise<string> {
  const format = '%{http_code} %header{heddle-error}'
  return kubectl(
    'exec',
    'deployment/client',
    '--',
    'curl',
    '--silent',
    '--output',
    '/dev/null',
    '--write-out',
    format,
    url,
  )
}

test('scaled to zero, the caller is told that there is no endpoint, and scaled up it is answered again', async () => {
  const callers = [...(await startsOf('web')), ...(await startsOf('client'))]
  await kubectl('scale', 'deployment/emoji', '--replicas=0')
  await until('none is left', async () => (await podsOf('emoji')).length === 0, 60_000)
  // The proxies of its callers hear of it when we do.
  await expect.poll(() => askFromClient(EMOJI), IN_SECONDS).toBe('503 no_healthy_endpoint')
  await expect.poll(async () => (await ask()).status, IN_SECONDS).toBe(503)
  await kubectl('scale', 'deployment/emoji', `--replicas=${REPLICAS}`)
  await until('one is ready', async () => Number(await kubectl('get', 'deployment/emoji', READY)) > 0, 90_000)
  const readyMs = performance.now()
  await answers()
  expect(performance.now() - readyMs).toBeLessThan(IN_SECONDS_MS)
  expect(await underLoad(() => rolledOut('emoji'))).toEqual([])
  expect([...(await startsOf('web')), ...(await startsOf('client'))]).toEqual(callers)
}, 400_000)

const EMOJI = `http://emoji-svc.${NAMESPACE}:8080/`
const READY = '--output=jsonpath={.status.readyReplicas}'

/** A pod on one of both nodes, in place of the one that there is. */
function near(node: string): object {
  const pod = { containers: [echoContainer()], nodeSelector: { 'kubernetes.io/hostname': node } }
  return { ...deployment('near', pod), metadata: { name: 'near', namespace: NAMESPACE } }
}

function nearService(name: string, more: object): object {
  const spec = { selector: { app: 'near' }, ports: [{ name: 'http', port: 80, targetPort: 'http' }], ...more }
  return { apiVersion: 'v1', kind: 'Service', metadata: { name, namespace: NAMESPACE }, spec }
}

test('a Service whose internal traffic is local leads to pods on the node of its caller, and to no others', async () => {
  const services = [nearService('anywhere', {}), nearService('here', { internalTrafficPolicy: 'Local' })]
  await cluster.kubectl(['apply', '-f', '-'], { input: [...services, near(DRAINED)] })
  await rolledOut('near')
  await expect.poll(() => askFromClient('http://anywhere/'), IN_SECONDS).toBe('200 ')
  expect(await askFromClient('http://here/')).toBe('503 no_healthy_endpoint')
  await cluster.kubectl(['apply', '-f', '-'], { input: near(STAYING) })
  await rolledOut('near')
  await expect.poll(() => askFromClient('http://here/'), IN_SECONDS).toBe('200 ')
  await kubectl('delete', 'deployment/near', 'service/anywhere', 'service/here', '--wait=false')
}, 200_000)

test('a node is drained under load, and no request fails', async () => {
  const nodes = (await podsOf('emoji')).map(({ spec }) => spec.nodeName)
  expect(new Set(nodes)).toEqual(new Set([STAYING, DRAINED]))
  try {
    const failures = await underLoad(async () => {
      await kubectl('drain', DRAINED, '--ignore-daemonsets', '--delete-emptydir-data', '--timeout=120s')
      await rolledOut('emoji')
      await onlyAsked()
    })
    expect((await podsOf('emoji')).map(({ spec }) => spec.nodeName)).toEqual(Array(REPLICAS).fill(STAYING))
    expect(failures).toEqual([])
  } finally {
    await kubectl('uncordon', DRAINED)
  }
}, 400_000)

/** How many requests a proxy was asked by others since it was started. */
async function inboundAt({ status }: Pod): Promise<number> {
  const answer = await fetch(`http://${status.podIP}:15020/metrics`, { signal: AbortSignal.timeout(2_000) })
  const counts = (await answer.text()).matchAll(/^heddle_requests_total\{.*direction="inbound".* (\d+)$/gm)
  // A kubelet asks as well.
  const ofOthers = [...counts].filter(([line]) => !line.includes('security="probe"'))
  return ofOthers.reduce((sum, [, count]) => sum + Number(count), 0)
}

/** Many octets at once for the proxy of a pod; what becomes of them does not matter. */
function feed(pod: Pod | undefined): void {
  const request = { method: 'POST', body: Buffer.alloc(FED_BYTES), signal: AbortSignal.timeout(5_000) }
  for (let at = 0; at < FED_AT_ONCE; at++) {
    fetch(`http://${pod?.status.podIP}:8080/`, request).then(
      (answer) => answer.arrayBuffer().catch(() => undefined),
      () => undefined,
    )
  }
}

test('a proxy that is out of memory is started again, and its application goes on', async () => {
  const [pod] = await podsOf('emoji')
  const now = async () => (await podsOf('emoji')).find(({ metadata }) => metadata.uid === pod?.metadata.uid)
  const statusOf = async () => proxyOf(await now())
  const memory = memoryOf(proxyOf(pod)?.containerID ?? '')
  let endedMs = Number.POSITIVE_INFINITY
  const failures = await underLoad(async () => {
    await until('the kernel has ended the proxy', async () => {
      if (!memory.isUsed()) return true
      memory.narrow()
      feed(pod)
      // Its kubelet is asked so that it has time in between.
      return (await statusOf())?.lastState.terminated !== undefined
    })
    endedMs = performance.now()
    const terminated = async () => (await statusOf())?.lastState.terminated
    // The runtime hears of the end and of its reason in any order.
    await expect.poll(terminated, IN_A_MINUTE).toMatchObject({ reason: 'OOMKilled', exitCode: 137 })
    await until('its next one is ready', async () => (await statusOf())?.ready)
    await until('and is asked', async () => (await inboundAt((await now())!)) > 0)
  })
  // A probe may have met the one that ended.
  await expect.poll(async () => applicationOf(await now()), IN_A_MINUTE).toEqual(applicationOf(pod))
  expect(await statusOf()).toMatchObject({ restartCount: 1, ready: true })
  expect(applicationOf(pod)).toMatchObject({ restartCount: 0, ready: true })
  expect(failures.length, JSON.stringify(failures)).toBeLessThanOrEqual(IN_FLIGHT)
  expect(failures.filter(({ begunMs }) => begunMs > endedMs + HEARD_MS)).toEqual([])
}, 400_000)
