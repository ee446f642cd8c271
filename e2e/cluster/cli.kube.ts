import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { parse, stringify } from 'yaml'
import { until } from '../harness/until.ts'
import type { Cluster } from './cluster.ts'
import { heddle, heddleOutput, installHeddle, untilControlReady } from './install-heddle.ts'
import { deployment, echoContainer, service, toolsContainer } from './objects.ts'
import { untilRolledOut } from './rolled-out.ts'
import { startCluster } from './start-cluster.ts'
import { tellFailure } from './tell-failure.ts'

/** The command line on a cluster: what it writes, what it may, and what it says when something is missing. */

const SHOP = 'shop'
const LOOP = 'while true; do curl --silent --output /dev/null --max-time 5 http://cart/; sleep 0.1; done'

let cluster: Cluster
let folder: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'heddle-cli-kube-'))
  cluster = await startCluster({ name: `c-${process.pid.toString(36)}`, tier: 'node' })
  await installHeddle(cluster)
  const metadata = { name: SHOP, annotations: { 'heddle.dev/inject': 'enabled' } }
  await cluster.kubectl(['create', '-f', '-'], { input: { apiVersion: 'v1', kind: 'Namespace', metadata } })
  await cluster.kubectl(['wait', '--timeout=60s', '--for=create', 'serviceaccount/default', '--namespace', SHOP])
  const objects = [
    ...['v1', 'v2'].flatMap((name) => [deployment(name, { containers: [echoContainer()] }), service(name)]),
    { ...service('cart'), spec: { selector: { app: 'v1' }, ports: [{ name: 'http', port: 80, targetPort: 8080 }] } },
    deployment('client', { containers: [{ ...toolsContainer(), command: ['/bin/sh', '-c', LOOP] }] }),
  ]
  await cluster.kubectl(['apply', '--namespace', SHOP, '-f', '-'], { input: objects })
  await untilRolledOut(cluster, SHOP, ['v1', 'v2', 'client'])
  // Its proxy asks about a Service when it is first used.
  await until('the client is answered', async () => {
    const edges = JSON.parse(await heddleOutput(cluster, ['edges', 'deploy', '-n', SHOP, '-o', 'json']))
    return (edges as readonly { readonly dst: string }[]).some(({ dst }) => dst === 'v1')
  })
}, 400_000)
afterEach((context) => tellFailure(cluster, context))
afterAll(async () => {
  await rm(folder, { recursive: true, force: true })
  await cluster?.stop()
})

function route(from: number, to: number): string {
  return `apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: cart, namespace: ${SHOP} }
spec:
  parentRefs: [{ group: "", kind: Service, name: cart }]
  rules:
    - backendRefs:
        - { name: v1, port: 80, weight: ${from} }
        - { name: v2, port: 80, weight: ${to} }
`
}

/** Writes a file into the folder of the test. */
async function file(name: string, text: string): Promise<string> {
  const path = join(folder, name)
  await writeFile(path, text)
  return path
}

/** The administrator's kubeconfig with something else in it. */
async function kubeconfigWith(name: string, change: (config: Kubeconfig) => void): Promise<string> {
  const config = parse(await readFile(cluster.kubeconfig, 'utf8')) as Kubeconfig
  change(config)
  return await file(name, stringify(config))
}

interface Kubeconfig {
  clusters: { cluster: { server: string } }[]
  users: { user: Record<string, string> }[]
  contexts: { context: { namespace?: string } }[]
}

