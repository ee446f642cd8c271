import fc from 'fast-check'
import { expect, test } from 'vitest'
import { median, round } from './statistics.ts'

test.each([
  { values: [3], middle: 3 },
  { values: [1, 9, 5], middle: 5 },
  { values: [10, 2, 1, 4], middle: 3 },
])('median() of $values is $middle', ({ values, middle }) => {
  expect(median(values)).toBe(middle)
})

test('median() has as many values above as below', () => {
  fc.assert(
    fc.property(fc.array(fc.integer(), { minLength: 1 }), (values) => {
      const middle = median(values)
      const above = values.filter((value) => value > middle).length
      const below = values.filter((value) => value < middle).length
      expect(Math.max(above, below)).toBeLessThanOrEqual(values.length / 2)
    }),
  )
})

test('median() refuses nothing', () => {
  expect(() => median([])).toThrow(RangeError)
})

test('round() keeps the digits asked for', () => {
  expect([round(12.345, 1), round(12.5), round(0.004, 2)]).toEqual([12.3, 13, 0])
})
