import { expect, test } from 'vitest'
import { splitBySize } from './split-by-size.ts'

test.each([
  { name: 'nothing is one empty part', items: [], parts: [[]] },
  { name: 'what fits stays together', items: ['aaa', 'bbb'], parts: [['aaa', 'bbb']] },
  { name: 'what does not goes into the next part', items: ['aaa', 'bbb', 'c'], parts: [['aaa', 'bbb'], ['c']] },
  {
    name: 'what is too large alone is sent alone',
    items: ['a', 'bbbbbbbbbbbb', 'c'],
    parts: [['a'], ['bbbbbbbbbbbb'], ['c']],
  },
  { name: 'octets count, not characters', items: ['äää', 'b'], parts: [['äää'], ['b']] },
])('splitBySize(): $name', ({ items, parts }) => {
  expect(splitBySize(items, 10)).toEqual(parts)
})
