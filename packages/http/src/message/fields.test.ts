import { expect, test } from 'vitest'
import { createFields } from './fields.ts'

test.each([
  { name: '', value: 'x' },
  { name: 'A', value: 'x' },
  { name: 'a b', value: 'x' },
  { name: 'a:', value: 'x' },
  { name: 'a\u00e9', value: 'x' },
  { name: 'a', value: 'x\r\ny: z' },
  { name: 'a', value: 'x\n' },
  { name: 'a', value: 'x\u0000' },
  { name: 'a', value: ' x' },
  { name: 'a', value: 'x\t' },
  { name: 'a', value: '\u0141' },
  { name: 'a', value: 'x\u007f' },
])('the line $name: $value cannot be made', ({ name, value }) => {
  expect(() => createFields([[name, value]])).toThrow(RangeError)
  const fields = createFields([['a', 'kept']])
  expect(() => fields.set(name, value)).toThrow(RangeError)
  expect(() => fields.append(name, value)).toThrow(RangeError)
  expect(fields.count).toBe(1)
  expect(fields.get('a')).toBe('kept')
})
