import { expect, test } from 'vitest'
import { parseSocketAddress } from './original-destination.ts'

const ipv6 = (...groups: number[]) =>
  Uint8Array.from([10, 0, 0x1f, 0x90, 0, 0, 0, 0, ...groups.flatMap((g) => [g >> 8, g & 255]), 0, 0, 0, 0])

test.each([
  { bytes: Uint8Array.from([2, 0, 0x1f, 0x90, 10, 0, 0, 7, 0, 0, 0, 0, 0, 0, 0, 0]), address: '10.0.0.7' },
  { bytes: ipv6(0xfd00, 0, 0, 0, 0, 0, 0, 7), address: 'fd00::7' },
  { bytes: ipv6(0, 0, 0, 0, 0, 0, 0, 1), address: '::1' },
  { bytes: ipv6(0x2001, 0xdb8, 0, 1, 0, 0, 0, 0xab), address: '2001:db8:0:1::ab' },
  { bytes: ipv6(1, 0, 2, 3, 4, 5, 6, 7), address: '1:0:2:3:4:5:6:7' },
  { bytes: ipv6(1, 0, 0, 0, 0, 0, 0, 0), address: '1::' },
])('parseSocketAddress() reads $address', ({ bytes, address }) => {
  expect(parseSocketAddress(bytes)).toEqual({ address, port: 8080 })
})

test('parseSocketAddress() knows no other family', () => {
  expect(parseSocketAddress(new Uint8Array(16))).toBeUndefined()
})
