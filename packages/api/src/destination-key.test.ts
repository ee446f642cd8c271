import fc from 'fast-check'
import { expect, test } from 'vitest'
import { formatAddressKey, formatNameKey, parseKey } from './destination-key.ts'

test.each([
  {
    key: 'name:web-svc.shop:80',
    parsed: { kind: 'name', service: 'web-svc', namespace: 'shop', port: 80 },
  },
  {
    key: 'address:10.0.0.7:65535',
    parsed: { kind: 'address', address: '10.0.0.7', port: 65_535 },
  },
  { key: 'address:[FD00:0::7]:1', parsed: { kind: 'address', address: 'fd00::7', port: 1 } },
  {
    key: 'address:[::ffff:10.0.0.7]:1',
    parsed: { kind: 'address', address: '10.0.0.7', port: 1 },
  },
])('parseKey() reads $key', ({ key, parsed }) => {
  expect(parseKey(key)).toEqual(parsed)
})

test.each([
  '',
  'name:web:80',
  'name:web.shop',
  'name:web.shop:0',
  'name:web.shop:080',
  'name:web.shop:65536',
  'name:Web.shop:80',
  'name:web.shop.svc:80',
  'address:10.0.0.7',
  'address:10.0.0.256:80',
  'address:fd00::7:80',
  'address:[fd00::7%eth0]:80',
  'address:[10.0.0.7:80',
  `name:${'a'.repeat(200)}.shop:80`,
])('parseKey() refuses %j', (key) => {
  expect(parseKey(key)).toMatchObject({ kind: 'invalid', reason: expect.any(String) })
})

test('parseKey() is the inverse of formatAddressKey()', () => {
  fc.assert(
    fc.property(fc.oneof(fc.ipV4(), fc.ipV6()), fc.integer({ min: 1, max: 65_535 }), (address, port) => {
      expect(parseKey(formatAddressKey(address, port))).toMatchObject({ kind: 'address', port })
    }),
  )
})

test('parseKey() is the inverse of formatNameKey()', () => {
  const key = formatNameKey({ namespace: 'shop', name: 'web-svc' }, 80)
  expect(parseKey(key)).toEqual({ kind: 'name', service: 'web-svc', namespace: 'shop', port: 80 })
})
