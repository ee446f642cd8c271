import { expect, test } from 'vitest'
import type { ResultRow } from './results.ts'
import type { ProxyName } from './scenarios.ts'
import { formatMemory, formatRatios, formatResults } from './table.ts'

const rowOf = (proxy: ProxyName, cpu: number): ResultRow => ({
  scenario: 'http1-1hop-1k',
  proxy,
  conns: 16,
  cpu_us_per_request: cpu,
  rps: 41_000,
  p50_us: 380,
  p99_us: 900,
  p999_us: 2100,
  rss_kb: 51_200,
  private_kb: 10_240,
  errors: 0,
})
const ROWS = [rowOf('heddle', 12), rowOf('haproxy', 10), rowOf('envoy', 30)]

test('formatResults() has one line for each row', () => {
  const lines = formatResults(ROWS).split('\n')
  expect(lines[0]).toMatch(/^\| scenario {6}\| conns \| proxy {3}\| CPU µs\/request \|/)
  expect(lines[1]).toMatch(/^\| -{13} \| -{4}: \| -{7} \| -{13}: \|/)
  expect(lines[2]).toBe(
    '| http1-1hop-1k |    16 | heddle  |           12.0 |      41000 |    380 |    900 |     2100 |   50.0 |       10.0 |      0 |',
  )
  expect(lines).toHaveLength(6)
})

test('formatRatios() divides the CPU of heddle by that of each other', () => {
  expect(formatRatios(ROWS).split('\n')[2]).toBe('| http1-1hop-1k |    16 |             1.20 |           0.40 |')
})

test('formatMemory() shows megabytes', () => {
  const text = formatMemory([{ state: 'idle', rss_kb: 40_960, private_kb: 8192 }])
  expect(text.split('\n')[2]).toBe('| idle  |   40.0 |        8.0 |')
})
