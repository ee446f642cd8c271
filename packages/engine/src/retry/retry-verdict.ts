/** What one try came to, as far as a retry depends on it. */
export interface TryFacts {
  /** Tries so far, this one included. */
  readonly tries: number
  readonly method: string
  readonly isGrpc: boolean
  readonly outcome: TryOutcome
  /** Whether the client has got any of the answer. */
  readonly isAnswerBegun: boolean
  /** Whether the request's body, as far as it was sent, can be sent again. */
  readonly canReplay: boolean
  /** Until the deadline of the whole request, in ms; Infinity: there is none. */
  readonly remainingMs: number
  /** The client is gone, or the proxy ends. */
  readonly isGivenUp?: boolean
}

/** What became of one try. */
export type TryOutcome =
  | {
      readonly kind: 'answer'
      readonly status: number
      /** Of an answer that is only trailers. */
      readonly grpcStatus: number | undefined
      /** What `retry-after` asks for; see `parseRetryAfterMs`. */
      readonly retryAfterMs: number | undefined
    }
  | {
      /** No octet reached an application: not connected, refused unread. */
      readonly kind: 'not-sent'
      /** HTTP status that the client gets if nothing else is done. */
      readonly status: number
    }
  | { readonly kind: 'reset' | 'timeout'; readonly status: number }

/** Whether there is another try, and why. */
export type RetryVerdict =
  /** The policy sees nothing in it that is to be tried again. */
  | { readonly kind: 'pass'; readonly reason: string }
  | { readonly kind: 'retry'; readonly waitMs: number; readonly reason: string }
  /** It would be tried again, but must not be. */
  | { readonly kind: 'refuse'; readonly cause: RetryRefusal; readonly reason: string }

/** Labels of a metric; never renamed. */
export type RetryRefusal =
  | 'attempts_used_up'
  | 'budget_used_up'
  | 'not_idempotent'
  | 'answer_begun'
  | 'body_not_kept'
  | 'deadline'
  | 'retry_after_too_long'
  | 'given_up'
