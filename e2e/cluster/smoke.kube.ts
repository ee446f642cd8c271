import { expect, test } from 'vitest'
import { start } from '../harness/process.ts'
import { until } from '../harness/until.ts'
import { installGatewayCrds } from './gateway-crds.ts'
import { deployment, echoContainer, service, toolsContainer } from './objects.ts'
import { cluster, type TestNamespace, withNamespace } from './test-namespace.ts'
import { startWebhook } from './test-webhook.ts'

/** What the harness itself promises, so that a test on a cluster fails for its own reasons only. */

const CLIENT = 'deployment/client'

async function startEcho(namespace: TestNamespace, replicas = 1): Promise<string> {
  await namespace.apply([deployment('echo', { containers: [echoContainer()] }, replicas), service('echo')])
  await namespace.untilRolledOut('deployment/echo')
  return namespace.kubectl(['get', 'service', 'echo', '--output=jsonpath={.spec.clusterIP}'])
}

async function startClient(namespace: TestNamespace, podSpec: object = {}): Promise<void> {
  await namespace.apply(deployment('client', { containers: [toolsContainer()], ...podSpec }))
  await namespace.untilRolledOut(CLIENT)
}

/** kube-proxy needs a moment to learn of endpoints. */
async function ask(url: string): Promise<{ readonly pod: string; readonly address: string; readonly path: string }> {
  return until(`${url} answers`, async () => {
    const response = await fetch(url, { signal: AbortSignal.timeout(2_000), headers: { connection: 'close' } })
    return (await response.json()) as Awaited<ReturnType<typeof ask>>
  })
}

test('every node is ready', async () => {
  const states = await cluster.kubectl([
    'get',
    'nodes',
    '--output=jsonpath={.items[*].status.conditions[?(@.type=="Ready")].status}',
  ])
  expect(new Set(states.split(' '))).toEqual(new Set(['True']))
})

test('a Service is reached from this machine, and all of its pods answer', () =>
  withNamespace(async (namespace) => {
    const address = await startEcho(namespace, 2)
    const pods = new Set<string>()
    await until('both pods have answered', async () => pods.add((await ask(`http://${address}/`)).pod).size === 2)
  }))

test('a Service is reached from a pod by its name, of both lengths', () =>
  withNamespace(async (namespace) => {
    await startEcho(namespace)
    await startClient(namespace)
    for (const host of ['echo', `echo.${namespace.name}.svc.cluster.local`]) {
      const answer = await namespace.exec(CLIENT, [
        'curl',
        '--silent',
        '--retry',
        '5',
        '--retry-all-errors',
        `http://${host}/from`,
      ])
      expect(JSON.parse(answer)).toMatchObject({ path: '/from', method: 'GET' })
    }
  }))

test('a Service may have addresses of both families', () =>
  withNamespace(async (namespace) => {
    const { spec, ...rest } = service('both') as { readonly spec: object }
    await namespace.apply({ ...rest, spec: { ...spec, ipFamilyPolicy: 'RequireDualStack' } })
    expect(await namespace.kubectl(['get', 'service', 'both', '--output=jsonpath={.spec.ipFamilies}'])).toBe(
      '["IPv4","IPv6"]',
    )
  }))

test('logs, exec and port-forward work', () =>
  withNamespace(async (namespace) => {
    await startEcho(namespace)
    expect(await namespace.kubectl(['logs', 'deployment/echo'])).toContain('listening on :8080')
    await startClient(namespace)
    expect(await namespace.exec(CLIENT, ['id', '-u'])).toBe('0\n')
    const forward = start(
      [cluster.kubectlProgram, '--namespace', namespace.name, 'port-forward', 'deployment/echo', ':8080'],
      {
        env: { KUBECONFIG: cluster.kubeconfig },
      },
    )
    const port = await until('the port is forwarded', () => /127\.0\.0\.1:(\d+)/.exec(forward.stdout())?.[1])
    expect(await ask(`http://127.0.0.1:${port}/forwarded`)).toMatchObject({ path: '/forwarded' })
    forward.process.kill()
    await forward.ended
  }))

