import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemClock } from '@heddle/base/clock'
import { createLog } from '@heddle/base/log'
import { createKubeClient, type KubeClient, type KubeObject } from '@heddle/kube/client'
import { createInformer } from '@heddle/kube/informer'
import { inClusterAccess, loadClusterAccess } from '@heddle/kube/kubeconfig'
import { holdLease, type LeaseOptions } from '@heddle/kube/lease'
import { openPortForward } from '@heddle/kube/port-forward'
import { CONFIG_MAPS, DEPLOYMENTS, LEASES, PODS } from '@heddle/kube/resources'
import { createTestCa } from '@heddle/testkit/test-ca'
import { expect, test } from 'vitest'
import { until } from '../harness/until.ts'
import { deployment, echoContainer } from './objects.ts'
import { startCluster } from './start-cluster.ts'
import { cluster, type TestNamespace, withNamespace } from './test-namespace.ts'

/** The client of packages/kube against an API server, a kubelet and a container runtime as users have them. */

interface ConfigMap extends KubeObject {
  readonly data?: Readonly<Record<string, string>>
}

interface Deployment extends KubeObject {
  readonly spec?: { readonly replicas?: number; readonly paused?: boolean }
  readonly status?: { readonly observedGeneration?: number }
}

const log = createLog(() => {}, 'off')
const access = await loadClusterAccess({ kubeconfig: cluster.kubeconfig })
const client = createKubeClient(access)

function configMap({ name: namespace }: Pick<TestNamespace, 'name'>, name: string, value: string) {
  return { metadata: { namespace, name }, data: { value } }
}

test('writes and reads objects, and fails in the words of the API server', () =>
  withNamespace(async (namespace) => {
    const created = await client.create<ConfigMap>(CONFIG_MAPS, configMap(namespace, 'a', '1'))
    const ref = { resource: CONFIG_MAPS, namespace: namespace.name, name: 'a' }
    expect(await client.get(ref)).toEqual(created)
    await expect(client.create(CONFIG_MAPS, configMap(namespace, 'a', '1'))).rejects.toMatchObject({
      status: 409,
      reason: 'AlreadyExists',
      message: 'configmaps "a" already exists',
    })
    const updated = await client.update<ConfigMap>(CONFIG_MAPS, { ...created, data: { value: '2' } })
    expect(updated.data).toEqual({ value: '2' })
    await expect(client.update(CONFIG_MAPS, { ...created, data: {} })).rejects.toMatchObject({ reason: 'Conflict' })
    await expect(client.delete(ref, { uid: '00000000' })).rejects.toMatchObject({ status: 409 })
    expect(await client.delete(ref, { uid: created.metadata.uid! })).toBe(true)
    expect(await client.delete(ref)).toBe(false)
    expect(await client.get(ref)).toBeUndefined()
    const wrong = { metadata: { namespace: namespace.name, name: 'Not A Name' } }
    const refused = client.create(CONFIG_MAPS, wrong)
    await expect(refused).rejects.toMatchObject({ status: 422, reason: 'Invalid' })
    await expect(refused).rejects.toHaveProperty('details.causes.0.field', 'metadata.name')
  }))

test('applies on the server, and is told of fields that another manager owns', () =>
  withNamespace(async ({ name: namespace }) => {
    const named = { metadata: { namespace, name: 'web' } }
    const spec = { ...(deployment('web', { containers: [echoContainer()] }, 0) as { spec: object }).spec }
    const apply = (object: object, options: object) =>
      client.apply<Deployment>(DEPLOYMENTS, { ...named, spec: object }, { fieldManager: 'heddle', ...options })
    expect((await apply(spec, { dryRun: true })).metadata.uid).toBeDefined()
    expect(await client.get({ resource: DEPLOYMENTS, namespace, name: 'web' })).toBeUndefined()
    const first = await apply({ ...spec, paused: true }, {})
    const again = await apply({ ...spec, paused: true }, {})
    expect([again.metadata.uid, again.metadata.generation]).toEqual([first.metadata.uid, 1])
    await expect(apply({ replicas: 3 }, { fieldManager: 'other' })).rejects.toMatchObject({
      status: 409,
      reason: 'Conflict',
      message: expect.stringContaining('conflict with "heddle"'),
    })
    const taken = await apply({ replicas: 3 }, { fieldManager: 'other', force: true })
    expect(taken.spec).toMatchObject({ replicas: 3, paused: true })
    const { replicas: _given, ...rest } = spec as { replicas: number }
    expect((await apply(rest, {})).spec).toMatchObject({ replicas: 3 })
    expect((await apply(rest, {})).spec?.paused).toBeUndefined()
  }))

