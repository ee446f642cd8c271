import { expect, test } from 'vitest'
import { systemClock } from './clock.ts'

test('sleep() of the system clock ends at once when its signal is or gets aborted', async () => {
  const controller = new AbortController()
  const asleep = systemClock.sleep(60_000, controller.signal)
  controller.abort()
  await asleep
  await systemClock.sleep(60_000, controller.signal)
  expect(controller.signal.aborted).toBe(true)
})

test('after() of the system clock fires once, unless cancelled', async () => {
  const fired: string[] = []
  systemClock.after(1, () => fired.push('cancelled')).cancel()
  await new Promise<void>((resolve) => {
    systemClock.after(2, () => {
      fired.push('kept')
      resolve()
    })
    setTimeout(() => undefined, 50)
  })
  expect(fired).toEqual(['kept'])
})

test('monotonicUs() counts microseconds', () => {
  const startUs = systemClock.monotonicUs()
  const startMs = performance.now()
  while (performance.now() - startMs < 5);
  const elapsedUs = systemClock.monotonicUs() - startUs
  expect(elapsedUs).toBeGreaterThanOrEqual(5000)
  expect(elapsedUs).toBeLessThan(5_000_000)
})
