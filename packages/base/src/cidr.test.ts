import { describe, expect, test } from 'vitest'
import { CidrSet } from './cidr.ts'

describe('CidrSet', () => {
  const set = new CidrSet(['10.0.0.0/8', 'fd00::/8', '192.168.1.7/32'])

  test.each([
    { address: '10.255.0.1', inside: true },
    { address: '11.0.0.1', inside: false },
    { address: 'fd12::1', inside: true },
    { address: 'fe80::1', inside: false },
    { address: '192.168.1.7', inside: true },
    { address: '192.168.1.8', inside: false },
    { address: 'localhost', inside: false },
    { address: '', inside: false },
  ])('has($address) is $inside', ({ address, inside }) => {
    expect(set.has(address)).toBe(inside)
  })

  test.each(['10.0.0.0', '10.0.0.0/33', 'fd00::/129', '10.0.0/8', '10.0.0.0/-1', '/8', '10.0.0.0/8x'])(
    'refuses the range %j by name',
    (range) => {
      expect(() => new CidrSet(['10.0.0.0/8', range])).toThrow(range)
    },
  )
})