test('patches by every kind of patch, also the status alone', () =>
  withNamespace(async ({ name: namespace }) => {
    const spec = (deployment('web', { containers: [echoContainer()] }, 0) as { spec: object }).spec
    await client.create(DEPLOYMENTS, { metadata: { namespace, name: 'web' }, spec })
    const ref = { resource: DEPLOYMENTS, namespace, name: 'web' }
    const merged = await client.patch<Deployment>(ref, { spec: { paused: true } }, { type: 'merge' })
    expect(merged.spec?.paused).toBe(true)
    const container = { name: 'echo', env: [{ name: 'ADDED', value: 'yes' }] }
    const strategic = { spec: { template: { spec: { containers: [container] } } } }
    const added = await client.patch<Deployment>(ref, strategic, { type: 'strategic' })
    expect(added.spec).toMatchObject({
      template: { spec: { containers: [{ ...container, args: ['serve', ':8080'] }] } },
    })
    const operations = [{ op: 'test', path: '/spec/paused', value: false }]
    await expect(client.patch(ref, operations, { type: 'json' })).rejects.toMatchObject({ status: 422 })
    const status = { spec: { replicas: 9 }, status: { observedGeneration: 7 } }
    const told = await client.patch<Deployment>(ref, status, { type: 'merge', subresource: 'status' })
    expect([told.spec?.replicas, told.status?.observedGeneration]).toEqual([0, 7])
  }))

test('lists in pages of one version', () =>
  withNamespace(async (namespace) => {
    const names = Array.from({ length: 25 }, (_, index) => `m${String(index).padStart(2, '0')}`)
    await Promise.all(names.map((name) => client.create(CONFIG_MAPS, configMap(namespace, name, '1'))))
    const options = { namespace: namespace.name, pageSize: 10, fieldSelector: 'metadata.name!=kube-root-ca.crt' }
    const listed: string[] = []
    const versions: string[] = []
    for await (const { items, resourceVersion } of client.listPages<ConfigMap>(CONFIG_MAPS, options)) {
      listed.push(...items.map((item) => item.metadata.name))
      if (resourceVersion !== '') versions.push(resourceVersion)
    }
    expect(listed).toEqual(names)
    expect(versions.length).toBeGreaterThan(2)
    expect(new Set(versions).size).toBe(1)
    expect((await client.list(CONFIG_MAPS, options)).items[0]).toMatchObject({ apiVersion: 'v1', kind: 'ConfigMap' })
  }))

test('follows a resource, and is told when a version is forgotten', () =>
  withNamespace(async (namespace) => {
    const following = follow(client, namespace.name)
    await following.started
    await client.create(CONFIG_MAPS, configMap(namespace, 'a', '1'))
    await namespace.kubectl(['patch', 'configmap', 'a', '--type=merge', '--patch', '{"data":{"value":"2"}}'])
    await namespace.kubectl(['delete', 'configmap', 'a'])
    await until('all changes are told', () => following.told.length === 3)
    expect(following.told).toEqual(['a - > 1', 'a 1 > 2', 'a 2 > -'])
    following.end()
    const old = client.watch(CONFIG_MAPS, { resourceVersion: '1' }, new AbortController().signal)
    await expect(old[Symbol.asyncIterator]().next()).rejects.toMatchObject({ status: 410, reason: 'Expired' })
  }))

test('goes on where it was when the API server comes back', async () => {
  await using own = await startCluster({ name: `k-${process.pid.toString(36)}`, tier: 'api' })
  const ownAccess = await loadClusterAccess({ kubeconfig: own.kubeconfig })
  const ownClient = createKubeClient(ownAccess)
  const following = follow(ownClient, 'default')
  await following.started
  const leading = stand(ownClient, { namespace: 'default', holder: 'only', leaseDurationMs: 180_000 })
  await until('it leads', () => leading.isLeading())
  await ownClient.create(CONFIG_MAPS, configMap({ name: 'default' }, 'a', '1'))
  await until('the object is told', () => following.told.includes('a - > 1'))
  await own.killPart('kube-apiserver')
  await until('the informer knows', () => following.informer.failure !== undefined)
  expect(following.informer.get('default/a')).toBe('1')
  await own.startPart('kube-apiserver')
  const isReady = () => ownClient.request({ method: 'GET', path: '/readyz' }).then(() => true, isNotJson)
  await until('the API server answers', isReady, 90_000)
  await ownClient.apply(CONFIG_MAPS, configMap({ name: 'default' }, 'a', '2'), { fieldManager: 'test', force: true })
  await until('the change is told', () => following.told.includes('a 1 > 2'))
  expect(following.told.filter((line) => line.startsWith('a '))).toEqual(['a - > 1', 'a 1 > 2'])
  expect([leading.isLeading(), leading.terms()]).toEqual([true, 1])
  following.end()
  await leading.end()
  ownAccess.close()
}, 300_000)

