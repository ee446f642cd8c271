import { expect, test } from 'vitest'
import { PARTS, parseMemoryOptions } from './options.ts'

test('without arguments all parts are measured, streams over ten minutes', () => {
  expect(parseMemoryOptions([])).toEqual({ parts: PARTS, connections: 10_000, seconds: 600 })
})

test.each([
  { args: ['--parts', 'plain,heap'], names: '--parts heap' },
  { args: ['--seconds', '0'], names: '--seconds 0' },
  { args: ['--conns', 'many'], names: '--conns many' },
])('$args is refused by name', ({ args, names }) => {
  expect(() => parseMemoryOptions(args)).toThrow(names)
})
