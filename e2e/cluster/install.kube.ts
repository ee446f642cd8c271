import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { until } from '../harness/until.ts'
import type { Cluster } from './cluster.ts'
import {
  applyHeddle,
  heddle,
  heddleOutput,
  loadHeddleImages,
  uninstallHeddle,
  untilControlReady,
} from './install-heddle.ts'
import { deployment, echoContainer } from './objects.ts'
import { untilRolledOut } from './rolled-out.ts'
import { startCluster } from './start-cluster.ts'
import { tellFailure } from './tell-failure.ts'

/** Heddle comes by a pipe, changes by a pipe, and goes by a pipe; in order, on a cluster of its own, since there can be one only. */

let cluster: Cluster
let namesBefore: ReadonlySet<string>

beforeAll(async () => {
  cluster = await startCluster({ name: `i-${process.pid.toString(36)}`, tier: 'node' })
  namesBefore = await listNames()
  await loadHeddleImages(cluster)
}, 180_000)
afterAll(() => cluster?.stop())
afterEach((context) => tellFailure(cluster, context))

/** Names of all objects of all kinds, but for those that come and go with a node's life. */
async function listNames(): Promise<ReadonlySet<string>> {
  const resources = await cluster.kubectl(['api-resources', '--verbs=list', '--output=name'])
  const kinds = resources.split('\n').filter((name) => name !== '' && !name.startsWith('events'))
  const names = await cluster.kubectl([
    'get',
    kinds.join(','),
    '--all-namespaces',
    '--output=name',
    '--ignore-not-found',
  ])
  return new Set(names.split('\n').filter((name) => name !== '' && !name.startsWith('lease.coordination.k8s.io/node-')))
}

const mayI = async (who: readonly string[], what: string): Promise<boolean> => {
  const { stdout } = await cluster.tryKubectl(['auth', 'can-i', ...what.split(' '), ...who])
  return stdout.trim() === 'yes'
}

test('install refuses a cluster without the CRDs', async () => {
  const { status, stderr, stdout } = await heddle(cluster, ['install'])
  expect({ status, stdout }).toEqual({ status: 1, stdout: '' })
  expect(stderr).toContain('heddle install --crds | kubectl apply -f -')
})

test('two pipes install it, and the control plane gets ready', async () => {
  await applyHeddle(cluster)
  await untilControlReady(cluster)
  const images = '--output=jsonpath={.items[*].spec.containers[*].image}'
  expect(await cluster.kubectl(['get', 'pods', '--namespace=heddle', images])).toMatch(/^heddle\/control:/)
})

test('the control plane gives the API server what it knows the webhooks by', async () => {
  for (const kind of [
    'mutatingwebhookconfiguration/heddle-injector',
    'validatingwebhookconfiguration/heddle-validator',
  ]) {
    const path = '--output=jsonpath={.webhooks[0].clientConfig.caBundle}'
    const bundle = await until(
      `${kind} has a caBundle`,
      async () => (await cluster.kubectl(['get', kind, path])) || undefined,
    )
    expect(Buffer.from(bundle, 'base64').toString()).toContain('BEGIN CERTIFICATE')
  }
})

test('to install it again prints the same, with other values it refuses', async () => {
  const again = await cluster.kubectl(['apply', '-f', '-'], { input: await heddleOutput(cluster, ['install']) })
  expect(again.split('\n').filter((line) => line !== '' && !line.endsWith('unchanged'))).toEqual([])
  const { status, stderr } = await heddle(cluster, ['install', '--set', 'control.replicas=2'])
  expect(status).toBe(1)
  expect(stderr).toContain('heddle upgrade')
})

