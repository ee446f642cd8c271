import type { Clock } from '@heddle/base/clock'

interface Bucket {
  tokens: number
  filledAtUs: number
}

const BURST = 100
const PER_SECOND = 5
/** Identities whose buckets are kept; above, the one that was asked for longest ago is forgotten. */
const MAX_IDENTITIES = 10_000

/**
 * Limits how often one identity gets certificates: 100 at once (a service that starts with many replicas), then 5 a
 * second. Only callers that proved who they are count, so nobody can use up the share of another.
 */
export class SignLimit {
  readonly #clock: Clock
  readonly #buckets = new Map<string, Bucket>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Takes one turn of `spiffeId`; `false` when there is none left now. */
  take(spiffeId: string): boolean {
    const nowUs = this.#clock.monotonicUs()
    const bucket = this.#buckets.get(spiffeId) ?? { tokens: BURST, filledAtUs: nowUs }
    bucket.tokens = Math.min(BURST, bucket.tokens + ((nowUs - bucket.filledAtUs) / 1_000_000) * PER_SECOND)
    bucket.filledAtUs = nowUs
    this.#buckets.delete(spiffeId)
    this.#buckets.set(spiffeId, bucket)
    if (this.#buckets.size > MAX_IDENTITIES) this.#buckets.delete(this.#buckets.keys().next().value!)
    if (bucket.tokens < 1) return false
    bucket.tokens -= 1
    return true
  }
}
