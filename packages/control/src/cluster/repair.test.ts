import { createLog } from '@heddle/base/log'
import { ManualClock } from '@heddle/testkit/manual-clock'
import { expect, test } from 'vitest'
import { Repair } from './repair.ts'

function world() {
  const clock = new ManualClock()
  const lines: string[] = []
  const log = createLog((line) => lines.push(line), 'info')
  const ended = new AbortController()
  const self = { clock, lines, ended, tries: 0, failing: false }
  const repair = new Repair({ what: 'ConfigMap a/b', clock, log }, async () => {
    self.tries += 1
    if (self.failing) throw new Error('the API server is away')
  })
  const after = (present: unknown) => repair.after(present, ended.signal)
  return Object.assign(self, { soon: () => repair.soon(ended.signal), after })
}

test('what is found wrong is put right at once, and again when it is found wrong meanwhile', async () => {
  const self = world()
  self.soon()
  self.soon()
  await self.clock.advanceAsync(0)
  expect(self.tries).toBe(2)
  self.soon()
  await self.clock.advanceAsync(0)
  expect(self.tries).toBe(3)
})

test('what fails is tried again with growing waits, and told', async () => {
  const self = world()
  self.failing = true
  self.soon()
  await self.clock.advanceAsync(60_000)
  const tries = self.tries
  expect(tries).toBeGreaterThan(4)
  expect(tries).toBeLessThan(20)
  expect(self.lines[0]).toContain('ConfigMap a/b')
  self.failing = false
  await self.clock.advanceAsync(60_000)
  expect(self.tries).toBe(tries + 1)
  await self.clock.advanceAsync(60_000)
  expect(self.tries).toBe(tries + 1)
})

test('nothing is tried once it has ended', async () => {
  const self = world()
  self.failing = true
  self.soon()
  await self.clock.advanceAsync(0)
  self.ended.abort()
  await self.clock.advanceAsync(60_000)
  expect(self.tries).toBe(1)
})

test('what was removed is put back a little later, in case Heddle itself is being removed', async () => {
  const self = world()
  self.after(undefined)
  await self.clock.advanceAsync(0)
  expect(self.tries).toBe(1)
  self.after('there')
  self.after(undefined)
  await self.clock.advanceAsync(4_000)
  expect(self.tries).toBe(2)
  await self.clock.advanceAsync(1_000)
  expect(self.tries).toBe(3)
  self.after('there')
  self.after(undefined)
  await self.clock.advanceAsync(1_000)
  self.ended.abort()
  await self.clock.advanceAsync(60_000)
  expect(self.tries).toBe(4)
})
