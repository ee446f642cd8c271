import { expect, test } from 'vitest'
import { parseAddress, parseKey } from './destination-key.ts'

test.each([
  { key: 'name:cart.shop:80', namespace: 'shop', name: 'cart', port: 80 },
  { key: 'address:10.0.0.7:8080', namespace: '', name: '', port: 8080 },
  { key: 'address:[fd00::7]:443', namespace: '', name: '', port: 443 },
])('parseKey() reads $key', ({ key, namespace, name, port }) => {
  expect(parseKey(key)).toEqual({ namespace, name, port })
})

test.each([
  { text: 'address:10.0.0.7:8080', address: '10.0.0.7', port: 8080 },
  { text: 'address:[fd00::7]:443', address: 'fd00::7', port: 443 },
  { text: '127.0.0.1:1', address: '127.0.0.1', port: 1 },
])('parseAddress() reads $text', ({ text, address, port }) => {
  expect(parseAddress(text)).toEqual({ address, port })
})
