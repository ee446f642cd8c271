import { ManualClock } from '@heddle/testkit/manual-clock'
import { expect, test } from 'vitest'
import { afterAwake } from './awake-timer.ts'

/** A clock of a process that can stand still: time passes, and timers fire late. */
class SleepyClock extends ManualClock {
  #sleptMs = 0

  override monotonicUs(): number {
    return super.monotonicUs() + this.#sleptMs * 1000
  }

  standStill(forMs: number): void {
    this.#sleptMs += forMs
  }
}

function start() {
  const clock = new SleepyClock()
  let fired = 0
  const timer = afterAwake(clock, 100, () => {
    fired += 1
  })
  return { clock, timer, fired: () => fired }
}

test('afterAwake() fires at its time', () => {
  const { clock, fired } = start()
  clock.advance(99)
  expect(fired()).toBe(0)
  clock.advance(1)
  expect(fired()).toBe(1)
})

test('afterAwake() lets a process that stood still look once at what came meanwhile', () => {
  const { clock, fired } = start()
  clock.standStill(2_000)
  clock.advance(100)
  expect(fired()).toBe(0)
  clock.standStill(2_000)
  clock.advance(10)
  expect(fired()).toBe(1)
})

test.each([0, 100])('afterAwake() does nothing when it is cancelled after %i ms', (afterMs) => {
  const { clock, timer, fired } = start()
  clock.standStill(2_000)
  clock.advance(afterMs)
  timer.cancel()
  clock.advance(1_000)
  expect(fired()).toBe(0)
  expect(clock.waiting).toBe(0)
})
