import { Buffer } from 'node:buffer'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { isAuthority } from '../message/authority.ts'
import { hostAt } from './hosts.ts'

function read(host: string): string | undefined {
  const bytes = Buffer.from(`Host: ${host}\r\n`, 'latin1')
  return hostAt(bytes, 6, 6 + host.length)
}

test('reads a host, the first time and again', () => {
  expect(read('voting-svc.emojivote:8080')).toBe('voting-svc.emojivote:8080')
  expect(read('voting-svc.emojivote:8080')).toBe('voting-svc.emojivote:8080')
  expect(read('Voting-svc.emojivote:8080')).toBe('Voting-svc.emojivote:8080')
})

test.each(['a b', 'a@b', 'a:', '[::1', 'a\u00e4'])('%j is no host, the first time and again', (host) => {
  expect(read(host)).toBeUndefined()
  expect(read(host)).toBeUndefined()
})

test('a host of any length is read', () => {
  const long = `${'a'.repeat(300)}:80`
  expect(read(long)).toBe(long)
  expect(read(long)).toBe(long)
})

test('never takes one host for another, nor what is none for one', () => {
  const host = fc.string({ unit: fc.constantFrom('a', 'b', '.', ':', '1', ' '), minLength: 1, maxLength: 6 })
  fc.assert(
    fc.property(fc.array(host, { maxLength: 300 }), (all) => {
      for (const one of all) expect(read(one)).toBe(isAuthority(one) ? one : undefined)
    }),
  )
})
