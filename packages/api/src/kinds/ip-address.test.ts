import { isIP } from 'node:net'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { canonicalIp, formatIp, parseIp } from './ip-address.ts'

describe('canonicalIp()', () => {
  test.each([
    { text: '10.0.0.7', canonical: '10.0.0.7' },
    { text: 'FD00:0:0:0:0:0:0:7', canonical: 'fd00::7' },
    { text: '::', canonical: '::' },
    { text: '::1', canonical: '::1' },
    { text: '1::', canonical: '1::' },
    { text: '2001:db8:0:1:1:1:1:1', canonical: '2001:db8:0:1:1:1:1:1' },
    { text: '2001:0:0:1:0:0:0:1', canonical: '2001:0:0:1::1' },
    { text: '::ffff:10.0.0.7', canonical: '10.0.0.7' },
    { text: '64:ff9b::192.0.2.33', canonical: '64:ff9b::c000:221' },
  ])('writes $text as $canonical', ({ text, canonical }) => {
    expect(canonicalIp(text)).toBe(canonical)
  })

  test.each([
    '',
    '10.0.0',
    '10.0.0.256',
    '10.0.0.07',
    '10.0.0.7.8',
    '10.0.0.7/8',
    ':',
    ':::',
    '1:2:3:4:5:6:7',
    '1:2:3:4:5:6:7:8:9',
    '1::2::3',
    '1:2:3:4:5:6:7::8',
    'fe80::1%eth0',
    'fd00::g',
    '::10.0.0.7:1',
    '[::1]',
  ])('refuses %j', (text) => {
    expect(canonicalIp(text)).toBeUndefined()
  })

  test('accepts what the platform calls an address, and nothing else', () => {
    const nearlyIp = fc.string({ unit: fc.constantFrom('0', '1', 'f', ':', '.', '25', '::'), maxLength: 20 })
    fc.assert(
      fc.property(fc.oneof(fc.ipV4(), fc.ipV6(), nearlyIp), (text) => {
        expect(canonicalIp(text) !== undefined).toBe(isIP(text) !== 0)
      }),
    )
  })
})

const PLAIN = { noNullPrototype: true } as const

test('formatIp() is the inverse of parseIp()', () => {
  const v4 = fc.record({ family: fc.constant(4 as const), value: fc.bigInt(0n, (1n << 32n) - 1n) }, PLAIN)
  const v6 = fc.record({ family: fc.constant(6 as const), value: fc.bigInt(0n, (1n << 128n) - 1n) }, PLAIN)
  fc.assert(
    fc.property(fc.oneof(v4, v6), (ip) => {
      expect(parseIp(formatIp(ip))).toEqual(ip)
    }),
  )
})

test('formatIp() writes IPv6 as the platform does (RFC 5952)', () => {
  fc.assert(
    fc.property(fc.ipV6(), (text) => {
      const ip = parseIp(text)!
      if (ip.value >> 32n === 0n || ip.value >> 32n === 0xffffn) return
      expect(`[${formatIp(ip)}]`).toBe(new URL(`http://[${text}]/`).hostname)
    }),
  )
})
