import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { start } from '../harness/process.ts'
import { until } from '../harness/until.ts'
import type { Cluster } from './cluster.ts'
import {
  ASK,
  BY_AGENT,
  CLASSIC,
  curl,
  ENABLED,
  job,
  lateListener,
  slowLeaver,
  withAnnotations,
} from './injected-workloads.ts'
import { heddle, heddleOutput, installHeddle } from './install-heddle.ts'
import { deployment, echoContainer, service, toolsContainer } from './objects.ts'
import { untilRolledOut } from './rolled-out.ts'
import { startCluster } from './start-cluster.ts'
import { tellFailure } from './tell-failure.ts'

/** What a user of injection relies on, on a cluster with Heddle: what pods get, in which order things start and end, and what is said. */

const SHOP = 'shop'
let cluster: Cluster

beforeAll(async () => {
  cluster = await startCluster({ name: `j-${process.pid.toString(36)}`, tier: 'node' })
  await installHeddle(cluster)
  await makeNamespace(SHOP, { annotations: ENABLED })
  await apply([deployment('echo', { containers: [echoContainer()] }, 2), service('echo')])
  await rolledOut('echo')
}, 300_000)
afterAll(() => cluster?.stop())
afterEach((context) => tellFailure(cluster, context))

async function makeNamespace(name: string, metadata: object): Promise<void> {
  const input = { apiVersion: 'v1', kind: 'Namespace', metadata: { name, ...metadata } }
  await cluster.kubectl(['create', '-f', '-'], { input })
  await cluster.kubectl(['wait', '--timeout=60s', '--for=create', 'serviceaccount/default', '--namespace', name])
}

async function apply(objects: object | readonly object[], namespace = SHOP): Promise<void> {
  await cluster.kubectl(['apply', '--namespace', namespace, '-f', '-'], { input: objects })
}

async function rolledOut(name: string, namespace = SHOP): Promise<void> {
  await untilRolledOut(cluster, namespace, [name])
}

async function completed(name: string, namespace = SHOP): Promise<void> {
  const args = ['wait', '--timeout=150s', '--for=condition=Complete', `job/${name}`, '--namespace', namespace]
  const { status, stderr } = await cluster.tryKubectl(args, { deadlineMs: 160_000 })
  if (status === 0) return
  const pods = await cluster.tryKubectl([
    'describe',
    'pods',
    '--namespace',
    namespace,
    '--selector',
    `job-name=${name}`,
  ])
  const log = await cluster.tryKubectl(['logs', '--all-containers', '--namespace', namespace, `job/${name}`])
  throw new Error(`${stderr}\n${pods.stdout}\n${log.stdout}`)
}

async function podOf(app: string, path: string): Promise<string> {
  const args = ['get', 'pods', '--namespace', SHOP, '--selector', `app=${app}`, `--output=jsonpath=${path}`]
  return await cluster.kubectl(args)
}

const jobPod = (name: string, path: string) =>
  cluster.kubectl(['get', 'pods', '--namespace', SHOP, '--selector', `job-name=${name}`, `--output=jsonpath=${path}`])

test('the first request of an application goes through its proxy, and a Job ends', async () => {
  await apply(job('first', { containers: [curl()] }))
  await completed('first')
  const answer = await cluster.kubectl(['logs', '--namespace', SHOP, 'job/first', '--container=main'])
  expect(JSON.parse(answer)).toMatchObject({ path: '/first' })
})

test('init containers of a pod have the network through the proxy', async () => {
  await apply(job('migrate', { initContainers: [curl('migrate')], containers: [curl()] }))
  await completed('migrate')
})

test('so does an application beside a classic sidecar', async () => {
  const client = { containers: [{ ...toolsContainer('client'), lifecycle: { postStart: { exec: { command: ASK } } } }] }
  await apply(withAnnotations(deployment('classic', client), CLASSIC))
  await rolledOut('classic')
  expect(await podOf('classic', '{.items[0].spec.containers[*].name}')).toBe('heddle-proxy client')
  expect(await podOf('classic', '{.items[0].spec.initContainers[*].name}')).toBe('heddle-init')
  const logs = await cluster.kubectl(['exec', '--namespace', SHOP, 'deployment/classic', '--', ...ASK])
  expect(JSON.parse(logs)).toMatchObject({ path: '/first' })
})

