import { ManualClock } from '@heddle/testkit/manual-clock'
import { describe, expect, test } from 'vitest'
import { DestinationTable, type DestinationTableOptions } from './destination-table.ts'

const KEY = 'name:voting-svc.emojivote:8080'
const ADDRESS = 'address:10.0.0.7:80'
const MINUTE_MS = 60_000

function world(options: Partial<DestinationTableOptions> = {}) {
  const clock = new ManualClock()
  const wanted: string[] = []
  const gone: string[] = []
  const table = new DestinationTable({
    clock,
    beforeDiscovery: 'refuse',
    timeoutMs: 3_000,
    want: (key) => wanted.push(key),
    letGo: (key) => gone.push(key),
    ...options,
  })
  return { clock, table, wanted, gone }
}

function unmeshed(key: string, version = 'v1') {
  return { key, destination: { version, unmeshed: {} } }
}

describe('DestinationTable', () => {
  test('asks once for an unknown destination, however many wait for it', async () => {
    const { clock, table, wanted } = world()
    const first = table.resolve(KEY)
    const second = table.resolve(KEY)
    expect(wanted).toEqual([KEY])
    table.apply([unmeshed(KEY)])
    const destination = await first
    expect(await second).toBe(destination)
    expect(table.resolve(KEY)).toBe(destination)
    expect(clock.waiting).toBe(0)
  })

  test('keeps the object of a destination while its content changes', async () => {
    const { table } = world()
    const resolved = table.resolve(KEY)
    table.apply([unmeshed(KEY)])
    table.apply([{ key: KEY, destination: { version: 'v2', notFound: { reason: 'gone' } } }])
    expect(table.resolve(KEY)).toBe(await resolved)
    expect(await resolved).toEqual({ kind: 'missing', reason: 'gone', version: 'v2' })
  })

  test('tells at once who waits for what cannot be used, and takes what comes after it', async () => {
    const { clock, table } = world()
    const early = table.resolve(KEY)
    const broken = { key: KEY, destination: { version: 'v1', service: { namespace: 'emojivote' } } }
    expect(table.apply([broken]).problems).toEqual([`${KEY}: a Service without name or namespace`])
    const refused = { code: 'configuration_refused', message: `${KEY}: a Service without name or namespace` }
    await expect(early).rejects.toMatchObject(refused)
    await expect(table.resolve(KEY)).rejects.toMatchObject(refused)
    expect(clock.waiting).toBe(0)
    table.apply([unmeshed(KEY)])
    expect(table.resolve(KEY)).toMatchObject({ kind: 'unmeshed' })
    table.apply([broken])
    expect(table.resolve(KEY)).toMatchObject({ kind: 'unmeshed' })
  })

  test('refuses after the deadline, and answers those who ask later', async () => {
    const { clock, table, wanted } = world()
    const early = table.resolve(KEY)
    clock.advance(3_000)
    await expect(early).rejects.toMatchObject({ name: 'ProxyError', code: 'discovery_unavailable' })
    const late = table.resolve(KEY)
    table.apply([unmeshed(KEY)])
    expect(await late).toMatchObject({ kind: 'unmeshed' })
    expect(wanted).toEqual([KEY])
  })

  test('applies nothing of a message of which something makes no sense', async () => {
    const { table } = world()
    table.prepare(KEY)
    table.prepare(ADDRESS)
    const { problems } = table.apply([unmeshed(KEY), { key: ADDRESS, destination: {} }])
    expect(problems).toEqual([`${ADDRESS}: a destination without version`])
    expect([...table.list()]).toEqual([])
  })

  test('takes no notice of what it does not want any more', () => {
    const { table } = world()
    expect(table.apply([{ key: KEY, destination: {} }]).problems).toEqual([])
    expect(table.size).toBe(0)
  })

  test('asks for the whole, and serves on, when a delta builds on another version', () => {
    const { table, wanted } = world()
    table.prepare(KEY)
    table.apply([{ key: KEY, destination: { version: 'v1', service: { namespace: 'a', name: 'b', port: 1 } } }])
    const applied = table.apply([{ key: KEY, delta: { baseVersion: 'v7', version: 'v8' } }])
    expect(applied.problems).toEqual([])
    expect(wanted).toEqual([KEY, KEY])
    expect(table.resolve(KEY)).toMatchObject({ kind: 'service', version: 'v1' })
  })

  test('lets go what was not used for five minutes', () => {
    const { clock, table, gone } = world()
    for (const key of [KEY, ADDRESS]) table.prepare(key)
    table.apply([unmeshed(KEY), unmeshed(ADDRESS)])
    for (let minute = 0; minute < 6; minute++) {
      void table.resolve(KEY)
      clock.advance(MINUTE_MS)
      table.sweep()
    }
    expect(gone).toEqual([ADDRESS])
    expect(table.subscriptions()).toEqual([{ key: KEY, version: 'v1' }])
  })

  test('asks again each minute for what does not exist and is not followed, while it is in use', () => {
    const { clock, table, wanted } = world()
    const missing = (unfollowed: boolean) => ({ version: 'v1', notFound: { reason: 'there is none', unfollowed } })
    for (const key of [KEY, ADDRESS, 'name:known.shop:80']) table.prepare(key)
    table.apply([
      { key: KEY, destination: missing(true) },
      { key: ADDRESS, destination: missing(true) },
      { key: 'name:known.shop:80', destination: missing(false) },
    ])
    wanted.length = 0
    void table.resolve(KEY)
    void table.resolve('name:known.shop:80')
    clock.advance(MINUTE_MS)
    table.sweep()
    expect(wanted).toEqual([KEY])
    table.apply([unmeshed(KEY)])
    void table.resolve(KEY)
    table.sweep()
    expect(wanted).toEqual([KEY])
  })

  test('lets nothing go because the clock on the wall was set: the control plane may be away', () => {
    const { clock, table, gone } = world()
    table.prepare(KEY)
    table.apply([unmeshed(KEY)])
    clock.setWall(8 * 60 * MINUTE_MS)
    clock.advance(MINUTE_MS)
    table.sweep()
    expect(gone).toEqual([])
  })

  test('holds a bounded number: the longest unused one makes room', () => {
    const { clock, table, gone } = world({ maxDestinations: 2 })
    for (const key of ['a', 'b']) table.prepare(key)
    table.apply([unmeshed('a'), unmeshed('b')])
    void table.resolve('a')
    clock.advance(MINUTE_MS)
    table.sweep()
    table.prepare('c')
    expect(gone).toEqual(['b'])
    expect(table.size).toBe(2)
  })

  test('refuses more when everything that is held is waited for', async () => {
    const { clock, table } = world({ maxDestinations: 1 })
    const first = table.resolve('a')
    await expect(table.resolve('b')).rejects.toMatchObject({ code: 'discovery_unavailable' })
    clock.advance(3_000)
    await expect(first).rejects.toMatchObject({ code: 'discovery_unavailable' })
  })

  test('lets addresses pass before the first discovery where told to, but no names', async () => {
    const { clock, table, wanted } = world({ beforeDiscovery: 'pass-through' })
    expect(table.resolve(ADDRESS)).toMatchObject({ kind: 'unmeshed' })
    const name = table.resolve(KEY)
    clock.advance(3_000)
    await expect(name).rejects.toMatchObject({ code: 'discovery_unavailable' })
    expect(wanted).toEqual([ADDRESS, KEY])

    table.apply([])
    expect(table.resolve(ADDRESS)).toBeInstanceOf(Promise)
    table.apply([unmeshed(ADDRESS)])
  })
})
