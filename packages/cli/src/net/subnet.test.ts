import { CidrSet } from '@heddle/base/cidr'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { address4, address6, chooseSubnet, cidr4, MAX_INSTANCES } from './subnet.ts'

const SEED = '0070123456'

test('chooseSubnet() gives a mesh its own networks of both families', () => {
  const subnet = chooseSubnet([], SEED)!
  expect(cidr4(subnet)).toBe('10.199.0.0/20')
  expect(address4(subnet, 0)).toBe('10.199.0.1')
  expect(address4(subnet, 255)).toBe('10.199.1.0')
  expect(address6(subnet, 0)).toBe('fd00:7012:3456:1::1')
})

test.each([
  { name: 'a range within it', taken: ['10.199.3.0/24'] },
  { name: 'a single address', taken: ['10.199.15.255'] },
  { name: 'a range around it', taken: ['10.199.0.0/16'] },
  { name: 'among others, and words that are no range', taken: ['default', '192.0.2.0/24', '10.199.8.0/21'] },
])('chooseSubnet() keeps away from $name', ({ taken }) => {
  expect(cidr4(chooseSubnet(taken, SEED)!)).not.toBe('10.199.0.0/20')
})

test('chooseSubnet() gives up where everything is taken', () => {
  expect(chooseSubnet(['10.0.0.0/8'], SEED)).toBeUndefined()
})

test('every instance has an address of the network, whatever is taken', () => {
  const octet = fc.integer({ min: 192, max: 223 })
  fc.assert(
    fc.property(fc.array(fc.tuple(octet, fc.nat(255)), { maxLength: 20 }), fc.nat(0xffff), (used, seed) => {
      const taken = used.map(([second, third]) => `10.${second}.${third}.0/24`)
      const subnet = chooseSubnet(taken, `${seed.toString(16).padStart(4, '0')}abcdef`)!
      const network = new CidrSet([cidr4(subnet)])
      expect([0, 1, MAX_INSTANCES].every((number) => network.has(address4(subnet, number)))).toBe(true)
      const others = taken.length === 0 ? undefined : new CidrSet(taken)
      expect([0, 1, MAX_INSTANCES].some((number) => others?.has(address4(subnet, number)) === true)).toBe(false)
    }),
  )
})
