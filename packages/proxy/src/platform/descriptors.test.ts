import { expect, test } from 'vitest'
import { capConnections, parseDescriptorLimit } from './descriptors.ts'

test('parseDescriptorLimit() reads the soft limit', () => {
  const text =
    'Limit  Soft Limit  Hard Limit  Units\nMax open files            1024                 524288               files\n'
  expect(parseDescriptorLimit(text)).toBe(1024)
  expect(parseDescriptorLimit('Max open files   unlimited  unlimited  files\n')).toBeUndefined()
})

test.each([
  { wanted: 20_000, descriptors: undefined, cap: 20_000 },
  { wanted: 20_000, descriptors: 1024, cap: 460 },
  { wanted: 20_000, descriptors: 1_048_576, cap: 20_000 },
  { wanted: 20_000, descriptors: 20, cap: 16 },
])('capConnections($wanted, $descriptors) is $cap', ({ wanted, descriptors, cap }) => {
  expect(capConnections(wanted, descriptors)).toBe(cap)
})
