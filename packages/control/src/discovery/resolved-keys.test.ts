import { create } from '@bufbuild/protobuf'
import { type Destination, DestinationSchema } from '@heddle/api/discovery'
import { processorMsOf } from '@heddle/testkit/processor-time'
import { expect, test } from 'vitest'
import { type KeyHolder, ResolvedKeys } from './resolved-keys.ts'

const KEY = 'name:cart.shop:80'
const TOPIC = 'service:shop/cart'

/** Keys whose versions are set by the test, with the namespaces that have routes of their own. */
function world() {
  const own = new Set<string>()
  const resolved: string[] = []
  const state = { version: '1' }
  const keys = new ResolvedKeys({
    clientsLike: (namespace) => (own.has(namespace) ? namespace : ''),
    resolve(_, clients): Destination {
      resolved.push(clients)
      return create(DestinationSchema, { version: `${state.version} for ${clients || 'all'}` })
    },
    deltaOf: () => undefined,
  })
  const told: string[] = []
  const holder = (clients: string): KeyHolder => ({ clients, keyChanged: () => told.push(clients) })
  const refresh = () => {
    resolved.length = 0
    told.length = 0
    keys.refresh([TOPIC])
  }
  return { own, resolved, told, state, keys, holder, refresh }
}

test('what clients of many namespaces are told alike is worked out once', () => {
  const { keys, holder, resolved, told, state, refresh } = world()
  for (const namespace of ['a', 'b', 'c', 'a']) keys.hold(KEY, holder(namespace))
  expect(resolved).toEqual([''])
  state.version = '2'
  refresh()
  expect(resolved).toEqual([''])
  expect(told.sort()).toEqual(['a', 'a', 'b', 'c'])
})

test('clients whose namespace gets routes of its own are told these, the others hear nothing', () => {
  const { keys, holder, own, resolved, told, refresh } = world()
  const [a, b] = [holder('a'), holder('b')]
  for (const one of [a, b]) keys.hold(KEY, one)
  own.add('a')
  refresh()
  expect([resolved.sort(), told]).toEqual([['', 'a'], ['a']])
  expect(keys.destination(KEY, a)?.version).toBe('1 for a')
  expect(keys.destination(KEY, b)?.version).toBe('1 for all')
  own.delete('a')
  refresh()
  expect([resolved, told]).toEqual([[''], ['a']])
})

test('a change that comes to the same is told to nobody', () => {
  const { keys, holder, told, refresh } = world()
  keys.hold(KEY, holder('a'))
  refresh()
  expect(told).toEqual([])
})

test('nothing is kept of what nobody holds', () => {
  const { keys, holder, own, resolved } = world()
  const [a, b] = [holder('a'), holder('b')]
  own.add('a')
  for (const one of [a, b]) keys.hold(KEY, one)
  keys.release(KEY, a)
  expect(keys.size).toBe(1)
  keys.hold(KEY, a)
  expect(resolved).toEqual(['a', '', 'a'])
  for (const one of [a, b]) keys.release(KEY, one)
  expect([keys.size, [...keys.keysOf([TOPIC])]]).toEqual([0, []])
})

test('what several clients are told alike is kept for as long as one of them holds it', () => {
  const { keys, holder, resolved } = world()
  const [a, b, c] = [holder('a'), holder('b'), holder('c')]
  for (const one of [a, b]) keys.hold(KEY, one)
  keys.release(KEY, a)
  keys.hold(KEY, c)
  keys.release(KEY, b)
  expect(keys.destination(KEY, c)?.version).toBe('1 for all')
  keys.hold(KEY, a)
  expect(resolved).toEqual([''])
})

test('to let go of a key costs the same however many other clients hold it', () => {
  const { keys, holder } = world()
  const holders = Array.from({ length: 2_000 }, (_, i) => holder(`shop/node-${i}`))
  const names = Array.from({ length: 20 }, (_, i) => `name:s${i}.shop:80`)
  for (const one of holders) for (const name of names) keys.hold(name, one)
  // All of them looked at each time took 3 s.
  const tookMs = processorMsOf(() => {
    for (const one of holders) for (const name of names) keys.release(name, one)
  })
  expect(keys.size).toBe(0)
  expect(tookMs).toBeLessThan(1_000)
})
