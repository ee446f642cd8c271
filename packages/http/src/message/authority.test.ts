import { expect, test } from 'vitest'
import { hasPort, isAuthority } from './authority.ts'

test.each([
  'a',
  'a.b-c_d~e',
  'a:80',
  'a:0',
  'a:65535',
  '10.0.0.1:80',
  '[::1]',
  '[::1]:80',
  '[fe80::1:2.3.4.5]:1',
  "a!$&'()*+,;=",
  'a%2fb',
])('%s is an authority', (text) => {
  expect(isAuthority(text)).toBe(true)
})

test.each([
  '',
  ':',
  ':80',
  'a:',
  'a:65536',
  'a:000080',
  'a:b',
  'a:8 0',
  'a b',
  'a@b',
  'a/b',
  '[]',
  '[:]',
  '[::1',
  '[::1]a',
  '[::1]:',
  '[v1.x]',
  'a%',
  'a%2',
  'a%2g',
  'a\u0141',
])('%j is none', (text) => {
  expect(isAuthority(text)).toBe(false)
})

test.each([
  { authority: 'a', expected: false },
  { authority: 'a:1', expected: true },
  { authority: '[::1]', expected: false },
  { authority: '[::1]:1', expected: true },
])('hasPort($authority) is $expected', ({ authority, expected }) => {
  expect(hasPort(authority)).toBe(expected)
})
