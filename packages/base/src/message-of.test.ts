import { expect, test } from 'vitest'
import { messageOf } from './message-of.ts'

test.each([
  { thrown: new RangeError('too large'), text: 'too large' },
  { thrown: 'a word', text: 'a word' },
  { thrown: undefined, text: 'undefined' },
])('messageOf() gives "$text"', ({ thrown, text }) => {
  expect(messageOf(thrown)).toBe(text)
})
