import { expect, test } from 'vitest'
import { createRequestFacts } from '../route/request-facts.ts'
import { readHashKey } from './hash-key.ts'

const { fields, path } = createRequestFacts({
  path: '/cart?user=al%20ice&empty=&user=bob',
  headers: [
    ['x-user', 'carol'],
    ['cookie', 'a=1; session = s-1'],
    ['cookie', 'other=2'],
  ],
})
const FACTS = { fields, path, source: '10.0.0.7' }

test.each([
  { name: 'a header', on: [{ header: 'x-user' }], key: 'carol' },
  { name: 'a cookie', on: [{ cookie: 'session' }], key: 's-1' },
  { name: 'a cookie of a second field', on: [{ cookie: 'other' }], key: '2' },
  { name: 'a query parameter', on: [{ queryParam: 'user' }], key: 'al ice' },
  { name: 'the source', on: [{ sourceAddress: true }], key: '10.0.0.7' },
  { name: 'the first that is there', on: [{ header: 'x-none' }, { queryParam: 'empty' }, { cookie: 'a' }], key: '1' },
  {
    name: 'none that is there',
    on: [{ header: 'x-none' }, { cookie: 'none' }, { queryParam: 'none' }],
    key: undefined,
  },
  { name: 'nothing', on: [], key: undefined },
])('readHashKey() reads $name', ({ on, key }) => {
  expect(readHashKey(on, FACTS)).toBe(key)
})