test('apply writes with the rights of the user, and waits for the proxies', async () => {
  const path = await file('route.yaml', route(100, 0))
  const planned = await heddleOutput(cluster, ['plan', '-f', path])
  expect(planned).toContain(`+ HTTPRoute ${SHOP}/cart`)
  expect(planned).toContain(`name:cart.${SHOP}:80`)
  const applied = await heddle(cluster, ['apply', '-f', path, '--wait'])
  expect(applied).toMatchObject({ status: 0, stderr: '' })
  expect(applied.stdout).toContain(`HTTPRoute ${SHOP}/cart created\napplied on 1 of 1 proxy`)
  expect((await heddle(cluster, ['diff', '-f', path])).status).toBe(0)
  const fields = ['get', 'httproute/cart', '--namespace', SHOP, '--show-managed-fields', '--output=yaml']
  expect(await cluster.kubectl(fields)).toContain('manager: heddle')
})

test('get shows the conditions that the control plane has written', async () => {
  const table = await until('it is programmed', async () => {
    const now = await heddleOutput(cluster, ['get', 'httproute', '-n', SHOP])
    return /cart .*True +True +True/.test(now) ? now : undefined
  })
  expect(table).toContain('svc/cart')
})

test('what the webhook refuses is shown with its place, and nothing is written', async () => {
  const wrong = route(50, 50).replace('weight: 50 }\n        - { name: v2', 'weight: -1 }\n        - { name: v2')
  const path = await file('wrong.yaml', wrong)
  const { status, stderr } = await heddle(cluster, ['apply', '-f', path])
  expect(status).toBe(1)
  expect(stderr).toMatch(/wrong\.yaml:8:\d+: spec\.rules\[0\]\.backendRefs\[0\]\.weight/)
  expect(stderr).toContain('nothing was changed')
  expect(await heddleOutput(cluster, ['get', 'httproute/cart', '-n', SHOP, '-o', 'yaml'])).toContain('weight: 100')
})

test('rollout shifts the weights of the route in the cluster', async () => {
  const flags = ['--from', 'v1', '--to', 'v2', '--steps', '100', '--interval', '10s', '--min-requests', '1']
  const { stdout, status } = await heddle(cluster, ['rollout', 'start', 'cart', '-n', SHOP, ...flags])
  expect(stdout).toContain('done: 100 % go to v2.shop')
  expect(status).toBe(0)
  const weights = '--output=jsonpath={.spec.rules[0].backendRefs[*].weight}'
  expect(await cluster.kubectl(['get', 'httproute/cart', '--namespace', SHOP, weights])).toBe('0 100')
  expect(await heddleOutput(cluster, ['rollout', 'status', 'cart', '-n', SHOP])).toContain('HTTPRoute shop/cart: done')
}, 180_000)

test('why asks the proxies of the cluster', async () => {
  const answer = await heddleOutput(cluster, ['why', 'deploy/client', 'to', 'svc/cart', '-n', SHOP])
  expect(answer).toContain(`name:v2.${SHOP}:80`)
  expect(answer).toMatch(/v2-[a-z0-9-]+:8080 \(.*\), zone .*ready/)
})

test('-n is the namespace of the context where it is not given', async () => {
  const kubeconfig = await kubeconfigWith('context.yaml', ({ contexts }) => {
    for (const { context } of contexts) context.namespace = SHOP
  })
  expect(await heddleOutput(cluster, ['stat', 'deploy', '--kubeconfig', kubeconfig])).toContain('client')
})

test('delete removes it from the cluster', async () => {
  const deleted = await heddleOutput(cluster, ['delete', 'httproute/cart', '-n', SHOP, '--wait'])
  expect(deleted).toContain(`HTTPRoute ${SHOP}/cart deleted`)
  expect((await cluster.tryKubectl(['get', 'httproute/cart', '--namespace', SHOP])).status).toBe(1)
})

