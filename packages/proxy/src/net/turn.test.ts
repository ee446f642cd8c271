import { ManualClock } from '@heddle/testkit/manual-clock'
import { expect, test } from 'vitest'
import { noBug } from '../../test/bug-list.ts'
import { Turn } from './turn.ts'

test('what wants to be flushed is flushed once the outermost turn ends, in order', () => {
  const turn = new Turn(new ManualClock(), noBug)
  const flushed: string[] = []
  turn.enter()
  turn.enter()
  turn.wants({ flush: () => flushed.push('a') })
  turn.wants({
    flush: () => {
      flushed.push('b')
      turn.wants({ flush: () => flushed.push('c') })
    },
  })
  turn.leave()
  expect(flushed).toEqual([])
  turn.leave()
  expect(flushed).toEqual(['a', 'b', 'c'])
})

test('outside of a turn, what wants to be flushed is flushed soon', async () => {
  const turn = new Turn(new ManualClock(), noBug)
  const flushed: string[] = []
  turn.wants({ flush: () => flushed.push('a') })
  expect(flushed).toEqual([])
  await Promise.resolve()
  expect(flushed).toEqual(['a'])
})

test('within a turn time stands still', () => {
  const clock = new ManualClock()
  const turn = new Turn(clock, noBug)
  turn.enter()
  const atFirst = turn.nowUs()
  clock.advance(10)
  expect(turn.nowUs()).toBe(atFirst)
  turn.leave()
  expect(turn.nowUs()).toBe(atFirst + 10_000)
})

test('what waits for the end of the round is flushed once, behind the turns of all sockets', async () => {
  const turn = new Turn(new ManualClock(), noBug)
  const flushed: string[] = []
  const shared = { flush: () => flushed.push('shared') }
  turn.enter()
  turn.wantsLast(shared)
  turn.leave()
  turn.enter()
  turn.wants({ flush: () => flushed.push('other') })
  turn.leave()
  expect(flushed).toEqual(['other'])
  await new Promise((resolve) => setImmediate(resolve))
  expect(flushed).toEqual(['other', 'shared'])
  turn.wantsLast(shared)
  await new Promise((resolve) => setImmediate(resolve))
  expect(flushed).toEqual(['other', 'shared', 'shared'])
})
