import { expect, test } from 'vitest'
import { mergeRows, type ResultRow } from './results.ts'

const rowOf = (scenario: string, conns: number, rps: number): ResultRow => ({
  ...{ scenario, proxy: 'envoy', conns, cpu_us_per_request: 1, rps, errors: 0 },
  ...{ p50_us: 1, p99_us: 1, p999_us: 1, rss_kb: 1, private_kb: 1 },
})

test('mergeRows() replaces what was measured again and keeps the rest', () => {
  const merged = mergeRows([rowOf('a', 16, 1), rowOf('b', 16, 1)], [rowOf('a', 16, 2), rowOf('a', 256, 2)])
  expect(merged.map(({ scenario, conns, rps }) => [scenario, conns, rps])).toEqual([
    ['a', 16, 2],
    ['b', 16, 1],
    ['a', 256, 2],
  ])
})
