import { expect, test } from 'vitest'
import { SetsByKey } from './sets-by-key.ts'

test('SetsByKey keeps each thing once under a key, in the order in which they came', () => {
  const sets = new SetsByKey<string>()
  for (const item of ['b', 'a', 'b']) sets.add('key', item)
  sets.add('other', 'c')
  expect([...sets.get('key')]).toEqual(['b', 'a'])
  expect([...sets.get('other')]).toEqual(['c'])
  expect(sets.get('none').size).toBe(0)
})

test('SetsByKey takes things out, and passes over what is not there', () => {
  const sets = new SetsByKey<string>()
  for (const item of ['a', 'b']) sets.add('key', item)
  sets.remove('key', 'a')
  sets.remove('key', 'c')
  sets.remove('none', 'a')
  expect([...sets.get('key')]).toEqual(['b'])
  sets.remove('key', 'b')
  expect(sets.get('key').size).toBe(0)
})
