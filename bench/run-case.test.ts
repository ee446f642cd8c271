import { expect, test } from 'vitest'
import { type Measurement, toRow } from './run-case.ts'
import { listScenarios } from './scenarios.ts'

const load = { scenario: listScenarios()[0]!, connections: 16 }
const memory = { rssKb: 5000, privateKb: 1000 }
const roundOf = (change: Partial<Measurement>): Measurement => ({
  requests: 10_000,
  durationUs: 1_000_000,
  p50Us: 100,
  p99Us: 200,
  p999Us: 300,
  errors: 0,
  cpuUs: 120_000,
  ...change,
})

test('toRow() takes the median of each number by itself and adds the errors up', () => {
  const rounds = [
    roundOf({ cpuUs: 150_000, errors: 1 }),
    roundOf({ p99Us: 9000, errors: 2 }),
    roundOf({ requests: 5000, cpuUs: 50_000 }),
  ]
  expect(toRow({ load, name: 'nginx', memory }, rounds)).toEqual({
    scenario: 'http1-1hop-1k',
    proxy: 'nginx',
    conns: 16,
    cpu_us_per_request: 12,
    rps: 10_000,
    p50_us: 100,
    p99_us: 200,
    p999_us: 300,
    rss_kb: 5000,
    private_kb: 1000,
    errors: 3,
  })
})
