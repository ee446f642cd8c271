/** How many retries a destination may get, measured by its requests. One per destination, changed in place. */
export interface RetryBudget {
  readonly percent: number
  readonly counts: RetryCounts
  /** A client's request goes out for the first time. */
  countRequest(nowMs: number): void
  /** Whether there is one more retry in it. */
  has(nowMs: number): boolean
  /** Takes one; to be called where {@link has} said so and the retry is sent. */
  take(nowMs: number): void
}

/** Requests as clients see them, and as endpoints do. */
export interface RetryCounts {
  /** Requests of clients. */
  requests: number
  /** Tries beyond the first, hedges included. */
  retries: number
  /** Retries that the budget did not allow. */
  refused: number
}
