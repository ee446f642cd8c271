import { ManualClock } from '@heddle/testkit/manual-clock'
import { expect, test } from 'vitest'
import { bugList, noBug } from '../../test/bug-list.ts'
import { Ticker, type Watched } from './ticker.ts'

class Item implements Watched {
  deadlineMs = Number.POSITIVE_INFINITY
  watchedAt = -1
  passed = 0

  deadlinePassed(): void {
    this.passed += 1
  }

  abandon(): void {
    throw new Error('nothing has failed')
  }
}

test('a deadline passes once, not early, at most two ticks late', () => {
  const clock = new ManualClock()
  const ticker = new Ticker(clock, noBug)
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
  const ticker = new Ticker(clock, noBug)
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

class BrokenItem implements Watched {
  watchedAt = -1
  deadlineMs = Number.POSITIVE_INFINITY
  abandoned = 0
  readonly #end: () => void

  constructor(end: () => void = () => {}) {
    this.#end = end
  }

  deadlinePassed(): void {
    throw new Error('a deadline with a bug')
  }

  abandon(): void {
    this.abandoned += 1
    this.#end()
  }
}

test('what throws when its deadline passes is told and ended, and the others are looked at, then and later', () => {
  const clock = new ManualClock()
  const { bugs, onBug } = bugList()
  const ticker = new Ticker(clock, onBug)
  const throwing = () => {
    throw new Error('an end with a bug')
  }
  const [broken, worse, well, late] = [new BrokenItem(), new BrokenItem(throwing), new Item(), new Item()]
  for (const item of [broken, worse, well, late]) ticker.watch(item)
  for (const item of [broken, worse, well]) item.deadlineMs = ticker.in(1_000)
  late.deadlineMs = ticker.in(5_000)

  clock.advance(3_000)
  expect([broken.abandoned, worse.abandoned, well.passed, late.passed]).toEqual([1, 1, 1, 0])
  clock.advance(5_000)
  expect(late.passed).toBe(1)
  expect(bugs).toEqual([
    'connection: a deadline with a bug',
    'connection: a deadline with a bug',
    'connection: an end with a bug',
  ])
})

test('a task that throws is told of, and done again at the next tick; the other tasks are done', () => {
  const clock = new ManualClock()
  const { bugs, onBug } = bugList()
  const ticker = new Ticker(clock, onBug)
  const done: string[] = []
  ticker.onTick(() => {
    done.push('broken')
    throw new Error('a task with a bug')
  })
  ticker.onTick(() => {
    done.push('well')
    return done.length < 4
  })

  clock.advance(5_000)

  expect(done).toEqual(['broken', 'well', 'broken', 'well'])
  expect(bugs).toEqual(['housekeeping: a task with a bug', 'housekeeping: a task with a bug'])
})