test('a classic sidecar goes on until the application has ended', async () => {
  await apply(withAnnotations(deployment('leaver', slowLeaver()), CLASSIC))
  await rolledOut('leaver')
  const pod = await podOf('leaver', '{.items[0].metadata.name}')
  const logs = start([cluster.kubectlProgram, 'logs', '--follow', '--namespace', SHOP, pod, '--container=app'], {
    env: { KUBECONFIG: cluster.kubeconfig },
  })
  await until('its log is followed', () => logs.stdout().includes('listening'))
  await cluster.kubectl(['delete', 'pod', '--namespace', SHOP, pod, '--wait=false'])
  await logs.ended
  expect(logs.stdout()).toContain('last words: 200')
})

test('the proxy can read its own token only, and nothing of ours can talk to the API server', async () => {
  const mounts = await podOf('echo', '{.items[0].spec.initContainers[?(@.name=="heddle-proxy")].volumeMounts[*].name}')
  expect(new Set(mounts.split(' '))).toEqual(new Set(['heddle-identity', 'heddle-trust']))
  const init = await podOf('echo', '{.items[0].spec.initContainers[?(@.name=="heddle-init")].volumeMounts[*].name}')
  expect(init).not.toContain('kube-api-access')
  expect(init).not.toContain('heddle-trust')
})

test('what a pod says of its injection is there to be read', async () => {
  const [pod] = (await podOf('echo', '{.items[*].metadata.name}')).split(' ')
  const shown = await cluster.kubectl([
    'get',
    'pods',
    '--all-namespaces',
    '--output=name',
    '--selector=heddle.dev/control-plane-ns',
  ])
  expect(shown).toContain(`pod/${pod}`)
  const status = await podOf('echo', '{.items[0].metadata.annotations.heddle\\.dev/status}')
  expect(JSON.parse(status)).toMatchObject({
    initContainers: ['heddle-init', 'heddle-proxy'],
    volumes: ['heddle-identity', 'heddle-trust'],
  })
})

test('a pod on the network of its node gets none, and says why', async () => {
  const pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'agent' },
    spec: { hostNetwork: true, containers: [toolsContainer()] },
  }
  const { stderr } = await cluster.tryKubectl(['apply', '--namespace', SHOP, '-f', '-'], { input: pod })
  expect(stderr).toContain('Warning: heddle: no proxy: it uses the network of its node')
  const annotation = '--output=jsonpath={.metadata.annotations.heddle\\.dev/inject-skipped}'
  expect(await cluster.kubectl(['get', 'pod', 'agent', '--namespace', SHOP, annotation])).toBe('host-network')
})

test('a value that cannot be obeyed is told by the events of the workload', async () => {
  await apply(
    withAnnotations(deployment('wrong', { containers: [toolsContainer()] }), { 'heddle.dev/proxy-mode': 'ambient' }),
  )
  await until('the ReplicaSet says why it makes no pod', async () => {
    const events = await cluster.kubectl([
      'get',
      'events',
      '--namespace',
      SHOP,
      '--output=jsonpath={.items[*].message}',
    ])
    return events.includes('metadata.annotations["heddle.dev/proxy-mode"]: "ambient": expected one of')
  })
})

/** What a namespace of this level asks of a container, and a root file system that cannot be written to. */
const RESTRICTED = {
  allowPrivilegeEscalation: false,
  capabilities: { drop: ['ALL'] },
  readOnlyRootFilesystem: true,
  runAsNonRoot: true,
  runAsUser: 1000,
  seccompProfile: { type: 'RuntimeDefault' },
}