const LEASE_MS = 10_000

test('hands a lease over at its end, and when its holder is cut off', () =>
  withNamespace(async ({ name: namespace }) => {
    const cut = { isSo: false }
    const cutClient: LeaseOptions['client'] = {
      get: (ref) => (cut.isSo ? Promise.reject(new Error('cut off')) : client.get(ref)),
      create: (resource, object) => client.create(resource, object),
      update: (resource, object) => client.update(resource, object),
    }
    const options = { namespace, leaseDurationMs: LEASE_MS }
    const first = stand(cutClient, { ...options, holder: 'first' })
    await until('the first one leads', () => first.isLeading())
    const second = stand(client, { ...options, holder: 'second' })
    cut.isSo = true
    let haveBothLed = false
    await until('the second one leads', () => {
      haveBothLed ||= first.isLeading() && second.isLeading()
      return second.isLeading()
    })
    expect(haveBothLed).toBe(false)
    cut.isSo = false
    const endedAt = performance.now()
    await second.end()
    await until('the first one leads again', () => first.isLeading())
    // It is looked for every seventh part; who is cut off is waited for as long as the lease goes.
    expect(performance.now() - endedAt).toBeLessThan(LEASE_MS * 0.8)
    const lease = await client.get<KubeObject>({ resource: LEASES, namespace, name: 'leader' })
    expect(lease?.spec).toMatchObject({ holderIdentity: 'first', leaseTransitions: 2 })
    await first.end()
  }))

test('forwards a port of a pod, and says what the pod says', () =>
  withNamespace(async (namespace) => {
    await namespace.apply(deployment('echo', { containers: [echoContainer()] }))
    await namespace.untilRolledOut('deployment/echo')
    const pods = await client.list(PODS, { namespace: namespace.name, labelSelector: 'app=echo' })
    const pod = pods.items[0]!.metadata.name
    const failures: string[] = []
    const open = (port: number) =>
      openPortForward(
        access,
        { namespace: namespace.name, pod, port },
        { onFailure: (error) => failures.push(error.message) },
      )
    const forward = await open(8080)
    const asked = Array.from({ length: 5 }, (_, index) => fetch(`http://127.0.0.1:${forward.port}/${index}`))
    const answers = await Promise.all(asked.map(async (answer) => (await answer).json()))
    expect(answers).toMatchObject([0, 1, 2, 3, 4].map((index) => ({ pod, path: `/${index}` })))
    expect(failures).toEqual([])
    await forward.close()
    const closed = await open(9)
    await expect(fetch(`http://127.0.0.1:${closed.port}/`)).rejects.toThrow()
    await until('the refusal is told', () => failures.length > 0)
    expect(failures[0]).toContain('connection refused')
    await closed.close()
    const missing = openPortForward(access, { namespace: namespace.name, pod: 'none', port: 1 })
    await expect(missing).rejects.toMatchObject({ status: 404, message: 'pods "none" not found' })
  }))

test('is whom it says to be: in a pod, impersonating, and nobody behind another authority', () =>
  withNamespace(async ({ name: namespace }) => {
    const user = `system:serviceaccount:${namespace}:default`
    expect(
      await whoAmI(createKubeClient(await loadClusterAccess({ kubeconfig: cluster.kubeconfig, asUser: user }))),
    ).toBe(user)
    const directory = await mkdtemp(join(tmpdir(), 'heddle-pod-'))
    const ca = (await readKubeconfig()).clusters[0]!.cluster['certificate-authority-data']
    const { status } = await client.request<{ status: { token: string } }>({
      method: 'POST',
      path: `/api/v1/namespaces/${namespace}/serviceaccounts/default/token`,
      body: { spec: { expirationSeconds: 600 } },
    })
    await writeFile(join(directory, 'token'), status.token)
    await writeFile(join(directory, 'namespace'), namespace)
    await writeFile(join(directory, 'ca.crt'), Buffer.from(ca!, 'base64'))
    const { hostname, port } = new URL(cluster.server)
    const env = { KUBERNETES_SERVICE_HOST: hostname, KUBERNETES_SERVICE_PORT: port }
    const pod = createKubeClient(await inClusterAccess({ env, podDirectory: directory }))
    expect(await whoAmI(pod)).toBe(user)
    await expect(pod.list(CONFIG_MAPS, { namespace })).rejects.toMatchObject({ status: 403, reason: 'Forbidden' })
    await writeFile(join(directory, 'ca.crt'), (await createTestCa()).trustBundlePem)
    const deceived = createKubeClient(await inClusterAccess({ env, podDirectory: directory }))
    await expect(deceived.list(CONFIG_MAPS)).rejects.toMatchObject({ name: 'KubeTransportError', reason: 'connection' })
    await rm(directory, { recursive: true })
  }))

