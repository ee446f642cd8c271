import { ManualClock } from '@heddle/testkit/manual-clock'
import { expect, test } from 'vitest'
import { repeatEvery } from './repeat-every.ts'

function world() {
  const clock = new ManualClock()
  const ended = new AbortController()
  let count = 0
  const start = (run = () => {}) => {
    const counted = () => {
      count += 1
      run()
    }
    repeatEvery(100, counted, { clock, signal: ended.signal })
  }
  return { clock, ended, start, count: () => count }
}

test('repeatEvery() waits before each call', () => {
  const { clock, start, count } = world()
  start()
  clock.advance(99)
  expect(count()).toBe(0)
  clock.advance(201)
  expect(count()).toBe(3)
})

test('repeatEvery() ends with its signal and leaves no timer', () => {
  const { clock, ended, start, count } = world()
  start()
  clock.advance(100)
  ended.abort()
  expect(clock.waiting).toBe(0)
  clock.advance(1_000)
  expect(count()).toBe(1)
})

test('repeatEvery() may be ended by what it calls', () => {
  const { clock, ended, start, count } = world()
  start(() => ended.abort())
  clock.advance(1_000)
  expect(count()).toBe(1)
  expect(clock.waiting).toBe(0)
})

test('repeatEvery() does not begin after the end', () => {
  const { clock, ended, start } = world()
  ended.abort()
  start()
  expect(clock.waiting).toBe(0)
})
