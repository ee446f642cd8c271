import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { INSTALL_VERSION } from '@heddle/kube/install/version'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { until } from '../harness/until.ts'
import type { Cluster } from './cluster.ts'
import { installHeddle, loadDemoImage, untilControlReady } from './install-heddle.ts'
import { Load, type LoadResult, untilQuick } from './load.ts'
import { untilRolledOut } from './rolled-out.ts'
import { startCluster } from './start-cluster.ts'
import { tellFailure } from './tell-failure.ts'

/** What may go away without a failed request: replicas of the control plane, all of them, the API server; on a cluster of its own. */

const DEMO = resolve(import.meta.dirname, '../../packages/demo/deploy')
const PROGRAMS = ['emoji', 'voting', 'web', 'vote-bot'] as const
const NAMESPACE = 'emojivote'
const WEB_PORT = 8080
/** What `--ha` asks for, each on a node of its own. */
const REPLICAS = 3
const PER_SECOND = 10
/** As long as an upgrade of a control plane's node takes. */
const API_SERVER_AWAY_MS = 120_000

let cluster: Cluster
let load: Load

beforeAll(async () => {
  cluster = await startCluster({ name: `h-${process.pid.toString(36)}`, tier: 'node', nodes: REPLICAS })
  await installHeddle(cluster, ['--ha'])
  await loadDemoImage(cluster)
  for (const path of ['local/services.yaml', 'cluster/deployments.yaml']) {
    await cluster.kubectl(['apply', '-f', '-'], { input: readFileSync(join(DEMO, path), 'utf8') })
  }
  await untilRolledOut(cluster, NAMESPACE, PROGRAMS)
}, 400_000)
afterAll(() => cluster?.stop())

beforeEach(async () => {
  await untilConnected(PROGRAMS.length)
  // By the pod's own address: this client is not in the mesh, and Kubernetes' own Services answer no one while it takes all nodes for gone.
  const path = '--output=jsonpath={.items[0].status.podIP}'
  const address = await cluster.kubectl(['get', 'pods', '--selector=app=web', '--namespace', NAMESPACE, path])
  const origin = `http://${address}:${WEB_PORT}`
  const urls = [`${origin}/api/list`, `${origin}/leaderboard`]
  await untilQuick(urls)
  load = new Load(urls, PER_SECOND)
  await until('there is load', () => load.requests > PER_SECOND)
})
/** Also after a test that failed, so that its load does not go on. */
afterEach(async (context) => {
  await load.stop()
  await tellFailure(cluster, context)
})

interface ControlPod {
  readonly name: string
  readonly address: string
}

async function controlPods(): Promise<readonly ControlPod[]> {
  const path = '{range .items[*]}{.metadata.name} {.status.podIP}{"\\n"}{end}'
  const text = await cluster.kubectl(['get', 'pods', '--namespace=heddle', `--output=jsonpath=${path}`])
  return text
    .trim()
    .split('\n')
    .map((line) => line.split(' '))
    .flatMap(([name = '', address = '']) => (address === '' ? [] : [{ name, address }]))
}

async function emojiPods(): Promise<readonly string[]> {
  const names = ['get', 'pods', '--selector=app=emoji', `--namespace=${NAMESPACE}`, '--output=name']
  return (await cluster.kubectl(names)).trim().split('\n')
}

/** How many proxies are connected, over all replicas. */
async function connected(): Promise<number> {
  const counts = await Promise.all((await controlPods()).map(streamsAt))
  return counts.reduce((sum, count) => sum + count, 0)
}

async function streamsAt({ address }: ControlPod): Promise<number> {
  try {
    const answer = await fetch(`http://${address}:15014/metrics`, { signal: AbortSignal.timeout(2_000) })
    return Number(/^heddle_control_streams (\d+)$/m.exec(await answer.text())?.[1] ?? 0)
  } catch {
    return 0
  }
}

async function untilConnected(proxies: number): Promise<void> {
  await until(`${proxies} proxies are connected`, async () => (await connected()) === proxies, 90_000)
}

function expectNoFailure({ failures, requests }: LoadResult): void {
  expect(failures).toEqual([])
  expect(requests).toBeGreaterThan(PER_SECOND)
}

test('every replica has a node of its own, and no two may be evicted at a time', async () => {
  const path = '--output=jsonpath={range .items[*]}{.spec.nodeName}{"\\n"}{end}'
  const nodes = await cluster.kubectl(['get', 'pods', '--namespace=heddle', path])
  expect(new Set(nodes.trim().split('\n')).size).toBe(REPLICAS)
  await until('the disruption budget has counted', async () => {
    const allowed = '--output=jsonpath={.items[*].status.disruptionsAllowed}'
    return (await cluster.kubectl(['get', 'poddisruptionbudgets', '--namespace=heddle', allowed])) === '1'
  })
})

test('each replica is killed in turn: its proxies go to the other, and no request fails', async () => {
  for (const { name } of await controlPods()) {
    await cluster.kubectl(['delete', 'pod', name, '--namespace=heddle', '--grace-period=0', '--force'])
    await until('another is in its place', async () => {
      const pods = await controlPods()
      return pods.length === REPLICAS && pods.every((pod) => pod.name !== name)
    })
    await untilConnected(PROGRAMS.length)
    await untilControlReady(cluster)
  }
  expectNoFailure(await load.stop())
}, 400_000)

test('replicas are replaced one by one, and no request fails', async () => {
  await cluster.kubectl(['rollout', 'restart', 'deployment/heddle-control', '--namespace=heddle'])
  await untilControlReady(cluster)
  await untilConnected(PROGRAMS.length)
  expectNoFailure(await load.stop())
}, 400_000)

test('all replicas are gone: traffic goes on, no pod is made without its proxy, all comes back', async () => {
  const scale = (replicas: number) =>
    cluster.kubectl(['scale', 'deployment/heddle-control', '--namespace=heddle', `--replicas=${replicas}`])
  await scale(0)
  await until('no replica is left', async () => (await controlPods()).length === 0, 90_000)
  const command = ['node', '--version']
  const run = ['run', 'plain', `--image=heddle/demo:${INSTALL_VERSION}`, `--namespace=${NAMESPACE}`, '--', ...command]
  const { status, stderr } = await cluster.tryKubectl(run)
  expect(status).not.toBe(0)
  expect(stderr).toContain('failed calling webhook "injector.heddle.dev"')
  await scale(REPLICAS)
  await untilControlReady(cluster)
  await untilConnected(PROGRAMS.length)
  expectNoFailure(await load.stop())
}, 400_000)

test('the API server is away for two minutes: traffic goes on, and what was changed afterwards arrives', async () => {
  await cluster.killPart('kube-apiserver')
  await sleep(API_SERVER_AWAY_MS)
  await cluster.startPart('kube-apiserver')
  await until('the API server is back', async () => (await cluster.tryKubectl(['get', 'nodes'])).status === 0, 90_000)
  await untilControlReady(cluster)
  await untilConnected(PROGRAMS.length)
  await cluster.kubectl(['scale', 'deployment/emoji', `--namespace=${NAMESPACE}`, '--replicas=2'])
  // Kubernetes' own controllers take their time until they look again.
  await until('Kubernetes has made the new pod', async () => (await emojiPods()).length === 2, 150_000)
  await until('it has a proxy that is connected', async () => (await connected()) === PROGRAMS.length + 1, 90_000)
  expectNoFailure(await load.stop())
}, 600_000)
