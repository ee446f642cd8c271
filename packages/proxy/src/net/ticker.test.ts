import { ManualClock } from '@heddle/testkit/manual-clock'
import { expect, test } from 'vitest'
import { Ticker } from './ticker.ts'

function watched() {
  const item = { deadlineMs: Number.POSITIVE_INFINITY, passed: 0, deadlinePassed: () => void (item.passed += 1) }
  return item
}

test('a deadline passes once, not early, at most two ticks late', () => {
  const clock = new ManualClock()
  const ticker = new Ticker(clock)
  const item = watched()
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
  const item = watched()
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
