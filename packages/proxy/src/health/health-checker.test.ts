import { ManualClock } from '@heddle/testkit/manual-clock'
import { expect, test } from 'vitest'
import { bugList } from '../../test/bug-list.ts'
import { runHealthChecks } from './health-checker.ts'

const CHECK = {
  probe: { kind: 'tcp', port: 80 },
  initialDelayMs: 1_000,
  periodMs: 2_000,
  timeoutMs: 500,
  failureThreshold: 3,
  successThreshold: 2,
} as const

function world() {
  const clock = new ManualClock()
  const changes: [boolean, string][] = []
  const { bugs, onBug } = bugList()
  const app = { bug: undefined as Error | undefined, problem: undefined as string | undefined, probes: 0 }
  const abort = new AbortController()
  const running = runHealthChecks(
    {
      check: CHECK,
      probe: () => {
        app.probes += 1
        if (app.bug !== undefined) throw app.bug
        return Promise.resolve(app.problem)
      },
      clock,
      onChange: (isHealthy, reason) => changes.push([isHealthy, reason]),
      onBug,
    },
    abort.signal,
  )
  const stop = async () => {
    abort.abort()
    await running
  }
  return { clock, changes, app, bugs, stop }
}

test('runHealthChecks() waits for its delay, then asks often until the application is well', async () => {
  const { clock, changes, app, stop } = world()
  app.problem = 'refused'
  await clock.advanceAsync(999)
  expect(app.probes).toBe(0)
  await clock.advanceAsync(1_001)
  expect([app.probes, changes]).toEqual([5, []])
  app.problem = undefined
  await clock.advanceAsync(250)
  expect(changes).toEqual([])
  await clock.advanceAsync(250)
  await stop()
  expect(changes).toEqual([[true, '']])
})

test('runHealthChecks() takes three bad answers in a row to find it unwell, two good ones to find it well', async () => {
  const { clock, changes, app, stop } = world()
  await clock.advanceAsync(1_250)
  app.problem = 'GET / answered 500'
  await clock.advanceAsync(4_000)
  app.problem = undefined
  await clock.advanceAsync(2_000)
  app.problem = 'GET / answered 500'
  await clock.advanceAsync(4_000)
  expect(changes).toEqual([[true, '']])
  await clock.advanceAsync(2_000)
  expect(changes.slice(1)).toEqual([[false, 'GET / answered 500']])
  app.problem = undefined
  await clock.advanceAsync(4_000)
  await stop()
  expect(changes.slice(2)).toEqual([[true, '']])
})

test('runHealthChecks() says nothing of the application where it fails itself, and asks on', async () => {
  const { clock, changes, app, bugs, stop } = world()
  await clock.advanceAsync(1_250)
  app.bug = new Error('a probe with a bug')
  await clock.advanceAsync(20_000)
  expect(changes).toEqual([[true, '']])
  expect(new Set(bugs)).toEqual(new Set(['health_check: a probe with a bug']))

  app.bug = undefined
  app.problem = 'GET / answered 500'
  await clock.advanceAsync(6_000)
  await stop()
  expect(changes.slice(1)).toEqual([[false, 'GET / answered 500']])
})
