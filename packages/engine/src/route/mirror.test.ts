import { describe, expect, test } from 'vitest'
import { compileMirror, isMirrored } from './mirror.ts'

const backend = { key: 'name:a.ns:80' }

describe('isMirrored()', () => {
  test.each([
    { name: 'all where nothing is said', json: { backend }, point: 0.999, mirrored: true },
    { name: 'all at 100 of 100', json: { backend, numerator: 100, denominator: 100 }, point: 0.999, mirrored: true },
    { name: 'none at 0 of 100', json: { backend, numerator: 0, denominator: 100 }, point: 0, mirrored: false },
    { name: 'those below the share', json: { backend, numerator: 1, denominator: 3 }, point: 0.33, mirrored: true },
    { name: 'not those above it', json: { backend, numerator: 1, denominator: 3 }, point: 0.34, mirrored: false },
  ])('takes $name', ({ json, point, mirrored }) => {
    expect(isMirrored(compileMirror(json)!, () => point)).toBe(mirrored)
  })
})

test.each([{ backend: { unresolved: 'no grant' } }, { backend: { key: 'name:a.ns:80', unresolved: 'gone' } }, {}])(
  'compileMirror() drops %j',
  (json) => {
    expect(compileMirror(json)).toBeUndefined()
  },
)
