import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { hashName, sha256 } from './name-hash.ts'

test('sha256() is SHA-256', () => {
  const property = fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
    const digest = createHash('sha256').update(bytes).digest()
    expect(Array.from(sha256(bytes))).toEqual(Array.from({ length: 8 }, (_, at) => digest.readUInt32BE(at * 4)))
  })
  fc.assert(property)
})

test('hashName() keeps 20,000 names apart', () => {
  const names = Array.from({ length: 20_000 }, (_, n) => hashName('ns/web:80', `ns/web-${n % 1000}-${n}:8080`))
  expect(new Set(names).size).toBe(20_000)
  expect(names.every((name) => /^[0-9a-z]{14}$/.test(name))).toBe(true)
})

test('hashName() gives a name another hash in each scope', () => {
  expect(hashName('ns/web:80', 'ns/web-0:8080')).toBe(hashName('ns/web:80', 'ns/web-0:8080'))
  expect(hashName('ns/web:80', 'ns/web-0:8080')).not.toBe(hashName('ns/web:443', 'ns/web-0:8080'))
})
