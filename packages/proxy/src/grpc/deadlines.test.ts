import { ManualClock } from '@heddle/testkit/manual-clock'
import { expect, test } from 'vitest'
import { bugList, noBug } from '../../test/bug-list.ts'
import { Deadlines } from './deadlines.ts'

function world() {
  const clock = new ManualClock()
  const deadlines = new Deadlines(clock, noBug)
  const startMs = clock.nowMs()
  const passed: number[] = []
  const add = (afterMs: number) =>
    deadlines.add(clock.monotonicUs() + afterMs * 1000, {
      deadlinePassed: () => passed.push(clock.nowMs() - startMs),
    })
  return { clock, add, passed }
}

test('deadlines pass to the ms, near or far', () => {
  const { clock, add, passed } = world()
  for (const afterMs of [0, 1, 999, 1_000, 1_001, 2_500, 59_999]) add(afterMs)
  expect(passed).toEqual([])
  clock.advance(60_000)
  expect(passed).toEqual([0, 1, 999, 1_000, 1_001, 2_500, 59_999])
})

test('those that were cancelled do not, and leave no timer', () => {
  const { clock, add, passed } = world()
  const near = add(10)
  const far = add(5_000)
  const grown = add(5_000)
  near.cancel()
  far.cancel()
  clock.advance(4_500)
  grown.cancel()
  grown.cancel()
  clock.advance(10_000)
  expect(passed).toEqual([])
  expect(clock.waiting).toBe(0)
})

test('a thousand calls far from their deadlines wait for one timer', () => {
  const { clock, add } = world()
  for (let i = 0; i < 1_000; i++) add(60_000 + i)
  expect(clock.waiting).toBe(1)
})

test('a timer that comes early is set again', () => {
  const clock = new ManualClock()
  let nowUs = 0
  const passed: number[] = []
  const deadlines = new Deadlines({ ...at(clock), monotonicUs: () => nowUs }, noBug)
  deadlines.add(1_500, { deadlinePassed: () => passed.push(nowUs) })
  nowUs = 1_400
  clock.advance(2)
  expect(passed).toEqual([])
  nowUs = 2_400
  clock.advance(1)
  expect(passed).toEqual([2_400])
})

function at(clock: ManualClock) {
  return {
    nowMs: () => clock.nowMs(),
    after: clock.after.bind(clock),
    sleep: clock.sleep.bind(clock),
  }
}

test('one that throws when it passes is told of, and keeps no other from passing', () => {
  const clock = new ManualClock()
  const { bugs, onBug } = bugList()
  const deadlines = new Deadlines(clock, onBug)
  const passed: number[] = []
  const throwing = () => {
    throw new Error('a deadline with a bug')
  }
  for (const afterMs of [500, 5_000]) {
    deadlines.add(clock.monotonicUs() + afterMs * 1000, { deadlinePassed: throwing })
    deadlines.add(clock.monotonicUs() + afterMs * 1000, { deadlinePassed: () => passed.push(afterMs) })
  }

  clock.advance(6_000)

  expect(passed).toEqual([500, 5_000])
  expect(bugs).toEqual(['request: a deadline with a bug', 'request: a deadline with a bug'])
})
