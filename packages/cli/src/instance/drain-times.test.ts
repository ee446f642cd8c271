import { expect, test } from 'vitest'
import { drainTimes } from './drain-times.ts'

test.each([
  { env: {}, times: { delayMs: 1_000, drainMs: 5_000 } },
  { env: { HEDDLE_DRAIN_DELAY_MS: '', HEDDLE_DRAIN_MS: '250' }, times: { delayMs: 1_000, drainMs: 250 } },
  { env: { HEDDLE_DRAIN_DELAY_MS: '0', HEDDLE_DRAIN_MS: '0' }, times: { delayMs: 0, drainMs: 0 } },
])('drainTimes() of $env', ({ env, times }) => {
  expect(drainTimes(env)).toEqual(times)
})
