import { ManualClock } from '@heddle/testkit/manual-clock'
import { expect, test } from 'vitest'
import { Ticker, type Watched } from './ticker.ts'

class Item implements Watched {
  deadlineMs = Number.POSITIVE_INFINITY
  passed = 0

  deadlinePassed(): void {
    this.passed += 1
  }
}

test('a deadline passes once, not early, at most two ticks late', () => {
  const clock = new ManualClock()
  const ticker = new Ticker(clock)
  const item = new Item()
  ticker.watch(item)
  clock.advance(900)
  item.deadlineMs = ticker.in(5_000)
  clock.advance(5_000)
  expect(item.passed).toBe(0)
  clock.advance(2_000)
  expect(item.passed).toBe(1)
  clock.advance(60_000)
  expect(item.passed).toBe(1)
})

test('no timer runs while nothing is watched', () => {
  const clock = new ManualClock()
  const ticker = new Ticker(clock)
  const item = new Item()
  ticker.watch(item)
  expect(clock.waiting).toBe(1)
  ticker.unwatch(item)
  clock.advance(1_000)
  expect(clock.waiting).toBe(0)
  clock.advance(3_600_000)
  item.deadlineMs = Number.POSITIVE_INFINITY
  ticker.watch(item)
  item.deadlineMs = ticker.in(1_000)
  clock.advance(1_000)
  expect(item.passed).toBe(0)
  clock.advance(2_000)
  expect(item.passed).toBe(1)
})
