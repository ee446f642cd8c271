import { expect, test } from 'vitest'
import { nearest } from './nearest.ts'

test.each([
  { text: 'protocl', known: ['protocol', 'port'], found: 'protocol' },
  { text: 'prot', known: ['protocol', 'port'], found: 'port' },
  { text: 'Replicas', known: ['replicas', 'args'], found: 'replicas' },
  { text: 'naem', known: ['name'], found: 'name' },
  { text: 'xyz', known: ['name', 'port'], found: undefined },
  { text: '', known: ['name'], found: undefined },
])('nearest() finds $found for $text', ({ text, known, found }) => {
  expect(nearest(text, known)).toBe(found)
})
