import { createLog } from '@heddle/base/log'
import { startFakeApiServer } from '@heddle/testkit/fake-api-server'
import { ManualClock } from '@heddle/testkit/manual-clock'
import { describe, expect, test, vi } from 'vitest'
import { createKubeClient, type KubeObject } from './client.ts'
import { createInformer, type InformerOptions } from './informer.ts'
import { CONFIG_MAPS } from './resources.ts'

/** Real sockets are between a deed and what comes of it. */
const eventually = (check: () => void) => vi.waitFor(check, { timeout: 30_000, interval: 5 })

const LONGEST_RETRY_MS = 30_000

interface Follow extends Partial<InformerOptions<string>> {
  readonly objects?: readonly string[]
}

async function startWorld({ objects = [], ...options }: Follow = {}) {
  const server = await startFakeApiServer()
  const clock = new ManualClock()
  const client = createKubeClient(server.access, { clock, burst: 10_000 })
  const ended = new AbortController()
  const told: string[] = []
  const lines: string[] = []
  const follow: InformerOptions<string> = {
    client,
    resource: CONFIG_MAPS,
    trim: (object) => toValue(object),
    clock,
    log: createLog((line) => lines.push(JSON.parse(line).msg), 'debug'),
    ...options,
  }
  const informer = createInformer(follow)
  const listener = {
    onUpserted: (name: string, value: string, before?: string) => told.push(`${name} ${before ?? '-'} > ${value}`),
    onRemoved: (name: string, before: string) => told.push(`${name} ${before} > -`),
    onSynced: () => told.push('synced'),
  }
  const put = (name: string, value: string) =>
    client.apply(CONFIG_MAPS, { metadata: { namespace: 'n', name }, data: { value } }, { fieldManager: 'test' })
  const remove = (name: string) => client.delete({ resource: CONFIG_MAPS, namespace: 'n', name })
  for (const name of objects) await put(name, '1')
  return {
    server,
    clock,
    client,
    informer,
    told,
    lines,
    put,
    remove,
    end: () => ended.abort(),
    start: () => informer.start(listener, ended.signal),
    /** Awaits so many failures, and lets the last one be tried again, however long its wait is. */
    async retryAfter(failures: number) {
      await eventually(() => expect([informer.counters.failures, clock.waiting]).toEqual([failures, 1]))
      await clock.advanceAsync(LONGEST_RETRY_MS)
    },
    watching: (count = 1) => eventually(() => expect(server.watches).toBe(count)),
    toldAll: (expected: readonly string[]) => eventually(() => expect(told).toEqual(expected)),
    async [Symbol.asyncDispose]() {
      ended.abort()
      await server[Symbol.asyncDispose]()
    },
  }
}

interface ConfigMap extends KubeObject {
  readonly data?: { readonly value?: string }
}

function toValue(object: KubeObject): string {
  const { value } = (object as ConfigMap).data ?? {}
  if (value === undefined) throw new Error('no value')
  return value
}

