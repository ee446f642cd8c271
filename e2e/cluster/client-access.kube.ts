import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createKubeClient, type KubeClient } from '@heddle/kube/client'
import { inClusterAccess, loadClusterAccess } from '@heddle/kube/kubeconfig'
import { openPortForward } from '@heddle/kube/port-forward'
import { CONFIG_MAPS, PODS } from '@heddle/kube/resources'
import { createTestCa } from '@heddle/testkit/test-ca'
import { expect, test } from 'vitest'
import { until } from '../harness/until.ts'
import { configMap, follow } from './following.ts'
import { deployment, echoContainer } from './objects.ts'
import { cluster, withNamespace } from './test-namespace.ts'

/** The client of packages/kube against an API server and a kubelet as users have them: who it is, and the ways there. */

const access = await loadClusterAccess({ kubeconfig: cluster.kubeconfig })
const client = createKubeClient(access)

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
