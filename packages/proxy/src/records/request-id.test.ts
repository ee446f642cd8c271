import { createFields } from '@heddle/http/fields'
import { expect, test } from 'vitest'
import { readRequestId } from './request-id.ts'

test.each([
  { text: 'abc-123', isSane: true },
  { text: '0f8fad5b-d9cb-469f-a165-70867728950e', isSane: true },
  { text: 'Root=1-67891233-abcdef012345678912345678', isSane: true },
  { text: 'a'.repeat(128), isSane: true },
  { text: 'a'.repeat(129), isSane: false },
  { text: '', isSane: false },
  { text: 'a b', isSane: false },
  { text: '"x"', isSane: false },
  { text: '$(reboot)', isSane: false },
  { text: '\u00e9', isSane: false },
])('x-request-id: $text is taken: $isSane', ({ text, isSane }) => {
  expect(readRequestId(createFields([['x-request-id', text]]))).toBe(isSane ? text : undefined)
})

test('no field is no id', () => {
  expect(readRequestId(createFields())).toBeUndefined()
})
