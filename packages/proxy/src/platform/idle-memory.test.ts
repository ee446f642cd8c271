import { expect, test } from 'vitest'
import { IdleMemory } from './idle-memory.ts'

function world() {
  const did: string[] = []
  const work = { done: 0 }
  const memory = new IdleMemory(() => work.done, {
    collect: () => did.push('collect'),
    shrink: () => did.push('shrink'),
  })
  const ticks = (count: number) => Array.from({ length: count }, () => memory.tick())
  return { did, work, ticks }
}

test('gives memory back some seconds after the start, and what that set free, then asks no more', () => {
  const { did, ticks } = world()
  expect(ticks(2)).toEqual([true, true])
  expect(did).toEqual([])
  expect(ticks(4)).toEqual([true, true, true, true])
  expect(did).toEqual(['collect', 'shrink'])
  expect(ticks(1)).toEqual([false])
  expect(did).toEqual(['collect', 'shrink', 'collect'])
  ticks(100)
  expect(did).toEqual(['collect', 'shrink', 'collect'])
})

test('gives nothing back while there is work', () => {
  const { did, work, ticks } = world()
  for (let turn = 0; turn < 50; turn++) {
    work.done += 100
    ticks(2)
  }
  expect(did).toEqual([])
})

test('collects after any work, but gives compiled code back only after much', () => {
  const { did, work, ticks } = world()
  ticks(10)
  did.length = 0
  work.done += 10
  ticks(10)
  expect(did).toEqual(['collect'])
  work.done += 5_000
  ticks(10)
  expect(did).toEqual(['collect', 'collect', 'shrink', 'collect'])
})

test('work right after the shrinking puts the last collection off until it is quiet again', () => {
  const { did, work, ticks } = world()
  ticks(6)
  work.done += 10
  ticks(3)
  expect(did).toEqual(['collect', 'shrink'])
  expect(ticks(1)).toEqual([false])
  expect(did).toEqual(['collect', 'shrink', 'collect'])
})
