import { ManualClock } from '@heddle/testkit/manual-clock'
import { expect, test } from 'vitest'
import { ProtocolMemory } from './protocol-memory.ts'

test('a destination is remembered for ten minutes', () => {
  const clock = new ManualClock()
  const memory = new ProtocolMemory(clock)
  memory.remember('a', 'server')
  clock.advance(599_000)
  expect(memory.recall('a')).toBe('server')
  clock.advance(1_000)
  expect(memory.recall('a')).toBeUndefined()
})

test('what a destination did last counts', () => {
  const memory = new ProtocolMemory(new ManualClock())
  memory.remember('a', 'server')
  memory.remember('a', 'client')
  expect(memory.recall('a')).toBe('client')
})

test('no more than 1024 destinations are remembered; the oldest goes first', () => {
  const memory = new ProtocolMemory(new ManualClock())
  for (let i = 0; i <= 1024; i++) memory.remember(`d${i}`, 'client')
  expect(memory.recall('d0')).toBeUndefined()
  expect(memory.recall('d1')).toBe('client')
  expect(memory.recall('d1024')).toBe('client')
})
