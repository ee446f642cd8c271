import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { create } from '@bufbuild/protobuf'
import { SubscriptionSchema, type WatchResponse } from '@heddle/api/discovery'
import { expect, test } from 'vitest'
import { discoveryWorld, nodeOf, StreamReader, summarize } from '../../test/discovery-world.ts'
import { parseObjects, serviceYaml } from '../../test/mesh-objects.ts'

const SHOP = serviceYaml('web') + serviceYaml('cart')
const TWO = { limits: { missingPerIdentity: 2 } }

/** Asks for `keys` as the proxy of an instance, with the versions that it says it has. */
function ask(...keys: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(keys.map((key) => [`name:${key}.shop:80`, '']))
}

function reasonsIn({ updates }: WatchResponse): readonly string[] {
  return updates.flatMap(({ change }) => {
    const target = change.case === 'destination' ? change.value.target : undefined
    return target?.case === 'notFound'
      ? [`${target.value.unfollowed ? 'unfollowed' : 'followed'}: ${target.value.reason}`]
      : []
  })
}

test('what does not exist is followed up to a limit, and answered above it', async () => {
  const { open, hub, clock, model } = discoveryWorld(SHOP, TWO)
  const reader = new StreamReader(open(nodeOf('web'), ask('a', 'b', 'c', 'cart')), clock)
  const first = await reader.message()
  expect(summarize(first).sort()).toEqual([
    'name:a.shop:80 whole=notFound',
    'name:b.shop:80 whole=notFound',
    'name:c.shop:80 whole=notFound',
    'name:cart.shop:80 whole=',
  ])
  expect(reasonsIn(first)).toEqual([
    'followed: there is no Service a in namespace shop',
    'followed: there is no Service b in namespace shop',
    'unfollowed: there is no Service c in namespace shop; not followed, since its identity asks for 2 others that do not exist',
  ])
  expect([hub.keyCount, hub.unfollowedCount]).toEqual([3, 1])
  model.applyObjects({ upserted: parseObjects(serviceYaml('a') + serviceYaml('c')), removed: [] })
  expect(summarize(await reader.message(50))).toEqual(['name:a.shop:80 whole='])
})

test('one that is asked for again is followed once there is room, and told as it is then', async () => {
  const { open, hub, clock, model } = discoveryWorld(SHOP, TWO)
  const stream = open(nodeOf('web'), ask('a', 'b', 'c'))
  const reader = new StreamReader(stream, clock)
  await reader.message()
  model.applyObjects({ upserted: parseObjects(serviceYaml('c')), removed: [] })
  const again = create(SubscriptionSchema, { key: 'name:c.shop:80', version: 'as it was' })
  hub.changeSubscriptions(stream, [again], [])
  expect(summarize(await reader.message(50))).toEqual(['name:c.shop:80 whole='])
  hub.changeSubscriptions(stream, [create(SubscriptionSchema, { key: 'name:d.shop:80' })], ['name:a.shop:80'])
  expect(reasonsIn(await reader.message())).toEqual(['followed: there is no Service d in namespace shop'])
})

test('all streams of an identity share the limit, equal keys count once, and others have their own', async () => {
  const { open, hub, clock } = discoveryWorld(SHOP, TWO)
  const one = open(nodeOf('web', 0), ask('a', 'b'))
  const two = new StreamReader(open(nodeOf('web', 1), ask('a', 'c')), clock)
  expect(reasonsIn(await two.message()).map((reason) => reason.split(':')[0])).toEqual(['followed', 'unfollowed'])
  const other = new StreamReader(open(nodeOf('cart'), ask('a', 'c')), clock)
  expect(reasonsIn(await other.message()).map((reason) => reason.split(':')[0])).toEqual(['followed', 'followed'])
  hub.close(one, 'disconnected')
  hub.changeSubscriptions(two.stream, [create(SubscriptionSchema, { key: 'name:d.shop:80' })], [])
  expect(reasonsIn(await two.message())).toEqual(['followed: there is no Service d in namespace shop'])
})

test('an instance that comes back has no more room than before', async () => {
  const { open, hub } = discoveryWorld(SHOP, TWO)
  open(nodeOf('web'), ask('a', 'b'))
  const again = open(nodeOf('web'), ask('a', 'b'))
  hub.changeSubscriptions(again, [create(SubscriptionSchema, { key: 'name:c.shop:80' })], [])
  expect([hub.keyCount, hub.unfollowedCount]).toEqual([2, 1])
})

test('what ceases to exist while it is held stays followed', async () => {
  const { open, hub, clock, model } = discoveryWorld(SHOP, { limits: { missingPerIdentity: 0 } })
  const reader = new StreamReader(open(nodeOf('web'), ask('cart')), clock)
  await reader.message()
  const [cart] = parseObjects(serviceYaml('cart')).filter(({ kind }) => kind === 'Service')
  model.applyObjects({ upserted: [], removed: [{ kind: 'Service', ...cart!.metadata }] })
  expect(reasonsIn(await reader.message(50))).toEqual(['followed: there is no Service cart in namespace shop'])
  expect([hub.keyCount, hub.unfollowedCount]).toEqual([1, 0])
})

test('20,000 names that never existed take no more memory than those that are followed', async () => {
  const { open, hub, clock } = discoveryWorld(SHOP)
  const stream = open(nodeOf('web'))
  const reader = new StreamReader(stream, clock)
  const before = heapBytes()
  await reader.message()
  for (let round = 0; round < 50; round++) {
    const keys = Array.from({ length: 400 }, (_, at) => `name:nonsense-${round}-${at}.shop:80`)
    hub.changeSubscriptions(
      stream,
      keys.map((key) => create(SubscriptionSchema, { key })),
      [],
    )
    expect(reasonsIn(await reader.message())).toHaveLength(400)
    hub.acknowledge(stream, stream.sequenceSent, [])
  }
  expect([hub.keyCount, hub.unfollowedCount]).toEqual([1_024, 20_000 - 1_024])
  // 20,000 of them would be 28 MB.
  expect(heapBytes() - before).toBeLessThan(8_000_000)
})

function heapBytes(): number {
  collect()
  return process.memoryUsage().heapUsed
}

setFlagsFromString('--expose-gc')
const collect: () => void = runInNewContext('gc')