describe('the control plane may', () => {
  const account = ['--as=system:serviceaccount:heddle:control-plane']

  test.each([
    { what: 'list pods --all-namespaces', may: true },
    { what: 'watch httproutes.gateway.networking.k8s.io --all-namespaces', may: true },
    { what: 'patch httproutes.gateway.networking.k8s.io --subresource=status --all-namespaces', may: true },
    { what: 'create tokenreviews.authentication.k8s.io', may: true },
    { what: 'get secrets/heddle-authority --namespace=heddle', may: true },
    { what: 'patch mutatingwebhookconfigurations/heddle-injector', may: true },
    { what: 'get secrets --namespace=heddle', may: false },
    { what: 'get secrets --namespace=default', may: false },
    { what: 'patch httproutes.gateway.networking.k8s.io --namespace=default', may: false },
    { what: 'create pods --namespace=default', may: false },
    { what: 'delete pods --namespace=heddle', may: false },
    { what: 'patch mutatingwebhookconfigurations/other', may: false },
    { what: 'create clusterrolebindings', may: false },
    { what: 'create serviceaccounts/heddle-operator --subresource=token --namespace=heddle', may: false },
  ])('$what: $may', async ({ what, may }) => {
    expect(await mayI(account, what)).toBe(may)
  })
})

test('the control plane runs as nobody, and can write to nothing but its volume', async () => {
  const control = ['exec', 'deployment/heddle-control', '--namespace=heddle', '--', '/usr/local/bin/node', '--eval']
  const user = await cluster.kubectl([...control, 'console.log(process.getuid(), process.getgid())'])
  expect(user.trim()).toBe('65532 65532')
  const write = (file: string) => cluster.tryKubectl([...control, `fs.writeFileSync('${file}', '')`])
  expect((await write('/tmp/x')).stderr).toContain('EROFS')
  expect((await write('/heddle/x')).stderr).toContain('EROFS')
})

test('the command line is in the image, too', async () => {
  const control = ['exec', 'deployment/heddle-control', '--namespace=heddle', '--', '/usr/local/bin/heddle']
  expect(await cluster.kubectl([...control, 'install', '--ignore-cluster'])).toBe(
    await heddleOutput(cluster, ['install', '--ignore-cluster']),
  )
})

test('upgrade keeps what was said, changes what is said now, and prune finds what is left', async () => {
  const upgrade = async (...flags: readonly string[]) => {
    await cluster.kubectl(['apply', '-f', '-'], { input: await heddleOutput(cluster, ['upgrade', ...flags]) })
    await untilControlReady(cluster)
  }
  await upgrade('--set', 'control.logLevel=debug', '--set', 'control.disruptionBudget=true')
  await upgrade('--set', 'control.disruptionBudget=false')
  const args = '--output=jsonpath={.spec.template.spec.containers[0].args}'
  expect(await cluster.kubectl(['get', 'deployment/heddle-control', '--namespace=heddle', args])).toContain(
    '--log-level=debug',
  )
  const extraneous = await heddleOutput(cluster, ['prune'])
  expect(extraneous).toContain('kind: PodDisruptionBudget')
  expect(await cluster.kubectl(['delete', '-f', '-'], { input: extraneous })).toBe(
    'poddisruptionbudget.policy "heddle-control" deleted\n',
  )
  expect(await heddleOutput(cluster, ['prune'])).toBe('')
})

test('upgrade takes the agent of nodes along, with what only the agent was told', async () => {
  const agent = ['daemonset/heddle-node-agent', '--namespace=heddle-node-agent']
  const container = '.spec.template.spec.containers[0]'
  const agentImage = () =>
    cluster.kubectl(['get', ...agent, `--output=jsonpath={${container}.image} {${container}.imagePullPolicy}`])
  const apply = async (...args: readonly string[]) =>
    cluster.kubectl(['apply', '-f', '-'], { input: await heddleOutput(cluster, args) })
  await apply('install-node-agent', '--set', 'image.tag=earlier', '--set', 'image.pullPolicy=Never')
  await apply('upgrade')
  expect(await agentImage()).toBe('heddle/proxy:earlier Never')
  await apply('upgrade', '--set', 'image.tag=')
  expect(await agentImage()).toMatch(/^heddle\/proxy:(?!earlier).* Never$/)
  await cluster.kubectl(['rollout', 'status', ...agent, '--timeout=60s'], { deadlineMs: 70_000 })
  expect(await heddleOutput(cluster, ['prune'])).toBe('')
})

const POLICY = {
  apiVersion: 'heddle.dev/v1alpha1',
  kind: 'TrafficPolicy',
  metadata: { name: 'cart', namespace: 'default' },
  spec: { targetRefs: [{ kind: 'Service', name: 'cart' }], retry: {} },
}

