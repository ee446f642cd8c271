import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { formatSpiffeId, isTrustDomain, parseSpiffeId, serverNameOf } from './spiffe-id.ts'

describe('parseSpiffeId()', () => {
  test.each([
    { text: 'spiffe://heddle.local/ns/emojivote/sa/web', parts: ['heddle.local', 'emojivote', 'web'] },
    { text: 'spiffe://a_b-c.1/ns/n/sa/my.dotted.account', parts: ['a_b-c.1', 'n', 'my.dotted.account'] },
  ])('reads $text', ({ text, parts }) => {
    const [trustDomain, namespace, serviceAccount] = parts
    expect(parseSpiffeId(text)).toEqual({ trustDomain, namespace, serviceAccount })
  })

  test.each([
    { name: 'nothing', text: '' },
    { name: 'another scheme', text: 'https://heddle.local/ns/a/sa/b' },
    { name: 'capitals in the scheme', text: 'SPIFFE://heddle.local/ns/a/sa/b' },
    { name: 'capitals in the trust domain', text: 'spiffe://Heddle.local/ns/a/sa/b' },
    { name: 'a port', text: 'spiffe://heddle.local:443/ns/a/sa/b' },
    { name: 'a user', text: 'spiffe://me@heddle.local/ns/a/sa/b' },
    { name: 'no trust domain', text: 'spiffe:///ns/a/sa/b' },
    { name: 'a trust domain alone', text: 'spiffe://heddle.local' },
    { name: 'a trailing slash', text: 'spiffe://heddle.local/ns/a/sa/b/' },
    { name: 'an empty segment', text: 'spiffe://heddle.local//ns/a/sa/b' },
    { name: 'an empty namespace', text: 'spiffe://heddle.local/ns//sa/b' },
    { name: 'a dot segment', text: 'spiffe://heddle.local/ns/../sa/b' },
    { name: 'an escape', text: 'spiffe://heddle.local/ns/a/sa/%62' },
    { name: 'a query', text: 'spiffe://heddle.local/ns/a/sa/b?c' },
    { name: 'a fragment', text: 'spiffe://heddle.local/ns/a/sa/b#c' },
    { name: 'another shape', text: 'spiffe://heddle.local/workload/a' },
    { name: 'the parts the other way round', text: 'spiffe://heddle.local/sa/a/ns/b' },
    { name: 'a dotted namespace', text: 'spiffe://heddle.local/ns/a.b/sa/c' },
    { name: 'a NUL at the end', text: 'spiffe://heddle.local/ns/a/sa/b\0' },
    { name: 'a new line at the end', text: 'spiffe://heddle.local/ns/a/sa/b\n' },
    { name: 'a letter that only looks like one of ours', text: 'spiffe://heddle.local/ns/а/sa/b' },
    { name: 'a namespace above 63 octets', text: `spiffe://heddle.local/ns/${'a'.repeat(64)}/sa/b` },
    {
      name: 'more than a server name holds',
      text: `spiffe://heddle.local/ns/a/sa/${Array(5).fill('a'.repeat(60)).join('.')}`,
    },
  ])('refuses $name', ({ text }) => {
    expect(parseSpiffeId(text)).toBeUndefined()
  })

  test('is the inverse of formatSpiffeId(), so equal ids have equal texts', () => {
    const label = fc.stringMatching(/^[a-z0-9]([a-z0-9-]{0,20}[a-z0-9])?$/)
    fc.assert(
      fc.property(label, label, label, (trustDomain, namespace, serviceAccount) => {
        const id = { trustDomain, namespace, serviceAccount }
        expect(parseSpiffeId(formatSpiffeId(id))).toEqual(id)
      }),
    )
  })

  test('has one spelling for whatever it reads', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^spiffe:\/\/[a-z./_%-]{0,8}\/ns\/[a-zA-Z.]{0,4}\/sa\/[a-z./]{0,6}$/), (text) => {
        const id = parseSpiffeId(text)
        expect(id === undefined || formatSpiffeId(id) === text).toBe(true)
      }),
    )
  })
})

test('formatSpiffeId() names the part which cannot be in an id', () => {
  const id = { trustDomain: 'heddle.local', namespace: 'a', serviceAccount: 'b' }
  expect(() => formatSpiffeId({ ...id, trustDomain: 'x/y' })).toThrow('"x/y" is not a trust domain')
  expect(() => formatSpiffeId({ ...id, namespace: 'A' })).toThrow('"A" is not a namespace')
  expect(() => formatSpiffeId({ ...id, serviceAccount: '' })).toThrow('"" is not a service account')
})

test('serverNameOf() is the name that a TLS client asks for', () => {
  const id = parseSpiffeId('spiffe://heddle.local/ns/emojivote/sa/voting')
  expect(serverNameOf(id!)).toBe('voting.emojivote.sa.heddle.local')
})

test('isTrustDomain() follows the SPIFFE specification', () => {
  expect(isTrustDomain('prod_1.example-corp')).toBe(true)
  for (const text of ['', 'Prod', 'a/b', 'a:1', 'ä', 'a'.repeat(256)]) expect(isTrustDomain(text)).toBe(false)
})
