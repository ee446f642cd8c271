import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Backoff } from './backoff.ts'

test('Backoff doubles its waits up to the last', () => {
  const backoff = new Backoff({ firstMs: 100, lastMs: 1000, jitter: 0 })
  expect([1, 2, 3, 4, 5, 6].map(() => backoff.nextMs())).toEqual([100, 200, 400, 800, 1000, 1000])
})

test('Backoff begins anew after a success', () => {
  const backoff = new Backoff({ firstMs: 100, lastMs: 1000, jitter: 0 })
  backoff.nextMs()
  backoff.nextMs()
  backoff.reset()
  expect(backoff.failures).toBe(0)
  expect(backoff.nextMs()).toBe(100)
})

test('Backoff takes no more than its jitter off a wait', () => {
  const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })
  fc.assert(
    fc.property(random, fc.nat(200), (share, failures) => {
      const backoff = new Backoff({ firstMs: 10, lastMs: 60_000, jitter: 0.5 }, () => share)
      for (let i = 0; i < failures; i++) backoff.nextMs()
      const nominalMs = Math.min(60_000, 10 * 2 ** failures)
      const waitMs = backoff.nextMs()
      expect(waitMs).toBeLessThanOrEqual(nominalMs)
      expect(waitMs).toBeGreaterThan(nominalMs * 0.5 - 1e-9)
    }),
  )
})