test('a namespace of restricted Pod Security takes pods where the agent of the node redirects, and says what is wrong where not', async () => {
  const labels = { 'pod-security.kubernetes.io/enforce': 'restricted' }
  await makeNamespace('strict', { annotations: ENABLED, labels })
  const podWith = (annotations: object) => ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'web', annotations },
    spec: { containers: [{ ...toolsContainer(), securityContext: RESTRICTED }] },
  })
  const create = (pod: object) =>
    cluster.tryKubectl(['create', '--dry-run=server', '--namespace=strict', '-f', '-'], { input: pod })
  expect((await create(podWith({}))).stderr).toContain('container "heddle-init"')
  expect(await create(podWith({ 'heddle.dev/interception': 'node-agent' }))).toMatchObject({ status: 0 })
})

test('where the agent of the node redirects, pods need no right, and traffic goes through the proxy all the same', async () => {
  // Made before, since the pod does not wait for ever.
  const agent = await heddleOutput(cluster, ['install-node-agent'])
  await apply(job('waiting', { containers: [curl()] }, BY_AGENT))
  await until('the pod waits for the agent', async () => {
    const path = '{.items[0].status.initContainerStatuses[?(@.name=="heddle-validate")].state.running.startedAt}'
    return (await jobPod('waiting', path)) !== ''
  })
  await cluster.kubectl(['apply', '-f', '-'], { input: agent })
  await completed('waiting')
  const answer = await cluster.kubectl(['logs', '--namespace', SHOP, 'job/waiting', '--container=main'])
  expect(JSON.parse(answer)).toMatchObject({ path: '/first' })
  expect(await jobPod('waiting', '{.items[0].spec.initContainers[*].name}')).toBe('heddle-validate heddle-proxy')
  const command = ASK.with(-1, `http://echo.${SHOP}/restricted`)
  const main = { ...curl(), command, securityContext: RESTRICTED }
  await apply(job('next', { initContainers: [{ ...main, name: 'prepare' }], containers: [main] }, BY_AGENT), 'strict')
  await completed('next', 'strict')
})

const TCP = { tcpSocket: { port: 'app' } }

test.each([
  { name: 'late-tcp', probe: TCP, annotations: {} },
  { name: 'late-agent', probe: TCP, annotations: BY_AGENT },
  { name: 'late-classic', probe: TCP, annotations: CLASSIC },
  { name: 'late-grpc', probe: { grpc: { port: 8080 } }, annotations: {} },
])('an application is ready once it listens and not before: $name', async ({ name, probe, annotations }) => {
  await apply(withAnnotations(deployment(name, { containers: [lateListener(probe)] }), annotations))
  const failed = '{.items[?(@.involvedObject.fieldPath=="spec.containers{app}")].involvedObject.name}'
  await until(
    'the kubelet has asked in vain',
    async () => {
      const args = [
        'get',
        'events',
        '--namespace',
        SHOP,
        '--field-selector=reason=Unhealthy',
        `--output=jsonpath=${failed}`,
      ]
      return (await cluster.kubectl(args)).includes(name)
    },
    60_000,
  )
  const ready = '{.items[0].status.containerStatuses[?(@.name=="app")].ready}'
  expect(await podOf(name, ready)).toBe('false')
  await cluster.kubectl([
    'exec',
    '--namespace',
    SHOP,
    `deployment/${name}`,
    '--container=app',
    '--',
    'touch',
    '/tmp/listen',
  ])
  await rolledOut(name)
  expect(await podOf(name, ready)).toBe('true')
})

test('probes are known by the node that they come from, and nobody else is taken for a kubelet', async () => {
  const address = await podOf('late-grpc', '{.items[0].status.podIP}')
  const counted = async (security: string) => {
    const answer = await fetch(`http://${address}:15020/metrics`, { signal: AbortSignal.timeout(10_000) })
    const lines = (await answer.text()).split('\n').filter((line) => line.startsWith('heddle_requests_total'))
    return lines.filter((line) => line.includes(`security="${security}"`) && line.includes('direction="inbound"'))
  }
  await until('a probe is counted', async () => (await counted('probe')).length > 0)
  expect(await counted('peer_not_meshed')).toEqual([])
  const pretend = ['/usr/bin/curl', '--silent', '--fail', '--user-agent', 'kube-probe/1.33', `http://${address}:8080/`]
  const stranger = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'stranger', annotations: { 'heddle.dev/inject': 'disabled' } },
  }
  await apply({
    ...stranger,
    spec: { restartPolicy: 'Never', containers: [{ ...toolsContainer(), command: pretend }] },
  })
  await until(
    'the request of a pod without proxy is counted',
    async () => (await counted('peer_not_meshed')).length > 0,
  )
})

