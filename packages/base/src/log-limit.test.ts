import { ManualClock } from '@heddle/testkit/manual-clock'
import { expect, test } from 'vitest'
import { createLog } from './log.ts'
import { LogLimit } from './log-limit.ts'

function world() {
  const clock = new ManualClock()
  const lines: Record<string, unknown>[] = []
  const log = createLog(
    (line) => lines.push(JSON.parse(line) as Record<string, unknown>),
    'info',
    () => clock.nowMs(),
  )
  const limit = new LogLimit(log, clock)
  const refuse = (reason: string, client: string) =>
    limit.write({ level: 'warn', event: 'refused', kind: reason, fields: { reason, client } })
  return { clock, lines, refuse }
}

test('LogLimit writes the first line at once, and sums up those of the next 10 seconds', () => {
  const { clock, lines, refuse } = world()
  for (let turn = 0; turn < 1_000; turn++) refuse('tls', `c${turn}`)
  expect(lines).toMatchObject([{ level: 'warn', msg: 'refused', reason: 'tls', client: 'c0' }])
  clock.advance(10_000)
  expect(lines).toHaveLength(2)
  expect(lines[1]).toMatchObject({ reason: 'tls', client: 'c999', times: 999, withinSeconds: 10 })
  refuse('tls', 'later')
  expect(lines).toHaveLength(2)
  clock.advance(10_000)
  expect(lines[2]).toMatchObject({ client: 'later', times: 1 })
})

test('LogLimit writes at once again after 10 quiet seconds, and leaves no timer', () => {
  const { clock, lines, refuse } = world()
  refuse('tls', 'first')
  clock.advance(10_000)
  expect(clock.waiting).toBe(0)
  refuse('tls', 'second')
  expect(lines.map(({ client }) => client)).toEqual(['first', 'second'])
  expect(lines[1]).not.toHaveProperty('times')
})

test('LogLimit keeps reasons apart, but no more of them than it has room for', () => {
  const { clock, lines, refuse } = world()
  for (let turn = 0; turn < 1_000; turn++) refuse(`reason ${turn}`, 'one')
  expect(lines.length).toBeLessThan(70)
  expect(lines.at(1)).toMatchObject({ reason: 'reason 1' })
  clock.advance(10_000)
  expect(lines.length).toBeLessThan(71)
  expect(lines.at(-1)).toMatchObject({ reason: 'reason 999' })
})
