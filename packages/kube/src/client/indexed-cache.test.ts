import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { IndexedCache } from './indexed-cache.ts'

interface Pod {
  readonly node: string
  readonly ips: readonly string[]
}

const INDEXES = { node: (pod: Pod) => [pod.node], ip: (pod: Pod) => pod.ips }

describe('IndexedCache', () => {
  test('finds values by each of their keys', () => {
    const cache = new IndexedCache(INDEXES)
    const web = { node: 'one', ips: ['10.0.0.1', 'fd00::1'] }
    cache.set('shop/web', web)
    cache.set('shop/db', { node: 'one', ips: [] })
    expect(cache.by('ip', 'fd00::1')).toEqual([web])
    expect(cache.by('node', 'one')).toHaveLength(2)
    expect(cache.by('node', 'two')).toEqual([])
    expect([...cache.namesBy('node', 'one')]).toEqual(['shop/web', 'shop/db'])
  })

  test('agrees with a search through all values, whatever is set and deleted', () => {
    const key = fc.constantFrom('a', 'b', 'c')
    const pod = fc.record({ node: key, ips: fc.uniqueArray(key) })
    const deed = fc.tuple(fc.constantFrom('x', 'y', 'z'), fc.option(pod, { nil: undefined }))
    fc.assert(
      fc.property(fc.array(deed), (deeds) => {
        const cache = new IndexedCache(INDEXES)
        const plain = new Map<string, Pod>()
        for (const [name, value] of deeds) {
          const before = plain.get(name)
          expect(value === undefined ? cache.delete(name) : cache.set(name, value)).toBe(before)
          if (value === undefined) plain.delete(name)
          else plain.set(name, value)
        }
        expect(new Map(cache.entries())).toEqual(plain)
        expect([...cache.values()]).toHaveLength(cache.size)
        for (const at of ['a', 'b', 'c']) {
          const having = [...plain].filter(([, { ips }]) => ips.includes(at)).map(([name]) => name)
          expect([...cache.namesBy('ip', at)].sort()).toEqual(having.sort())
        }
      }),
    )
  })
})
