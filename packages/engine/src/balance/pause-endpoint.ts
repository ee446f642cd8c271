import type { Candidate } from './candidate.ts'

/** Nobody may ask to be left alone for longer than that, lest a mistake or a bad clock takes an endpoint away for good. */
export const MAX_PAUSE_MS = 60_000

/**
 * Lets an endpoint be that asked for it: it answered 429 or 503 with `retry-after`. Balancers take it only when there is no
 * other.
 *
 * @param retryAfterMs - counted as {@link MAX_PAUSE_MS} where it is longer
 */
export function pauseEndpoint(candidate: Candidate, retryAfterMs: number, nowUs: number): void {
  const untilUs = nowUs + Math.min(MAX_PAUSE_MS, retryAfterMs) * 1000
  candidate.pausedUntilUs = Math.max(candidate.pausedUntilUs, untilUs)
}
