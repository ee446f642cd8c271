import { processorMsOf } from '@heddle/testkit/processor-time'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { readQueryParam } from './query-param.ts'

describe('readQueryParam()', () => {
  test.each([
    { name: 'has nothing without a query', path: '/a', param: 'b', value: undefined },
    { name: 'has nothing in an empty query', path: '/a?', param: 'b', value: undefined },
    { name: 'reads the only one', path: '/a?b=c', param: 'b', value: 'c' },
    { name: 'takes the first of several', path: '/a?x=1&b=c&b=d', param: 'b', value: 'c' },
    { name: 'reads a name without value as empty', path: '/a?b&c=1', param: 'b', value: '' },
    { name: 'keeps further equals signs', path: '/a?b=c=d', param: 'b', value: 'c=d' },
    { name: 'is case-sensitive', path: '/a?B=c', param: 'b', value: undefined },
    { name: 'decodes values', path: '/a?b=%C3%A9+x%2By', param: 'b', value: 'é x+y' },
    { name: 'decodes names', path: '/a?%62=c', param: 'b', value: 'c' },
    { name: 'leaves broken encoding as it is', path: '/a?b=%zz+', param: 'b', value: '%zz+' },
    { name: 'does not take a part of a name', path: '/a?ab=1&ba=2', param: 'b', value: undefined },
    { name: 'takes a question mark for part of a value', path: '/a?b=c?d', param: 'b', value: 'c?d' },
  ])('$name', ({ path, param, value }) => {
    expect(readQueryParam(path, param)).toBe(value)
  })

  test('reads whatever URLSearchParams has written', () => {
    const pairs = fc.array(fc.tuple(fc.string({ minLength: 1, unit: 'grapheme' }), fc.string({ unit: 'grapheme' })), {
      minLength: 1,
      maxLength: 5,
    })
    fc.assert(
      fc.property(pairs, (written) => {
        const params = new URLSearchParams(written)
        for (const [name] of written) expect(readQueryParam(`/a?${params}`, name)).toBe(params.get(name))
      }),
    )
  })

  test.each([
    { name: 'plain', filler: '&a' },
    { name: 'encoded', filler: '&%61' },
    { name: 'with values', filler: '&a=%20' },
  ])('asks a long query for many parameters without going through it each time: $name', ({ filler }) => {
    const path = `/?${filler.repeat(60_000 / filler.length)}&b=%C3%A9+x&b=later&c&%64=e`
    const tookMs = processorMsOf(() => {
      for (let i = 0; i < 5_000; i++) expect(readQueryParam(path, `p${i}`)).toBe(undefined)
    })
    expect(tookMs).toBeLessThan(1_000)
    expect(['b', 'c', 'd', '__proto__'].map((name) => readQueryParam(path, name))).toEqual(['é x', '', 'e', undefined])
    expect(readQueryParam(`${path}&p1=now`, 'p1')).toBe('now')
    expect(readQueryParam(path, 'p1')).toBe(undefined)
  })
})
