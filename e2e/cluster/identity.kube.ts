import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Code, createClient, type Interceptor } from '@connectrpc/connect'
import { createConnectTransport } from '@connectrpc/connect-node'
import { AdminService } from '@heddle/api/admin'
import { IdentityService } from '@heddle/api/identity'
import { systemClock } from '@heddle/base/clock'
import { createLog } from '@heddle/base/log'
import { parseControlConfig } from '@heddle/control/config'
import { startControl } from '@heddle/control/start'
import { createCsr } from '@heddle/identity/csr'
import { createWorkloadKey } from '@heddle/identity/key-pair'
import { expect, test } from 'vitest'
import { until } from '../harness/until.ts'
import { cluster, type TestNamespace, withNamespace } from './test-namespace.ts'

type Control = Awaited<ReturnType<typeof startControl>>

/** Who is who on a real API server: tokens of pods and people, the shared authority, the leader. */

interface Replicas extends AsyncDisposable {
  /** Starts one more in this process, which serves the namespace as its own. */
  start(name: string): Promise<Control>
  readonly logged: string[]
}

async function replicasIn({ name: namespace }: TestNamespace): Promise<Replicas> {
  const folder = await mkdtemp(join(tmpdir(), 'heddle-identity-'))
  const logged: string[] = []
  const log = createLog((line) => logged.push(line), 'info')
  const running: Control[] = []
  return {
    logged,
    async start(name) {
      const args = `--kubernetes --kubeconfig ${cluster.kubeconfig} --namespace ${namespace} --replica ${name}`
      const config = parseControlConfig([...args.split(' '), '--state', join(folder, name), '--listen', '127.0.0.1:0'])
      const control = await startControl(config, { clock: systemClock, log })
      running.push(control)
      return control
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(running.map((control) => control.stop()))
      await rm(folder, { recursive: true, force: true })
    },
  }
}

async function transportTo(control: Control, token?: string) {
  const { host, port } = control.addresses[0]!
  const addToken: Interceptor = (next) => (request) => {
    if (token !== undefined) request.header.set('authorization', `Bearer ${token}`)
    return next(request)
  }
  const nodeOptions = { ca: await readFile(control.trustBundleFile, 'utf8') }
  const baseUrl = `https://${host}:${port}`
  return createConnectTransport({ baseUrl, httpVersion: '2', nodeOptions, interceptors: [addToken] })
}

/** Asks for a certificate for `account` of the namespace, with a token. */
async function sign(control: Control, spiffeId: string, serviceAccountToken: string) {
  const { privateKey } = await createWorkloadKey()
  const identity = createClient(IdentityService, await transportTo(control))
  return await identity.sign({ csr: createCsr(privateKey, spiffeId), serviceAccountToken })
}

function idOf(namespace: string, account: string): string {
  return `spiffe://heddle.local/ns/${namespace}/sa/${account}`
}

async function tokenOf({ kubectl }: TestNamespace, account: string, ...flags: readonly string[]): Promise<string> {
  return (await kubectl(['create', 'token', account, ...flags])).trim()
}

test('a pod gets the identity of its service account for a token of our audience, and no other', () =>
  withNamespace(async (namespace) => {
    await using replicas = await replicasIn(namespace)
    const control = await replicas.start('a')
    await namespace.kubectl(['create', 'serviceaccount', 'web'])
    const web = idOf(namespace.name, 'web')
    const token = await tokenOf(namespace, 'web', '--audience=heddle.dev/identity')
    expect((await sign(control, web, token)).certificateChainPem).toContain('BEGIN CERTIFICATE')
    for (const other of [idOf(namespace.name, 'default'), idOf('default', 'web')]) {
      await expect(sign(control, other, token)).rejects.toMatchObject({ code: Code.PermissionDenied })
    }
    const refused = [
      await tokenOf(namespace, 'web'),
      await tokenOf(namespace, 'web', '--audience=heddle.dev/admin'),
      `${token.slice(0, -8)}AAAAAAAA`,
      'garbage',
    ]
    for (const one of refused) {
      await expect(sign(control, web, one)).rejects.toMatchObject({ code: Code.Unauthenticated })
    }
    expect(replicas.logged.join('')).not.toContain(token)
  }))

