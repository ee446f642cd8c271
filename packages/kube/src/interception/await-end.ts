import type { Clock } from '@heddle/base/clock'

/** Whose end is awaited, and for how long. */
export interface EndWait {
  /** Sockets of the application that listen or are connected. */
  countSockets(): number
  readonly withinMs: number
  readonly clock: Clock
}

const PAUSE_MS = 200

/**
 * Waits until the application has closed all of its sockets: only then can it do without the proxy.
 *
 * @returns whether it came to that in time
 */
export async function awaitEnd({ countSockets, withinMs, clock }: EndWait): Promise<boolean> {
  const endUs = clock.monotonicUs() + withinMs * 1000
  while (countSockets() > 0) {
    if (clock.monotonicUs() >= endUs) return false
    await clock.sleep(PAUSE_MS)
  }
  return true
}
