import type { Clock } from '@heddle/base/clock'

interface Bucket {
  tokens: number
  filledAtUs: number
}

/** How many certificates one identity may get. */
export interface SignRate {
  readonly burst: number
  readonly perSecond: number
}

/** Whoever has a join token: 100 at once is a service that starts with many replicas. */
export const JOIN_RATE: SignRate = { burst: 100, perSecond: 5 }
/** Each pod proves itself by a token of its own, and a Deployment may have a thousand. */
export const POD_RATE: SignRate = { burst: 1_000, perSecond: 50 }

/** Identities whose buckets are kept; above, the one that was asked for longest ago is forgotten. */
const MAX_IDENTITIES = 10_000

/**
 * Limits how often one identity gets certificates: some at once, then so many a second. Only callers that proved who they
 * are count, so nobody can use up the share of another.
 */
export class SignLimit {
  readonly #clock: Clock
  readonly #rate: SignRate
  readonly #buckets = new Map<string, Bucket>()

  constructor(clock: Clock, rate: SignRate = JOIN_RATE) {
    this.#clock = clock
    this.#rate = rate
  }

  /** Takes one turn of `spiffeId`; `false` when there is none left now. */
  take(spiffeId: string): boolean {
    const nowUs = this.#clock.monotonicUs()
    const { burst, perSecond } = this.#rate
    const bucket = this.#buckets.get(spiffeId) ?? { tokens: burst, filledAtUs: nowUs }
    bucket.tokens = Math.min(burst, bucket.tokens + ((nowUs - bucket.filledAtUs) / 1_000_000) * perSecond)
    bucket.filledAtUs = nowUs
    this.#buckets.delete(spiffeId)
    this.#buckets.set(spiffeId, bucket)
    if (this.#buckets.size > MAX_IDENTITIES) this.#buckets.delete(this.#buckets.keys().next().value!)
    if (bucket.tokens < 1) return false
    bucket.tokens -= 1
    return true
  }
}
