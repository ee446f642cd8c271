import type { Clock } from '@heddle/base/clock'

/** Whose end is awaited, and for how long. */
export interface EndWait {
  /** Sockets of the application that listen or are connected. */
  countSockets(): number
  readonly withinMs: number
  readonly clock: Clock
}

const PAUSE_MS = 200
/** Between two connections of a client there may be none for a moment. */
const QUIET_MS = 1_000

/**
 * Waits until the application has had no socket for a while: only then can it do without the proxy. Nothing else can be seen of it, since
 * its processes are in a namespace of their own.
 *
 * @returns whether it came to that in time
 */
export async function awaitEnd({ countSockets, withinMs, clock }: EndWait): Promise<boolean> {
  const endUs = clock.monotonicUs() + withinMs * 1000
  let quietSinceUs = clock.monotonicUs()
  for (;;) {
    const nowUs = clock.monotonicUs()
    if (countSockets() > 0) quietSinceUs = nowUs
    if (nowUs - quietSinceUs >= QUIET_MS * 1000) return true
    if (nowUs >= endUs) return false
    await clock.sleep(PAUSE_MS)
  }
}
