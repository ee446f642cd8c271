import { ManualClock } from '@heddle/testkit/manual-clock'
import { expect, test } from 'vitest'
import { Watchdog } from './watchdog.ts'

test('Watchdog bites after silence, not while it is fed', () => {
  const clock = new ManualClock()
  let bites = 0
  const watchdog = new Watchdog(clock, 30_000, () => {
    bites += 1
  })
  for (let turn = 0; turn < 10; turn++) {
    clock.advance(10_000)
    watchdog.feed()
  }
  expect([bites, clock.waiting]).toEqual([0, 1])
  clock.advance(29_999)
  expect(watchdog.hasBitten).toBe(false)
  clock.advance(1)
  expect([bites, watchdog.hasBitten, clock.waiting]).toEqual([1, true, 0])
})

test('Watchdog leaves no timer once stopped', () => {
  const clock = new ManualClock()
  new Watchdog(clock, 30_000, () => {}).stop()
  expect(clock.waiting).toBe(0)
})