describe('an informer', () => {
  test('tells all objects of the first list, then that it is complete, then changes in their order', async () => {
    await using world = await startWorld({ objects: ['a', 'b'] })
    await world.start()
    expect(world.told).toEqual(['n/a - > 1', 'n/b - > 1', 'synced'])
    expect(world.informer.isSynced).toBe(true)
    await world.watching()
    await world.put('a', '2')
    await world.put('c', '1')
    await world.remove('b')
    await world.toldAll(['n/a - > 1', 'n/b - > 1', 'synced', 'n/a 1 > 2', 'n/c - > 1', 'n/b 1 > -'])
    expect([...world.informer.values()]).toEqual(['2', '1'])
    expect(world.informer.get('n/c')).toBe('1')
    expect(world.informer.counters).toMatchObject({ lists: 1, watches: 1, events: 3, failures: 0 })
  })

  test('goes on from the last version after a cut, and misses nothing', async () => {
    await using world = await startWorld({ objects: ['a'] })
    await world.start()
    await world.watching()
    world.server.cutWatches()
    await world.watching(0)
    await world.put('a', '2')
    await world.remove('a')
    await world.retryAfter(1)
    await world.toldAll(['n/a - > 1', 'synced', 'n/a 1 > 2', 'n/a 2 > -'])
    expect(world.informer.counters).toMatchObject({ lists: 1, watches: 2, failures: 1 })
  })

  test('has no failure any more once it watches again, though nothing changes', async () => {
    await using world = await startWorld({ objects: ['a'] })
    await world.start()
    await world.watching()
    world.server.cutWatches()
    await eventually(() => expect(world.informer.failure).toBeDefined())
    await world.retryAfter(1)
    await eventually(() => expect(world.informer.failure).toBeUndefined())
    expect(world.informer.counters).toMatchObject({ lists: 1, watches: 2, events: 0, bookmarks: 0 })
  })

  test('goes on from a bookmark although older versions are forgotten', async () => {
    await using world = await startWorld({ objects: ['a'] })
    await world.start()
    await world.watching()
    world.server.store.forget()
    world.server.sendBookmarks()
    await eventually(() => expect(world.informer.counters.bookmarks).toBe(1))
    world.server.cutWatches()
    await world.watching(0)
    await world.put('a', '2')
    await world.retryAfter(1)
    await world.toldAll(['n/a - > 1', 'synced', 'n/a 1 > 2'])
    expect(world.informer.counters.lists).toBe(1)
  })

  test('lists again after 410 and tells the difference only, what is gone first', async () => {
    await using world = await startWorld({ objects: ['a', 'b', 'c'] })
    await world.start()
    await world.watching()
    world.server.cutWatches()
    await world.watching(0)
    await world.remove('b')
    await world.put('c', '2')
    await world.put('d', '1')
    world.server.store.forget()
    const before = world.told.length
    await world.retryAfter(1)
    await world.retryAfter(2)
    await eventually(() => expect(world.told.slice(before)).toEqual(['n/b 1 > -', 'n/c 1 > 2', 'n/d - > 1']))
    expect(world.informer.failure).toBeUndefined()
    expect(world.informer.size).toBe(3)
  })

  test('lists soon after an API server is back that has forgotten what it knew, but not once more at once', async () => {
    await using world = await startWorld({ objects: ['a'] })
    await world.start()
    await world.watching()
    await world.put('a', '2')
    await world.toldAll(['n/a - > 1', 'synced', 'n/a 1 > 2'])
    const back = world.server.addRule(() => 'cut')
    world.server.cutWatches()
    for (let failures = 1; failures <= 3; failures++) await world.retryAfter(failures)
    await eventually(() => expect(world.informer.counters.failures).toBe(4))
    const forgets = world.server.addRule(({ query }) => (query.has('watch') ? { status: 410 } : undefined))
    back()
    const waitOf = async (failures: number) => {
      await eventually(() => expect(world.informer.counters.failures).toBe(failures))
      await eventually(() => expect(world.clock.waiting).toBe(1))
      const beforeUs = world.clock.monotonicUs()
      while (world.clock.waiting > 0) world.clock.advance(50)
      return (world.clock.monotonicUs() - beforeUs) / 1000
    }
    expect(await waitOf(4)).toBeGreaterThanOrEqual(2000)
    expect(await waitOf(5)).toBeLessThanOrEqual(500)
    expect(await waitOf(6)).toBeGreaterThanOrEqual(500)
    forgets()
  })

  test('begins a list anew when a page was forgotten, and asks for one piece when that happens again', async () => {
    const objects = Array.from({ length: 501 }, (_, index) => `m${index}`)
    await using world = await startWorld({ objects })
    world.server.addRule(({ query }) => (query.has('continue') ? { status: 410 } : undefined))
    const started = world.start()
    await world.retryAfter(1)
    expect(world.told).toEqual([])
    await world.retryAfter(2)
    await started
    expect(world.informer.size).toBe(501)
    expect(world.told).toHaveLength(502)
  })

  test('waits longer and longer while the API server is away, and keeps what it has', async () => {
    await using world = await startWorld({ objects: ['a'] })
    await world.start()
    await world.watching()
    const back = world.server.addRule(() => 'cut')
    world.server.cutWatches()
    // Half of each wait is chance: it is over at its end, and never before its half.
    for (let failures = 1; failures <= 4; failures++) {
      await eventually(() => expect(world.informer.counters.failures).toBe(failures))
      await eventually(() => expect(world.clock.waiting).toBe(1))
      world.clock.advance(500 * 2 ** (failures - 1) * 0.49)
      expect(world.clock.waiting).toBe(1)
      world.clock.advance(500 * 2 ** (failures - 1) * 0.52)
    }
    expect(world.informer.failure?.message).toBeDefined()
    expect(world.informer.get('n/a')).toBe('1')
    back()
    await world.watching()
    expect(world.told).toEqual(['n/a - > 1', 'synced'])
  })

  test('waits also where a server that is overloaded asks for no wait', async () => {
    await using world = await startWorld()
    const body = { kind: 'Status', code: 429, reason: 'TooManyRequests', details: { retryAfterSeconds: 0 } }
    world.server.addRule(() => ({ status: 429, body: JSON.stringify(body) }))
    void world.start()
    await eventually(() => expect([world.informer.counters.failures, world.clock.waiting]).toEqual([1, 1]))
    world.clock.advance(100)
    expect(world.clock.waiting).toBe(1)
  })

  test('waits no longer than a minute, however long it is asked to', async () => {
    await using world = await startWorld()
    const body = { kind: 'Status', code: 429, reason: 'TooManyRequests', details: { retryAfterSeconds: 1e10 } }
    const back = world.server.addRule(() => ({ status: 429, body: JSON.stringify(body) }))
    void world.start()
    await eventually(() => expect([world.informer.counters.failures, world.clock.waiting]).toEqual([1, 1]))
    back()
    world.clock.advance(60_000)
    await eventually(() => expect(world.informer.isSynced).toBe(true))
  })

  test('asks a server that ends each watch at once with growing waits', async () => {
    await using world = await startWorld()
    world.server.addRule(({ query }) => (query.has('watch') ? { status: 200, body: '' } : undefined))
    await world.start()
    await eventually(() => expect(world.informer.counters.failures).toBe(1))
    await eventually(() => expect(world.clock.waiting).toBe(1))
    expect(world.informer.counters.watches).toBe(1)
  })

  test('begins the next watch at once when one ended after its time', async () => {
    await using world = await startWorld()
    await world.start()
    await world.watching()
    world.clock.advance(100_000)
    world.server.endWatches()
    await eventually(() => expect(world.informer.counters.watches).toBe(2))
    expect(world.informer.counters.failures).toBe(0)
  })

  test('takes a watch that is silent for two minutes for dead', async () => {
    await using world = await startWorld()
    await world.start()
    await world.watching()
    world.clock.advance(120_000)
    await world.retryAfter(1)
    await eventually(() => expect(world.informer.counters.watches).toBe(2))
  })

  test('treats what it cannot trim as if it did not exist', async () => {
    await using world = await startWorld({ objects: ['a'] })
    await world.client.create(CONFIG_MAPS, { metadata: { namespace: 'n', name: 'bad' } })
    await world.start()
    await world.watching()
    await world.client.patch({ resource: CONFIG_MAPS, namespace: 'n', name: 'a' }, { data: null }, { type: 'merge' })
    await world.toldAll(['n/a - > 1', 'synced', 'n/a 1 > -'])
    expect(world.lines.filter((line) => line === 'object not understood')).toHaveLength(2)
  })

  test('has no objects of a resource that the cluster does not know, until it does', async () => {
    await using world = await startWorld({ objects: ['a'], ifMissing: 'empty' })
    const install = world.server.addRule(() => ({ status: 404, body: '404 page not found' }))
    await world.start()
    expect(world.told).toEqual(['synced'])
    install()
    await world.retryAfter(1)
    await world.toldAll(['synced', 'n/a - > 1'])
  })

  test('ends when it is told to, also before its first list', async () => {
    await using world = await startWorld()
    world.server.addRule(() => 'cut')
    const started = world.start()
    await eventually(() => expect(world.informer.counters.failures).toBe(1))
    world.end()
    await started
    expect(world.informer.isSynced).toBe(false)
    expect(world.clock.waiting).toBe(0)
  })

  test('follows one namespace and what is selected only', async () => {
    await using world = await startWorld({ objects: ['a'], namespace: 'n', labelSelector: 'app=x' })
    const metadata = { labels: { app: 'x' } }
    await world.client.create(CONFIG_MAPS, {
      metadata: { ...metadata, namespace: 'n', name: 'x' },
      data: { value: '1' },
    })
    await world.client.create(CONFIG_MAPS, {
      metadata: { ...metadata, namespace: 'm', name: 'x' },
      data: { value: '1' },
    })
    await world.start()
    await world.watching()
    expect(world.told).toEqual(['n/x - > 1', 'synced'])
    expect(Object.fromEntries(world.server.requests.at(-1)!.query)).toMatchObject({
      labelSelector: 'app=x',
      watch: 'true',
    })
  })
})
