import { describe, expect, test } from 'vitest'
import { linesOf } from '../../test/lines-of.ts'
import { createFields, type Fields } from '../message/fields.ts'
import { HeaderFields } from './header-fields.ts'
import { entryOf } from './hpack/entry-cache.ts'

const LINES = [
  ['a', '1'],
  ['b', '2'],
  ['a', '3'],
  ['c', ''],
] as const

function received(): HeaderFields {
  return new HeaderFields(
    [[':status', '200'] as const, ...LINES].map(([name, value]) => entryOf(name, value)),
    1,
  )
}

describe('HeaderFields', () => {
  test('has the lines behind the pseudo-headers', () => {
    expect(linesOf(received())).toEqual(['a: 1', 'b: 2', 'a: 3', 'c: '])
    expect(received().get(':status')).toBeUndefined()
    expect(received().has(':status')).toBe(false)
    expect(received().entryAt(0)).toBe(entryOf('a', '1'))
  })

  test('finds by name', () => {
    expect(received().get('a')).toBe('1')
    expect(received().getAll('a')).toEqual(['1', '3'])
    expect(received().get('d')).toBeUndefined()
    expect(received().getAll('d')).toEqual([])
    expect(received().has('c')).toBe(true)
    expect(received().has('d')).toBe(false)
  })

  // As fields of HTTP/1 do, whatever they do.
  test.each([
    { name: 'set() of one that comes twice', change: (fields: Fields) => fields.set('a', 'x') },
    { name: 'set() of the last', change: (fields: Fields) => fields.set('c', 'x') },
    { name: 'set() of a new one', change: (fields: Fields) => fields.set('d', 'x') },
    { name: 'append() of one that is there', change: (fields: Fields) => fields.append('b', 'x') },
    { name: 'remove() of one that comes twice', change: (fields: Fields) => fields.remove('a') },
    { name: 'remove() of one that is not there', change: (fields: Fields) => fields.remove('d') },
    { name: 'remove() of a pseudo-header', change: (fields: Fields) => fields.remove(':status') },
    {
      name: 'several changes',
      change: (fields: Fields) => {
        fields.append('a', '4')
        fields.remove('b')
        fields.set('a', '5')
        fields.append('b', '6')
      },
    },
  ])('is changed by $name as other fields are', ({ change }) => {
    const fields = received()
    const other = createFields(LINES)
    change(fields)
    change(other)
    expect(linesOf(fields)).toEqual(linesOf(other))
  })

  test.each([
    { name: '', value: 'x' },
    { name: 'A', value: 'x' },
    { name: ':path', value: '/' },
    { name: 'a b', value: 'x' },
    { name: 'a', value: 'x\r\ny: z' },
    { name: 'a', value: ' x' },
    { name: 'a', value: '\u0141' },
  ])('refuses the line $name: $value and stays as it was', ({ name, value }) => {
    const fields = received()
    expect(() => fields.set(name, value)).toThrow(RangeError)
    expect(() => fields.append(name, value)).toThrow(RangeError)
    expect(linesOf(fields)).toEqual(['a: 1', 'b: 2', 'a: 3', 'c: '])
  })

  test('does not change the entries that it shares with others', () => {
    received().set('a', 'changed')
    expect(entryOf('a', '1').value).toBe('1')
  })
})
