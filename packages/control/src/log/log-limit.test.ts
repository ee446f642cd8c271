import { ManualClock } from '@heddle/testkit/manual-clock'
import { expect, test } from 'vitest'
import { LogLimit } from './log-limit.ts'

test('LogLimit lets one line a second through for each word', () => {
  const clock = new ManualClock()
  const limit = new LogLimit(clock)
  expect([limit.take('expired'), limit.take('expired'), limit.take('untrusted')]).toEqual([true, false, true])
  clock.advance(999)
  expect(limit.take('expired')).toBe(false)
  clock.advance(1)
  expect(limit.take('expired')).toBe(true)
})
