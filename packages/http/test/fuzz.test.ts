import { expect, test } from 'vitest'
import { fuzzOnce } from '../fuzz/run-fuzz.ts'

const MUTANTS = 4000

test('mutants of the corpus never throw, never depend on how they are cut, and never pass as something else', () => {
  for (let seed = 1; seed <= MUTANTS; seed++) expect(fuzzOnce(seed)).toBeUndefined()
})
