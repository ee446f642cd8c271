import type { WatchResponse } from '@heddle/api/discovery'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { nextUpdate, type OpenWatch } from './control-world.ts'
import { createReplicaWorld, type Replica, type ReplicaWorld } from './replica-world.ts'

/** World: `cart` runs on n1 and n2, and its Service has `internalTrafficPolicy: Local`. `web` runs on n1, n2 and n3. */

const CART = 'name:cart.shop:80'
const ADDRESS = 'address:10.96.0.10:80'

let world: ReplicaWorld
let replica: Replica
beforeEach(async () => {
  world = await createReplicaWorld()
  for (const index of [0, 1]) world.addPod('cart', { index, node: `n${index + 1}` })
  for (const index of [0, 1, 2]) world.addPod('web', { index, node: `n${index + 1}` })
  world.addService('cart', { internalTrafficPolicy: 'Local' })
  replica = await world.start()
})
afterEach(() => world[Symbol.asyncDispose]())

/** `KEY: PODS` of what a message tells anew. */
function told({ updates }: WatchResponse): string[] {
  return updates.map(({ key, change }) => {
    if (change.case === 'delta') {
      const { upsertedEndpoints, removedEndpointIds } = change.value
      return `${key}: +${upsertedEndpoints.map(({ instance }) => instance)} -${removedEndpointIds}`
    }
    const target = change.value?.target
    if (target?.case !== 'service') return `${key}: ${target?.case}`
    return `${key}: ${target.value.endpoints.map(({ instance }) => instance)}`
  })
}

async function next(watch: OpenWatch): Promise<string[]> {
  return told(await nextUpdate(watch))
}

test('a client is told of the endpoints on its own node and no others, by name and by address', async () => {
  const watches = await Promise.all(
    [0, 1, 2].map((index) => world.watch(replica, 'web', { index, keys: [CART, ADDRESS] })),
  )
  const first = await Promise.all(watches.map(next))
  expect(first.map((lines) => lines.sort())).toEqual([
    [`${ADDRESS}: cart-0`, `${CART}: cart-0`],
    [`${ADDRESS}: cart-1`, `${CART}: cart-1`],
    [`${ADDRESS}: `, `${CART}: `],
  ])
  for (const watch of watches) watch.end()
})

test('a client without any hears of the first one on its node, and of all once the policy is Cluster', async () => {
  const watch = await world.watch(replica, 'web', { index: 2, keys: [CART] })
  expect(await next(watch)).toEqual([`${CART}: `])
  world.addPod('cart', { index: 2, node: 'n3' })
  expect(await next(watch)).toEqual([`${CART}: cart-2`])
  world.addService('cart', { internalTrafficPolicy: 'Cluster' })
  expect(await next(watch)).toEqual([`${CART}: cart-0,cart-1,cart-2`])
  watch.end()
})

test('a pod whose node is heard of after its proxy came is told of what is there', async () => {
  world.addPod('web', { index: 3 })
  const watch = await world.watch(replica, 'web', { index: 3, keys: [CART] })
  expect(await next(watch)).toEqual([`${CART}: `])
  world.addPod('web', { index: 3, node: 'n2' })
  expect(await next(watch)).toEqual([`${CART}: cart-1`])
  watch.end()
})
