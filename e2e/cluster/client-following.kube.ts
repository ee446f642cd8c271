import { systemClock } from '@heddle/base/clock'
import { createLog } from '@heddle/base/log'
import { createKubeClient, type KubeObject } from '@heddle/kube/client'
import { loadClusterAccess } from '@heddle/kube/kubeconfig'
import { holdLease, type LeaseOptions } from '@heddle/kube/lease'
import { CONFIG_MAPS, LEASES } from '@heddle/kube/resources'
import { expect, test } from 'vitest'
import { until } from '../harness/until.ts'
import { configMap, follow } from './following.ts'
import { startCluster } from './start-cluster.ts'
import { cluster, withNamespace } from './test-namespace.ts'

/** The client of packages/kube against an API server as users have it: what lasts, watches and leases. */

const client = createKubeClient(await loadClusterAccess({ kubeconfig: cluster.kubeconfig }))

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

function stand(of: LeaseOptions['client'], options: { namespace: string; holder: string; leaseDurationMs: number }) {
  const ending = new AbortController()
  let terms = 0
  let leading: AbortSignal | undefined
  const onLeading = (signal: AbortSignal) => {
    terms += 1
    leading = signal
  }
  const done = holdLease(
    { client: of, name: 'leader', clock: systemClock, log: createLog(() => {}, 'off'), onLeading, ...options },
    ending.signal,
  )
  return {
    isLeading: () => leading?.aborted === false,
    terms: () => terms,
    end: async () => {
      ending.abort()
      await done
    },
  }
}

/** `/readyz` answers `ok`. */
function isNotJson(error: unknown): boolean {
  return (error as { reason?: string }).reason === 'not_json'
}