test('goes through an HTTP proxy, also for watches and ports', () =>
  withNamespace(async (namespace) => {
    await using proxy = await startProxy()
    const directory = await mkdtemp(join(tmpdir(), 'heddle-proxy-'))
    const config = await readKubeconfig()
    config.clusters[0]!.cluster['proxy-url'] = proxy.url
    const kubeconfig = join(directory, 'config')
    await writeFile(kubeconfig, JSON.stringify(config))
    const proxied = await loadClusterAccess({ kubeconfig })
    const following = follow(createKubeClient(proxied), namespace.name)
    await following.started
    await client.create(CONFIG_MAPS, configMap(namespace, 'a', '1'))
    await until('the object is told', () => following.told.includes('a - > 1'))
    const before = proxy.tunnels()
    expect(before).toBeGreaterThan(0)
    const missing = openPortForward(proxied, { namespace: namespace.name, pod: 'none', port: 1 })
    await expect(missing).rejects.toMatchObject({ status: 404 })
    following.end()
    proxied.close()
    await rm(directory, { recursive: true })
  }))

function follow(of: KubeClient, namespace: string) {
  const told: string[] = []
  const ending = new AbortController()
  const informer = createInformer<string>({
    client: of,
    resource: CONFIG_MAPS,
    namespace,
    fieldSelector: 'metadata.name!=kube-root-ca.crt',
    trim: (object) => (object as ConfigMap).data?.value ?? '',
    clock: systemClock,
    log,
  })
  const short = (name: string) => name.slice(name.indexOf('/') + 1)
  const started = informer.start(
    {
      onUpserted: (name, value, before) => told.push(`${short(name)} ${before ?? '-'} > ${value}`),
      onRemoved: (name, before) => told.push(`${short(name)} ${before} > -`),
    },
    ending.signal,
  )
  return { told, informer, started, end: () => ending.abort() }
}

function stand(of: LeaseOptions['client'], options: { namespace: string; holder: string; leaseDurationMs: number }) {
  const ending = new AbortController()
  let terms = 0
  let leading: AbortSignal | undefined
  const onLeading = (signal: AbortSignal) => {
    terms += 1
    leading = signal
  }
  const done = holdLease({ client: of, name: 'leader', clock: systemClock, log, onLeading, ...options }, ending.signal)
  return {
    isLeading: () => leading?.aborted === false,
    terms: () => terms,
    end: async () => {
      ending.abort()
      await done
    },
  }
}

async function whoAmI(of: KubeClient): Promise<string> {
  const path = '/apis/authentication.k8s.io/v1/selfsubjectreviews'
  const body = { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' }
  const review = await of.request<{ status: { userInfo: { username: string } } }>({ method: 'POST', path, body })
  return review.status.userInfo.username
}

interface Kubeconfig {
  readonly clusters: readonly { readonly cluster: Record<string, string> }[]
}

async function readKubeconfig(): Promise<Kubeconfig> {
  return JSON.parse(await cluster.kubectl(['config', 'view', '--raw', '--output=json']))
}

/** `/readyz` answers `ok`. */
function isNotJson(error: unknown): boolean {
  return (error as { reason?: string }).reason === 'not_json'
}

/** A proxy as firms have them: tunnels by CONNECT. */
async function startProxy() {
  let tunnels = 0
  const server = createServer()
  server.on('connect', (request, socket) => {
    tunnels += 1
    const { hostname, port } = new URL(`http://${request.url}`)
    const upstream = connect(Number(port), hostname, () => {
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n')
      upstream.pipe(socket)
      socket.pipe(upstream)
    })
    upstream.on('error', () => socket.destroy())
    socket.on('error', () => upstream.destroy())
    socket.on('close', () => upstream.destroy())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    tunnels: () => tunnels,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      server.close()
    },
  }
}
