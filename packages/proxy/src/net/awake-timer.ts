import { type Clock, monotonicMs, type Timer } from '@heddle/base/clock'

/** So late a timer may be on a machine that has much to do. */
const LATE_MS = 20
/** The loop turns meanwhile, and a turn is all it takes. */
const LOOK_MS = 5

/**
 * Calls `fire` after `delayMs` without the event that is waited for, of which the process must have had a chance to hear: where it stood
 * still itself (stopped, paused as a container, out of processor time) and the timer is late for that, what came meanwhile is looked at
 * first. Otherwise an endpoint would be blamed that has answered long ago.
 */
export function afterAwake(clock: Clock, delayMs: number, fire: () => void): Timer {
  const dueMs = monotonicMs(clock) + delayMs
  let timer = clock.after(delayMs, () => {
    if (monotonicMs(clock) - dueMs <= LATE_MS) fire()
    else timer = clock.after(LOOK_MS, fire)
  })
  return { cancel: () => timer.cancel() }
}
