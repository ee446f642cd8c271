import { ManualClock } from '@heddle/testkit/manual-clock'
import { expect, test } from 'vitest'
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
  const app = { problem: undefined as string | undefined, probes: 0 }
  const abort = new AbortController()
  const running = runHealthChecks(
    {
      check: CHECK,
      probe: () => {
        app.probes += 1
        return Promise.resolve(app.problem)
      },
      clock,
      onChange: (isHealthy, reason) => changes.push([isHealthy, reason]),
    },
    abort.signal,
  )
  const stop = async () => {
    abort.abort()
    await running
  }
  return { clock, changes, app, stop }
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