test('RBAC decides who may look, and the message says what is missing', async () => {
  const stranger = await heddle(cluster, ['stat', 'deploy', '-n', SHOP, '--as', 'ann'])
  expect(stranger.status).toBe(1)
  expect(stranger.stderr).toContain('may not read ConfigMap heddle/heddle-trust-bundle')
  const bind = ['create', 'rolebinding', 'ann', '--namespace=heddle', '--role=heddle-viewer', '--user=ann']
  await cluster.kubectl(bind)
  expect(await heddleOutput(cluster, ['stat', 'deploy', '-n', SHOP, '--as', 'ann'])).toContain('client')
  const token = ['token', 'create', '-s', 'default', '-n', SHOP, '--as', 'ann']
  expect((await heddle(cluster, token)).stderr).toContain('heddle-operator')
  const write = await heddle(cluster, ['apply', '-f', join(folder, 'route.yaml'), '--as', 'ann'])
  expect(write.stderr).toContain(`HTTPRoute ${SHOP}/cart`)
  expect(write.status).toBe(1)
})

test('a cluster that is not there, and credentials that are not valid any more, are told apart', async () => {
  const elsewhere = await kubeconfigWith('elsewhere.yaml', ({ clusters }) => {
    for (const one of clusters) one.cluster.server = 'https://127.0.0.1:9'
  })
  const gone = await heddle(cluster, ['stat', 'deploy', '--kubeconfig', elsewhere])
  expect(gone.stderr).toContain('cannot reach the cluster of context')
  const expired = await kubeconfigWith('expired.yaml', ({ users }) => {
    for (const one of users) one.user = { token: 'not-valid-any-more' }
  })
  const refused = await heddle(cluster, ['stat', 'deploy', '--kubeconfig', expired])
  expect(refused.stderr).toContain('does not accept its credentials any more')
  const unknown = await heddle(cluster, ['stat', 'deploy', '--context', 'none'])
  expect(unknown.stderr).toContain('cannot use the kubeconfig')
})

test('check names what is missing, and passes when it is back', async () => {
  await cluster.kubectl(['delete', 'validatingwebhookconfiguration/heddle-validator'])
  const broken = await heddle(cluster, ['check', '-o', 'short'])
  expect(broken.status).toBe(1)
  expect(broken.stdout).toContain('× webhook configurations exist')
  expect(broken.stdout).toContain('ValidatingWebhookConfiguration heddle-validator is missing')
  await cluster.kubectl(['apply', '-f', '-'], { input: await heddleOutput(cluster, ['upgrade']) })
  await untilControlReady(cluster)
  const mended = await heddle(cluster, ['check', '--wait', '60s', '-o', 'short'])
  expect(mended.stdout).toBe('Status check results are √\n')
})

test('without a control plane pods are made all the same, and commands say what its pods wait for', async () => {
  await cluster.kubectl(['scale', 'deployment/heddle-control', '--namespace=heddle', '--replicas=0'])
  const own = ['pod', '--selector=heddle.dev/component=control-plane', '--namespace=heddle']
  await cluster.kubectl(['wait', '--for=delete', '--timeout=100s', ...own], { deadlineMs: 110_000 })
  const { stderr } = await heddle(cluster, ['stat', 'deploy', '-n', SHOP])
  expect(stderr).toContain('no pod of the control plane is ready in namespace "heddle"')
  const check = await heddle(cluster, ['check', '-o', 'short'])
  expect(check.stdout).toContain('Deployment heddle-control is scaled to 0')
  // The failure policy is "Ignore" unless the installation says otherwise: a pod comes without a proxy rather than not at all.
  await cluster.kubectl(['run', 'plain', '--image=heddle/none:1', `--namespace=${SHOP}`])
  const containers = '--output=jsonpath={.spec.initContainers[*].name} {.spec.containers[*].name}'
  expect(await cluster.kubectl(['get', 'pod', 'plain', `--namespace=${SHOP}`, containers])).toBe(' plain')
  await cluster.kubectl(['delete', 'pod', 'plain', `--namespace=${SHOP}`, '--now'])
  await cluster.kubectl(['scale', 'deployment/heddle-control', '--namespace=heddle', '--replicas=1'])
  await untilControlReady(cluster)
  expect((await heddle(cluster, ['check', '--wait', '60s'])).status).toBe(0)
})
