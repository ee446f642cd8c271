import { expect, test } from 'vitest'
import { compareTexts } from './compare-texts.ts'

test.each([
  { given: ['b', 'a', 'a'], sorted: ['a', 'a', 'b'] },
  { given: ['a', 'ab', 'A', ''], sorted: ['', 'A', 'a', 'ab'] },
  // A locale would put it between a and b.
  { given: ['ä', 'b', 'a'], sorted: ['a', 'b', 'ä'] },
])('compareTexts() sorts $given to $sorted', ({ given, sorted }) => {
  expect(given.toSorted(compareTexts)).toEqual(sorted)
})

test('compareTexts() finds the same text equal', () => {
  expect(compareTexts('web', 'web')).toBe(0)
})
