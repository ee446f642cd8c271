import type { RetryBudget } from './retry-budget.ts'
import { isDeclared, type RetryPolicy, whyRetriable } from './retry-policy.ts'

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
  /**
   * `not-sent`: no application has seen any of it, since nobody could be connected to or the peer said so; `reset`: it broke off
   * without an answer; `timeout`: the time for one try was over. `status` is what the client gets if nothing else is done.
   */
  | { readonly kind: 'not-sent' | 'reset' | 'timeout'; readonly status: number }

/** Whether there is another try, and why. `reason` is one sentence for decision records. */
export type RetryVerdict =
  /** The policy sees nothing in it that is to be tried again. */
  | { readonly kind: 'pass'; readonly reason: string }
  | { readonly kind: 'retry'; readonly waitMs: number; readonly reason: string }
  /** It would be tried again, but must not be. */
  | { readonly kind: 'refuse'; readonly cause: RetryRefusal; readonly reason: string }

/** Labels of a metric; never renamed. */
export type RetryRefusal =
  | 'answer_begun'
  | 'attempts_used_up'
  | 'not_idempotent'
  | 'body_not_kept'
  | 'retry_after_too_long'
  | 'deadline'
  | 'budget_used_up'

/** What a verdict depends on beside policy and try. */
export interface RetryContext {
  /** Of the destination. */
  readonly budget: RetryBudget
  readonly nowMs: number
  /** 0 to below 1. */
  readonly random: () => number
}

/** A request is not kept waiting for longer because an answer asks for it: then the answer goes to the client. */
const MAX_RETRY_AFTER_MS = 5_000
/** Waits double up to that many times the first. */
const MAX_BACKOFF_FACTOR = 10

const PASS: RetryVerdict = { kind: 'pass', reason: '' }
const NO_POLICY: RetryVerdict = { kind: 'pass', reason: 'no retry: no policy asks for one' }

/**
 * Decides whether a request is tried again. A verdict of `retry` has taken one retry from the budget: to be asked once per try that
 * ended.
 */
export function mayRetry(policy: RetryPolicy | undefined, facts: TryFacts, context: RetryContext): RetryVerdict {
  if (policy === undefined || policy.attempts === 0) return isFine(facts) ? PASS : NO_POLICY
  const why = whyRetriable(policy, facts)
  if (why === undefined) return isFine(facts) ? PASS : { kind: 'pass', reason: `no retry: ${whyNot(facts.outcome)}` }
  const forbidden = whyForbidden(policy, facts)
  if (forbidden !== undefined) return forbidden
  const waitMs = waitOf(policy, facts, context.random)
  if (waitMs >= facts.remainingMs)
    return refuse('deadline', `the deadline in ${Math.floor(facts.remainingMs)} ms comes before the wait is over`)
  const { budget, nowMs } = context
  if (!budget.take(nowMs)) return refuse('budget_used_up', `the budget of ${budget.options.percent} % is used up`)
  return { kind: 'retry', waitMs, reason: `retry in ${Math.round(waitMs)} ms: ${why}` }
}

function isFine({ outcome }: TryFacts): boolean {
  return outcome.kind === 'answer' && outcome.status < 400 && (outcome.grpcStatus ?? 0) === 0
}

function whyNot(outcome: TryOutcome): string {
  if (outcome.kind !== 'answer') return 'the policy does not ask for one after a try without an answer'
  const { status, grpcStatus } = outcome
  return `the policy does not ask for one after ${grpcStatus === undefined ? `status ${status}` : `gRPC status ${grpcStatus}`}`
}

function whyForbidden(policy: RetryPolicy, facts: TryFacts): RetryVerdict | undefined {
  const { outcome, tries, method } = facts
  if (facts.isAnswerBegun) return refuse('answer_begun', 'the client has got a part of the answer')
  if (tries > policy.attempts)
    return refuse('attempts_used_up', `it was tried ${tries} times, and the policy allows ${policy.attempts + 1}`)
  if (outcome.kind !== 'not-sent' && !isDeclared(policy, facts))
    return refuse('not_idempotent', `${method} may not be sent twice, unless the policy names it`)
  if (!facts.canReplay)
    return refuse('body_not_kept', 'the body of the request is too large to be kept for another try')
  if (outcome.kind === 'answer' && (outcome.retryAfterMs ?? 0) > MAX_RETRY_AFTER_MS) {
    const words = `the answer asks to wait ${outcome.retryAfterMs} ms, longer than ${MAX_RETRY_AFTER_MS} ms`
    return refuse('retry_after_too_long', words)
  }
  return undefined
}

/**
 * Full jitter: anything from nothing to the whole of a wait that doubles, so that those who failed together do not come back
 * together. `retry-after` is the least. Where nothing was sent the first retry does not wait: it goes elsewhere.
 */
function waitOf({ backoffMs }: RetryPolicy, { outcome, tries }: TryFacts, random: () => number): number {
  if (outcome.kind === 'not-sent' && tries === 1) return 0
  const jittered = random() * backoffMs * Math.min(MAX_BACKOFF_FACTOR, 2 ** (tries - 1))
  return outcome.kind === 'answer' ? Math.max(outcome.retryAfterMs ?? 0, jittered) : jittered
}

function refuse(cause: RetryRefusal, words: string): RetryVerdict {
  return { kind: 'refuse', cause, reason: `no retry: ${words}` }
}
