import { describe, expect, test } from 'vitest'
import { percentile, type SimulatedServer, simulate } from '../../test/simulation.ts'

const FAST: SimulatedServer = { serviceMs: () => 10, atATime: 16 }
const NINE_FAST = Array.from({ length: 9 }, () => FAST)

describe.each([
  { name: 'ten times slower', slow: { serviceMs: () => 100, atATime: 64 } },
  { name: 'so slow that requests wait there', slow: { serviceMs: () => 200, atATime: 16 } },
  {
    name: 'slow for ten seconds',
    slow: { serviceMs: (second: number) => (second > 10 && second < 20 ? 400 : 10), atATime: 16 },
  },
])('with one of ten endpoints $name', ({ slow }) => {
  const p99Of = (kind: 'peak-ewma' | 'round-robin' | 'least-request', seed: number) => {
    const simulation = { servers: [slow, ...NINE_FAST], perSecond: 1000, seconds: 30, seed }
    return percentile(simulate(kind, simulation).latenciesMs, 0.99)
  }

  test.each([{ seed: 1 }, { seed: 2 }, { seed: 3 }])(
    'p99 of peak EWMA is a third of round robin at most (seed $seed)',
    ({ seed }) => {
      expect(p99Of('peak-ewma', seed)).toBeLessThanOrEqual(p99Of('round-robin', seed) / 3)
    },
  )

  test('least request is better than round robin as well', () => {
    expect(p99Of('least-request', 1)).toBeLessThan(p99Of('round-robin', 1))
  })
})

test('peak EWMA shares about equally among equal endpoints', () => {
  const { taken } = simulate('peak-ewma', { servers: NINE_FAST, perSecond: 1000, seconds: 20, seed: 4 })
  expect(Math.max(...taken) / Math.min(...taken)).toBeLessThan(1.5)
})
