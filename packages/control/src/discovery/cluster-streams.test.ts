import { Code } from '@connectrpc/connect'
import { State } from '@heddle/api/discovery'
import { expect, test } from 'vitest'
import { callerFor, discoveryWorld, nodeOf, StreamReader, summarize } from '../../test/discovery-world.ts'
import { serviceYaml } from '../../test/mesh-objects.ts'
import type { Instance } from '../model/instance.ts'

const CART = 'name:cart.shop:80'

/** The pod of `nodeOf(name)`. */
function podOf(name: string, more: Partial<Instance> = {}): Instance {
  return {
    namespace: 'shop',
    instance: `${name}-0`,
    workload: name,
    serviceAccount: name,
    labels: { app: name },
    ports: [{ name: 'http', port: 8080, address: `10.2.0.${name.length}`, addressPort: 8080 }],
    wholeAddresses: [`10.2.0.${name.length}`],
    region: 'eu',
    zone: 'eu-1',
    meshed: true,
    state: 'ready',
    reason: '',
    ...more,
  }
}

async function clusterWorld() {
  const world = discoveryWorld(serviceYaml('web') + serviceYaml('cart'), { instancesFrom: 'source' })
  const { model, clock, open } = world
  const put = (...upserted: Instance[]) => {
    model.applyObjects({ upserted: [], removed: [], instances: { upserted, removed: [] } })
  }
  put(podOf('web'), podOf('cart'))
  const reader = new StreamReader(open(nodeOf('web'), { [CART]: '' }), clock)
  const first = await reader.message()
  return { ...world, put, reader, first }
}

test('a proxy is told the endpoints and the place that the cluster says, whatever registers', async () => {
  const { first, reader, open } = await clusterWorld()
  expect(summarize(first)).toEqual([`${CART} whole=shop/cart-0:8080`])
  expect(first.inbound?.locality).toMatchObject({ region: 'eu', zone: 'eu-1' })
  open(nodeOf('cart'))
  expect(await reader.next(1_000)).toBeUndefined()
})

test('a proxy without a pod is refused, and may come back once the cluster has told of the pod', async () => {
  const { open, put, hub } = await clusterWorld()
  expect(() => open(nodeOf('late'))).toThrow(expect.objectContaining({ code: Code.FailedPrecondition }))
  expect(hub.streamCount).toBe(1)
  put(podOf('late'))
  open(nodeOf('late'))
  expect(hub.streamCount).toBe(2)
})

test('a proxy of another service account than its pod is refused', async () => {
  const { open, put } = await clusterWorld()
  put(podOf('cart', { serviceAccount: 'other' }))
  expect(() => open(nodeOf('cart'))).toThrow(expect.objectContaining({ code: Code.AlreadyExists }))
})

test('a proxy that drains takes its pod out at once, and it stays out when the stream ends', async () => {
  const { open, hub, reader } = await clusterWorld()
  const node = nodeOf('cart')
  const stream = open(node)
  hub.setState(stream.id, callerFor(node), { state: State.DRAINING, reason: 'going' })
  expect(summarize(await reader.message())).toEqual([`${CART} delta + -shop/cart-0:8080`])
  hub.close(stream, 'disconnected')
  expect(await reader.next(1_000)).toBeUndefined()
  open(node)
  expect(summarize(await reader.message(50))).toEqual([`${CART} whole=shop/cart-0:8080`])
})

test('the end of a stream changes nothing', async () => {
  const { open, hub, reader } = await clusterWorld()
  hub.close(open(nodeOf('cart')), 'disconnected')
  expect(await reader.next(5_000)).toBeUndefined()
})