test('a second installation is refused; one that came all the same is undone as check says, and the first has lost nothing', async () => {
  const second = ['--heddle-namespace', 'second']
  const applyOutput = async (...args: readonly string[]) =>
    cluster.kubectl(['apply', '-f', '-'], { input: await heddleOutput(cluster, args) })
  const refused = await heddle(cluster, [...second, 'install'])
  expect(refused).toMatchObject({ status: 1, stdout: '' })
  expect(refused.stderr).toContain('in namespace heddle')
  await cluster.kubectl(['apply', '-f', '-'], { input: POLICY })
  const names = () => cluster.kubectl(['get', 'heddle', '--output=name'])
  const before = await names()
  expect(before).toBe('trafficpolicy.heddle.dev/cart\n')
  await applyOutput(...second, 'install', '--ignore-cluster')
  const { status, stdout } = await heddle(cluster, ['check', '--output=short'])
  expect(status).toBe(1)
  const remedy = /or remove it: heddle (.*) \| kubectl delete -f -, then heddle (.*) \| kubectl apply -f -/.exec(stdout)
  expect(remedy?.slice(1)).toEqual(['--heddle-namespace second uninstall', 'upgrade'])
  const objects = await heddleOutput(cluster, [...second, 'uninstall'])
  await cluster.kubectl(['delete', '-f', '-'], { input: objects, deadlineMs: 100_000 })
  await applyOutput('upgrade')
  await untilControlReady(cluster)
  expect(await names()).toBe(before)
  await expect.poll(failedChecks, { timeout: 30_000, interval: 500 }).toEqual([])
}, 200_000)

/** But for one: the Service that the policy names is not there. */
async function failedChecks(): Promise<readonly string[]> {
  const { stdout } = await heddle(cluster, ['check', '--output=json'])
  const { categories } = JSON.parse(stdout) as {
    readonly categories: readonly { readonly checks: readonly { readonly id: string; readonly result: string }[] }[]
  }
  const failed = categories.flatMap(({ checks }) => checks.filter(({ result }) => result === 'error'))
  return failed.map(({ id }) => id).filter((id) => id !== 'cluster-objects-accepted')
}

test('pods get a proxy where their namespace asks for one', async () => {
  await cluster.kubectl(['create', '-f', '-'], {
    input: {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name: 'shop', annotations: { 'heddle.dev/inject': 'enabled' } },
    },
  })
  await cluster.kubectl(['apply', '--namespace=shop', '-f', '-'], {
    input: deployment('web', { containers: [echoContainer()] }),
  })
  await untilRolledOut(cluster, 'shop', ['web'])
  const containers = '--output=jsonpath={.items[0].spec.initContainers[*].name}'
  expect(await cluster.kubectl(['get', 'pods', '--namespace=shop', containers])).toBe('heddle-init heddle-proxy')
})

test('uninstall refuses while pods have a proxy', async () => {
  const { status, stdout, stderr } = await heddle(cluster, ['uninstall'])
  expect({ status, stdout }).toEqual({ status: 1, stdout: '' })
  expect(stderr).toContain('shop (1)')
})

test('a pod that was made before keeps its proxy, and one that is made afterwards has none', async () => {
  await uninstallHeddle(cluster)
  await cluster.kubectl(['scale', 'deployment/web', '--namespace=shop', '--replicas=2'])
  await untilRolledOut(cluster, 'shop', ['web'])
  const containers = '--output=jsonpath={.items[*].spec.initContainers[*].name}'
  expect(await cluster.kubectl(['get', 'pods', '--namespace=shop', containers])).toBe('heddle-init heddle-proxy')
})

test('uninstall leaves nothing', async () => {
  await cluster.kubectl(['delete', 'namespace', 'shop', '--timeout=100s'], { deadlineMs: 110_000 })
  const left = async () => {
    const names = [...(await listNames())].filter((name) => !namesBefore.has(name))
    return names.filter((name) => !name.includes('gateway.networking.k8s.io'))
  }
  // Kubernetes tidies up behind what was deleted.
  await expect.poll(left, { timeout: 60_000, interval: 500 }).toEqual([])
})
