import { expect, test } from 'vitest'
import { addressOfKey, serviceOfKey } from './destination-key.ts'

test.each([
  { key: 'name:cart.shop:80', namespace: 'shop', name: 'cart', port: 80 },
  { key: 'address:10.0.0.7:8080', namespace: '', name: '', port: 8080 },
  { key: 'address:[fd00::7]:443', namespace: '', name: '', port: 443 },
  { key: 'name:cart.static:0', namespace: 'static', name: 'cart', port: 0 },
])('serviceOfKey() reads $key', ({ key, namespace, name, port }) => {
  expect(serviceOfKey(key)).toEqual({ namespace, name, port })
})

test.each([
  { key: 'address:10.0.0.7:8080', host: '10.0.0.7', port: 8080 },
  { key: 'address:[fd00::7]:443', host: 'fd00::7', port: 443 },
])('addressOfKey() reads $key', ({ key, host, port }) => {
  expect(addressOfKey(key)).toEqual({ host, port })
})

test('addressOfKey() refuses the key of a Service, which has no address', () => {
  expect(() => addressOfKey('name:cart.shop:80')).toThrow(RangeError)
})
