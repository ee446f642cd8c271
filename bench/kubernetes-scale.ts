import { createKubeClient, type KubeClient } from '@heddle/kube/client'
import { loadClusterAccess } from '@heddle/kube/kubeconfig'
import { startCluster } from '../e2e/cluster/start-cluster.ts'
import { readCount, readOptions } from '../tools/read-options.ts'
import { ControlProcess } from './discovery/control-process.ts'
import { joinBy } from './discovery/join.ts'
import { type ProxyLink, SimulatedProxy } from './discovery/simulated-proxy.ts'
import { describeSpread, type Spread, settle, spread } from './discovery/spread.ts'
import { Churn } from './kubernetes/churn.ts'
import { eachOf, type FakePod, fillCluster, NAMESPACE, startNodes } from './kubernetes/fake-workloads.ts'
import { WatchedPod } from './kubernetes/watched-pod.ts'

const USAGE = `usage: node bench/kubernetes-scale.ts [--services 1000] [--pods 10000] [--proxies 500] [--changes 20] [--churn-seconds 30]

What a cluster costs the control plane, and how long a change of a pod takes to reach every proxy: an API server of the harness with pods
that no kubelet runs, a control plane in a process of its own, simulated proxies in this one, each with a stream over mTLS. Each proxy
holds the same Service and nine others. Times are from the moment the API server tells a change to its watchers. At the end 1 % of the pods
change each second. Needs root, and what make cluster-up needs.
`

interface Options {
  readonly services: number
  readonly pods: number
  readonly proxies: number
  readonly changes: number
  readonly churnSeconds: number
}

const OTHERS = 9

async function main(options: Options): Promise<void> {
  await using cluster = await startCluster({ name: 'scale', tier: 'api' })
  const access = await loadClusterAccess({ kubeconfig: cluster.kubeconfig })
  const client = createKubeClient(access, { perSecond: 10_000, burst: 10_000 })
  const ended = new AbortController()
  await startNodes(client, ended.signal)
  const startMs = performance.now()
  const pods = await fillCluster(client, options)
  print('filled', `${options.services} Services, ${pods.length} pods in ${seconds(startMs)}`)
  await measure(options, { client, pods, kubeconfig: cluster.kubeconfig, signal: ended.signal })
  ended.abort()
  access.close()
}

interface Filled {
  readonly client: KubeClient
  readonly pods: readonly FakePod[]
  readonly kubeconfig: string
  readonly signal: AbortSignal
}

async function measure(options: Options, { client, pods, kubeconfig, signal }: Filled): Promise<void> {
  const startMs = performance.now()
  await using control = await ControlProcess.startOnCluster(kubeconfig)
  // Long before it is changed: a watch tells nothing of what was before.
  const watched = new WatchedPod(client, { pod: pods.find(({ service }) => service === 0)!, signal })
  print('started', `control plane ready after ${seconds(startMs)}, ${await costOf(control)}`)
  const link = await joinBy(control, `spiffe://heddle.local/ns/${NAMESPACE}/sa/default`, {
    serviceAccountToken: await accountToken(client),
  })
  const openMs = performance.now()
  const proxies = await openAll(options, pods, link)
  print('connected', `${proxies.length} proxies in ${seconds(openMs)}, ${await costOf(control)}`)
  await settle()
  const quiet = await measureChanges({ watched, proxies, count: options.changes, control })
  print('a pod', quiet)
  if (options.churnSeconds > 0)
    print('with churn', await measureChurn(options, { client, pods, proxies, watched, control }))
  print('at the end', await costOf(control))
  for (const proxy of proxies) proxy.close()
}

interface Changing {
  readonly watched: WatchedPod
  readonly proxies: readonly SimulatedProxy[]
  readonly control: ControlProcess
}

async function measureChanges({
  watched,
  proxies,
  control,
  count,
}: Changing & { readonly count: number }): Promise<string> {
  const before = await control.cpuMs()
  const changes: Spread[] = []
  for (let i = 0; i < count; i++) changes.push(await spread(proxies, () => watched.toggle()))
  const cpuMs = ((await control.cpuMs()) - before) / count
  return `${describeSpread(changes)}; ${cpuMs.toFixed(0)} ms CPU per change; ${watched.describe()}`
}

/** Changes of other pods go on while those of one are measured, whose Service every proxy holds. */
async function measureChurn(
  { churnSeconds }: Options,
  { client, pods, watched, proxies, control }: Changing & Pick<Filled, 'client' | 'pods'>,
): Promise<string> {
  const churn = new Churn(client, pods)
  const cpuBefore = await control.cpuMs()
  const startMs = performance.now()
  const changes: Spread[] = []
  while (performance.now() - startMs < churnSeconds * 1000) {
    changes.push(await spread(proxies, () => watched.toggle()))
  }
  const tookMs = performance.now() - startMs
  const cpuShare = ((await control.cpuMs()) - cpuBefore) / tookMs
  return `${describeSpread(changes)}; ${churn.stop()}, ${(cpuShare * 100).toFixed(0)} % of a CPU; ${watched.describe()}`
}

/** Each is the proxy of one of the pods. */
async function openAll(
  { proxies: count, services }: Options,
  pods: readonly FakePod[],
  link: ProxyLink,
): Promise<SimulatedProxy[]> {
  const proxies: SimulatedProxy[] = []
  await eachOf(Math.min(count, pods.length), async (i) => {
    const node = {
      namespace: NAMESPACE,
      workload: 'bench',
      instance: pods[i]!.name,
      serviceAccount: 'default',
      labels: {},
      ports: [],
    }
    const held = Array.from({ length: OTHERS }, (_, j) => 1 + ((i * OTHERS + j) % Math.max(1, services - 1)))
    const keys = [0, ...held].map((service) => `name:svc-${service}.${NAMESPACE}:80`)
    proxies.push(await SimulatedProxy.open(node, link, keys))
  })
  return proxies
}

async function accountToken(client: KubeClient): Promise<string> {
  const { status } = await client.request<{ readonly status: { readonly token: string } }>({
    method: 'POST',
    path: `/api/v1/namespaces/${NAMESPACE}/serviceaccounts/default/token`,
    body: { spec: { audiences: ['heddle.dev/identity'], expirationSeconds: 3600 } },
  })
  return status.token
}

async function costOf(control: ControlProcess): Promise<string> {
  return `${(await control.residentMb()).toFixed(0)} MB, ${((await control.cpuMs()) / 1000).toFixed(1)} s CPU so far`
}

function seconds(sinceMs: number): string {
  return `${((performance.now() - sinceMs) / 1000).toFixed(1)} s`
}

function print(what: string, text: string): void {
  process.stdout.write(`${what.padEnd(12)} ${text}\n`)
}

const { values } = readOptions(USAGE, {
  options: {
    services: { type: 'string', default: '1000' },
    pods: { type: 'string', default: '10000' },
    proxies: { type: 'string', default: '500' },
    changes: { type: 'string', default: '20' },
    'churn-seconds': { type: 'string', default: '30' },
  },
})
const { services, pods, proxies, changes } = values
await main({
  services: readCount(USAGE, '--services', services),
  pods: readCount(USAGE, '--pods', pods),
  proxies: readCount(USAGE, '--proxies', proxies),
  changes: readCount(USAGE, '--changes', changes),
  churnSeconds: readCount(USAGE, '--churn-seconds', values['churn-seconds']),
})