test('a token of a pod is good for its audience only', () =>
  withNamespace(async (namespace) => {
    const token = { path: 'token', audience: 'identity.example', expirationSeconds: 600 }
    await startClient(namespace, {
      containers: [{ ...toolsContainer(), volumeMounts: [{ name: 'token', mountPath: '/token' }] }],
      volumes: [{ name: 'token', projected: { sources: [{ serviceAccountToken: token }] } }],
    })
    const shown = await namespace.exec(CLIENT, ['cat', '/token/token'])
    const review = async (audience: string) => {
      const input = {
        apiVersion: 'authentication.k8s.io/v1',
        kind: 'TokenReview',
        spec: { token: shown, audiences: [audience] },
      }
      return JSON.parse(await cluster.kubectl(['create', '--output=json', '-f', '-'], { input })).status
    }
    const user = { username: `system:serviceaccount:${namespace.name}:default` }
    expect(await review('identity.example')).toMatchObject({
      authenticated: true,
      user,
      audiences: ['identity.example'],
    })
    expect((await review('other.example')).authenticated).not.toBe(true)
  }))

test('a webhook on this machine changes pods, whose init container redirects what comes in', () =>
  withNamespace(async (namespace) => {
    await using webhook = await startWebhook(cluster, namespace.name, addSidecar)
    const before = webhook.reviews()
    const address = await startEcho(namespace)
    expect(webhook.reviews()).toBeGreaterThan(before)
    expect(await ask(`http://${address}/`)).toMatchObject({ address: ':15006' })
    const sidecar = '{.items[0].status.initContainerStatuses[1].state}'
    expect(await namespace.kubectl(['get', 'pods', '--selector=app=echo', `--output=jsonpath=${sidecar}`])).toContain(
      'running',
    )
  }))

/** Whatever comes after it starts when it answers. */
function sidecarContainer(address: string): object {
  const { readinessProbe, ...container } = echoContainer('sidecar', address)
  return { ...container, startupProbe: readinessProbe, restartPolicy: 'Always', securityContext: { runAsUser: 15020 } }
}

function addSidecar(pod: { readonly spec: { readonly containers: readonly object[] } }): readonly object[] {
  const redirect = [
    '-t',
    'nat',
    '-A',
    'PREROUTING',
    '-p',
    'tcp',
    '--dport',
    '8080',
    '-j',
    'REDIRECT',
    '--to-ports',
    '15006',
  ]
  const initContainers = [
    {
      ...toolsContainer('redirect'),
      command: ['iptables', ...redirect],
      securityContext: { capabilities: { drop: ['ALL'], add: ['NET_ADMIN', 'NET_RAW'] }, runAsUser: 0 },
    },
    sidecarContainer(':15006'),
  ]
  expect(pod.spec.containers).toHaveLength(1)
  return [{ op: 'add', path: '/spec/initContainers', value: initContainers }]
}

test('where a webhook is away, failurePolicy decides', () =>
  withNamespace(async (namespace) => {
    const webhook = await startWebhook(cluster, namespace.name, () => [])
    await webhook.stopListening()
    const pod = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'refused' },
      spec: { containers: [toolsContainer()] },
    }
    const { status, stderr } = await namespace.tryKubectl(['create', '-f', '-'], { input: pod })
    expect(status).not.toBe(0)
    expect(stderr).toContain('failed calling webhook')
    await webhook[Symbol.asyncDispose]()
  }))

test('a Job with a native sidecar completes', () =>
  withNamespace(async (namespace) => {
    const spec = {
      restartPolicy: 'Never',
      initContainers: [sidecarContainer(':8080')],
      containers: [
        { ...echoContainer('main'), args: ['get', 'http://127.0.0.1:8080/'], readinessProbe: undefined, ports: [] },
      ],
    }
    await namespace.apply({
      apiVersion: 'batch/v1',
      kind: 'Job',
      metadata: { name: 'once' },
      spec: { backoffLimit: 5, template: { spec } },
    })
    await namespace.untilTrue('condition=Complete', 'job/once')
  }))

test('the Gateway API is installed, and checks what it is given', async () => {
  await installGatewayCrds(cluster)
  await withNamespace(async (namespace) => {
    const route = (path: string) => ({
      apiVersion: 'gateway.networking.k8s.io/v1',
      kind: 'HTTPRoute',
      metadata: { name: 'route' },
      spec: { rules: [{ matches: [{ path: { type: 'PathPrefix', value: path } }] }] },
    })
    await namespace.apply(route('/right'))
    const { status, stderr } = await namespace.tryKubectl(['apply', '-f', '-'], { input: route('//wrong') })
    expect(status).not.toBe(0)
    expect(stderr).toContain("must not contain '//'")
  })
})