test('the token of an account that was deleted proves nothing any more', () =>
  withNamespace(async (namespace) => {
    await using replicas = await replicasIn(namespace)
    const control = await replicas.start('a')
    await namespace.kubectl(['create', 'serviceaccount', 'web'])
    const token = await tokenOf(namespace, 'web', '--audience=heddle.dev/identity')
    await namespace.kubectl(['delete', 'serviceaccount', 'web'])
    // The API server's own cache of reviews lives for some seconds.
    await until('the token is refused', () =>
      sign(control, idOf(namespace.name, 'web'), token).then(
        () => false,
        ({ code }) => code === Code.Unauthenticated,
      ),
    )
  }))

test('people read by the viewer and change by the operator, each by a token that RBAC lets them have', () =>
  withNamespace(async (namespace) => {
    await using replicas = await replicasIn(namespace)
    const control = await replicas.start('a')
    for (const account of ['heddle-viewer', 'heddle-operator', 'web']) {
      await namespace.kubectl(['create', 'serviceaccount', account])
    }
    const admin = async (account: string, audience = 'heddle.dev/admin') => {
      const token = await tokenOf(namespace, account, `--audience=${audience}`)
      return createClient(AdminService, await transportTo(control, token))
    }
    const vm = { namespace: 'shop', serviceAccount: 'vm', ttlMs: 60_000, reusable: true }
    const viewer = await admin('heddle-viewer')
    expect((await viewer.getHealth({})).rootNotAfterMs).toBeGreaterThan(BigInt(Date.now()))
    await expect(viewer.createJoinToken(vm)).rejects.toMatchObject({ code: Code.PermissionDenied })
    expect((await (await admin('heddle-operator')).createJoinToken(vm)).token).toMatch(/^hdl1\./)
    await expect((await admin('web')).getVersion({})).rejects.toMatchObject({ code: Code.PermissionDenied })
    const identity = await admin('heddle-viewer', 'heddle.dev/identity')
    await expect(identity.getVersion({})).rejects.toMatchObject({ code: Code.Unauthenticated })
  }))

test('replicas that start together make one authority, and one of them leads', () =>
  withNamespace(async (namespace) => {
    await using replicas = await replicasIn(namespace)
    const controls = await Promise.all(['a', 'b', 'c'].map((name) => replicas.start(name)))
    const bundles = await Promise.all(controls.map(({ trustBundleFile }) => readFile(trustBundleFile, 'utf8')))
    expect(new Set(bundles).size).toBe(1)
    const inMap = ['get', 'configmap', 'heddle-trust-bundle', '--output=jsonpath={.data.trust-bundle\\.pem}']
    await until('the bundle is in the ConfigMap', async () => {
      return (await namespace.tryKubectl(inMap)).stdout === bundles[0]
    })
    expect(replicas.logged.join('')).not.toContain('PRIVATE KEY')
  }))

test('another replica leads when the leader goes, and does its work', () =>
  withNamespace(async (namespace) => {
    await using replicas = await replicasIn(namespace)
    const [a, b] = await Promise.all([replicas.start('a'), replicas.start('b')])
    const ofLease = ['lease', 'heddle-control-leader', '--output=jsonpath={.spec.holderIdentity}']
    const holder = async () => (await namespace.tryKubectl(['get', ...ofLease])).stdout
    const bundle = ['configmap', 'heddle-trust-bundle']
    const hasBundle = async () => (await namespace.tryKubectl(['get', ...bundle])).status === 0
    const first = await until('one leads', async () => (await holder()) || undefined)
    await until('it has written the bundle', hasBundle)
    await (first === 'a' ? a : b).stop()
    await until('the other leads', async () => (await holder()) === (first === 'a' ? 'b' : 'a'))
    await namespace.kubectl(['delete', ...bundle])
    await until('the bundle is back', hasBundle)
  }))
