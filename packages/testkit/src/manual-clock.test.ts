import { expect, test } from 'vitest'
import { ManualClock } from './manual-clock.ts'

test('timers fire in the order they are due, those set by a timer as well', () => {
  const clock = new ManualClock()
  const fired: string[] = []
  clock.after(20, () => fired.push('second'))
  clock.after(10, () => {
    fired.push('first')
    clock.after(15, () => fired.push('third'))
  })
  clock.after(30, () => fired.push('later'))

  clock.advance(25)

  expect(fired).toEqual(['first', 'second', 'third'])
  expect(clock.waiting).toBe(1)
})

test('a cancelled timer does not fire', () => {
  const clock = new ManualClock()
  const fired: string[] = []
  clock.after(10, () => fired.push('x')).cancel()
  clock.advance(100)
  expect(fired).toEqual([])
})

test('advanceAsync() lets a loop of sleeps run', async () => {
  const clock = new ManualClock(0)
  const wokenMs: number[] = []
  const loop = (async () => {
    for (let i = 0; i < 3; i++) {
      await clock.sleep(10)
      wokenMs.push(clock.nowMs())
    }
  })()
  await clock.advanceAsync(30)
  await loop
  expect(wokenMs).toEqual([10, 20, 30])
})
