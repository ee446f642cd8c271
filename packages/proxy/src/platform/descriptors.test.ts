import { expect, test } from 'vitest'
import { ACCEPTED_SHARE, capConnections, OUTGOING_SHARE, parseDescriptorLimit } from './descriptors.ts'

test('parseDescriptorLimit() reads the soft limit', () => {
  const text =
    'Limit  Soft Limit  Hard Limit  Units\nMax open files            1024                 524288               files\n'
  expect(parseDescriptorLimit(text)).toBe(1024)
  expect(parseDescriptorLimit('Max open files   unlimited  unlimited  files\n')).toBeUndefined()
})

test.each([
  { wanted: 20_000, descriptors: undefined, cap: 20_000 },
  { wanted: 20_000, descriptors: 1000, cap: 450 },
  { wanted: 20_000, descriptors: 1_048_576, cap: 20_000 },
  { wanted: 20_000, descriptors: 20, cap: 16 },
])('capConnections($wanted, $descriptors) is $cap', ({ wanted, descriptors, cap }) => {
  expect(capConnections(wanted, descriptors, 0.45)).toBe(cap)
})

test('the shares of both directions leave descriptors for other things', () => {
  expect(ACCEPTED_SHARE + OUTGOING_SHARE).toBeLessThan(1)
})