test('"heddle inject" by a pipe gives a running application its proxy, and "heddle uninject" takes it', async () => {
  await makeNamespace('piped', {})
  const [web] = [deployment('web', { containers: [echoContainer()] })]
  await apply(web, 'piped')
  const pipe = async (verb: string) => {
    const yaml = await cluster.kubectl(['get', 'deployment', '--namespace=piped', '--output=yaml'])
    await cluster.kubectl(['apply', '-f', '-'], { input: await heddleOutput(cluster, [verb, '-'], yaml) })
    await rolledOut('web', 'piped')
  }
  const template = '--output=jsonpath={.items[?(@.status.phase=="Running")].spec.initContainers[*].name}'
  const containers = () => cluster.kubectl(['get', 'pods', '--namespace=piped', '--selector=app=web', template])
  await pipe('inject')
  await until('the new pod alone is there', async () => (await containers()) === 'heddle-init heddle-proxy')
  await pipe('uninject')
  await until('the new pod alone is there', async () => (await containers()) === '')
})

test('pods outlive the root that they were made with, also when their proxy is started anew', async () => {
  const roles = async () => {
    const { roots } = JSON.parse(await heddleOutput(cluster, ['root', 'status', '-o', 'json'])) as RootStatus
    return roots.map(({ role }) => role)
  }
  const bundle = ['get', 'configmap/heddle-trust-bundle', '--namespace=heddle', '--output=jsonpath={.data}']
  const count = async () => (await cluster.kubectl(bundle)).split('BEGIN CERTIFICATE').length - 1
  const [pod = ''] = (await podOf('echo', '{.items[*].metadata.name}')).split(' ')
  await heddleOutput(cluster, ['root', 'rotate'])
  expect(await roles()).toEqual(['present', 'next'])
  await until('all are told', async () => (await count()) === 2 && (await isApplied()))
  await heddleOutput(cluster, ['root', 'activate', '--now'])
  await heddleOutput(cluster, ['root', 'retire', '--now'])
  expect(await roles()).toEqual(['present'])
  await until('others are told, too', async () => (await count()) === 1)

  const end = ['exec', '--namespace', SHOP, pod, '--container=heddle-proxy', '--', 'bun', '-e', 'process.kill(1)']
  await cluster.kubectl(end)
  const restarts = '{.status.initContainerStatuses[?(@.name=="heddle-proxy")].restartCount}'
  const ofPod = ['get', 'pod', pod, '--namespace', SHOP]
  await until(
    'its proxy was started anew',
    async () => Number(await cluster.kubectl([...ofPod, `--output=jsonpath=${restarts}`])) > 0,
  )
  await cluster.kubectl(['wait', '--timeout=120s', '--for=condition=Ready', `pod/${pod}`, '--namespace', SHOP])
  // The webhook is trusted by its new root, and a new pod and the old ones trust each other.
  await apply(job('after', { containers: [curl()] }))
  await completed('after')
})

/** `heddle root status -o json`. */
interface RootStatus {
  readonly roots: readonly { readonly role: string }[]
}

/** Whether each proxy that is connected has applied what it was told. */
async function isApplied(): Promise<boolean> {
  const { stdout } = await heddle(cluster, ['check', '--proxy', '-o', 'json'])
  const { categories } = JSON.parse(stdout) as {
    readonly categories: readonly { readonly checks: readonly Judged[] }[]
  }
  return categories.some(({ checks }) => checks.some(isConfigurationApplied))
}

interface Judged {
  readonly id: string
  readonly result: string
}

function isConfigurationApplied({ id, result }: Judged): boolean {
  return id === 'data-plane-configuration' && result === 'success'
}
