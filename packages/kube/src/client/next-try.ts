import type { Outcome } from './exchange.ts'

/** What a decision about another try rests on. */
export interface TryFacts {
  readonly outcome: Outcome
  /** Doing the call twice is as good as once. */
  readonly isIdempotent: boolean
  /** Tries that were made, this one included. */
  readonly tries: number
  readonly leftMs: number
}

/** Another try, and when. */
export interface NextTry {
  readonly afterMs: number
  /** The credentials are asked for anew. */
  readonly isUnauthorized: boolean
}

/** The first and four more; as the waits are the server's, more would only hide that it is overloaded. */
const MOST_TRIES = 5

/**
 * Whether a call is made again. The API server asks for it by `Retry-After`: with 429 before it looked at the call, with a 5xx
 * maybe after. A connection that turns out to be dead is replaced once. 401 is tried once with new credentials.
 */
export function nextTry(facts: TryFacts): NextTry | undefined {
  const next = wanted(facts)
  if (next === undefined || facts.tries >= MOST_TRIES) return undefined
  // Waiting beyond the deadline only delays the refusal.
  return next.afterMs < facts.leftMs ? next : undefined
}

function wanted({ outcome, isIdempotent, tries }: TryFacts): NextTry | undefined {
  if (outcome.kind === 'failure') {
    return outcome.isStale && isIdempotent && tries === 1 ? { afterMs: 0, isUnauthorized: false } : undefined
  }
  const { status, retryAfterSeconds } = outcome
  if (status === 401 && tries === 1) return { afterMs: 0, isUnauthorized: true }
  if (retryAfterSeconds === undefined) return undefined
  if (status === 429 || (status >= 500 && isIdempotent)) {
    return { afterMs: retryAfterSeconds * 1000, isUnauthorized: false }
  }
  return undefined
}
