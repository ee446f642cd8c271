import { expect, test } from 'vitest'
import { fuzzOnce } from '../fuzz/run-fuzz.ts'

const MUTANTS = 4000

test('mutants of the corpus never throw, never depend on how they are cut, and never pass as something else', () => {
  for (let seed = 1; seed <= MUTANTS; seed++) expect(fuzzOnce(seed)).toBeUndefined()
})

test('a trailer line that is wrong before the connection ends is told the same however it came', () => {
  expect(fuzzOnce(204_169)).toBeUndefined()
})
