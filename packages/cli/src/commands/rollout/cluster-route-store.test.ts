import { create } from '@bufbuild/protobuf'
import { ConfigObjectSchema } from '@heddle/api/admin'
import type { KubeObject } from '@heddle/kube/client'
import { HTTP_ROUTES } from '@heddle/kube/resources'
import { ManualClock } from '@heddle/testkit/manual-clock'
import { expect, test } from 'vitest'
import { FakeCluster } from '../../../test/fake-cluster.ts'
import type { ControlClient } from '../../client/control-client.ts'
import { ClusterRouteStore } from './cluster-route-store.ts'
import { ROLLOUT_ANNOTATION } from './rollout-state.ts'
import { formatWithWeights } from './weighted-route.ts'

const REF = { kind: 'HTTPRoute', namespace: 'shop', name: 'cart' }
const PAIR = { from: { name: 'v1', namespace: 'shop' }, to: { name: 'v2', namespace: 'shop' } }

function route(annotations?: Readonly<Record<string, string>>): KubeObject {
  return {
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'HTTPRoute',
    metadata: { name: 'cart', namespace: 'shop', generation: 4, ...(annotations && { annotations }) },
    spec: {
      rules: [
        {
          backendRefs: [
            { name: 'v1', port: 80, weight: 100 },
            { name: 'v2', port: 80, weight: 0 },
          ],
        },
      ],
    },
  }
}

/** A store of routes in a cluster whose control plane knows everything at once. */
function storeOf(cluster: FakeCluster): ClusterRouteStore {
  const admin = {
    getObject: async () => ({ object: create(ConfigObjectSchema, { generation: 99n }) }),
    getApplied: async () => ({ revision: 7n }),
  }
  const client = { admin } as unknown as ControlClient
  return new ClusterRouteStore(cluster, { client, clock: new ManualClock() })
}

const CHANGE = { weights: { from: 50, to: 50 }, annotation: { name: ROLLOUT_ANNOTATION, value: '{}' } }

test.each([{ annotations: undefined }, { annotations: { 'shop.example/owner': 'ann' } }])(
  'write() changes weights and state of a route with annotations $annotations, and nothing else',
  async ({ annotations }) => {
    const cluster = new FakeCluster()
    cluster.put(HTTP_ROUTES, route(annotations))
    const store = storeOf(cluster)
    const now = await store.read(REF)
    expect(await store.write(REF, now, formatWithWeights(now, PAIR, CHANGE))).toBe(7n)
    const after = cluster.find(HTTP_ROUTES, 'cart', 'shop')
    expect(after?.metadata.annotations).toEqual({ ...annotations, [ROLLOUT_ANNOTATION]: '{}' })
    expect(after?.spec).toMatchObject({ rules: [{ backendRefs: [{ weight: 50 }, { weight: 50 }] }] })
  },
)

test('write() is refused when the route has become another one', async () => {
  const cluster = new FakeCluster()
  cluster.put(HTTP_ROUTES, route())
  const store = storeOf(cluster)
  const now = await store.read(REF)
  cluster.put(HTTP_ROUTES, { ...route(), metadata: { ...route().metadata, generation: 5 } })
  await expect(store.write(REF, now, formatWithWeights(now, PAIR, CHANGE))).rejects.toThrow(
    'cannot change HTTPRoute shop/cart',
  )
})

test('read() says so when there is no such route', async () => {
  await expect(storeOf(new FakeCluster()).read(REF)).rejects.toThrow('there is no HTTPRoute shop/cart')
})
