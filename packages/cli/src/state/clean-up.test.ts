import { startTimeOf } from '@heddle/base/process-start'
import { expect, test } from 'vitest'
import { survivors } from './clean-up.ts'

const APP = { role: 'web-0', pid: 100, startTime: '5' }

test.each([
  { name: 'a process that still lives', alive: { 100: '5' }, left: [APP] },
  { name: 'nothing when it has ended', alive: {}, left: [] },
  { name: 'nothing when its id belongs to another process by now', alive: { 100: '6' }, left: [] },
])('survivors() are $name', ({ alive, left }) => {
  const times = new Map(Object.entries(alive))
  const isAlive = (one: { pid: number; startTime: string }) => times.get(String(one.pid)) === one.startTime
  expect(survivors([APP], isAlive)).toEqual(left)
})

test('survivors() never holds a process whose start is unknown', () => {
  expect(survivors([{ ...APP, startTime: '' }], () => true)).toEqual([])
})

test('startTimeOf() knows this process and none that cannot be', () => {
  expect(startTimeOf(process.pid)).toMatch(/\d/)
  expect(startTimeOf(2 ** 30)).toBeUndefined()
})
