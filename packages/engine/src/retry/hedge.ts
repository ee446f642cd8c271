import type { HedgingJson } from '@heddle/api/discovery/policy'
import type { RetryBudget } from './retry-budget.ts'
import { IDEMPOTENT_METHODS } from './retry-policy.ts'

/** Whether another try is sent while earlier ones are still silent. */
export type HedgeVerdict =
  | { readonly kind: 'send'; readonly reason: string }
  /** To be asked again then. */
  | { readonly kind: 'wait'; readonly ms: number }
  | { readonly kind: 'none'; readonly reason: string }

/** How a request stands that may be hedged. */
export interface HedgeFacts {
  /** Tries that were begun. */
  readonly tries: number
  /** Since the last of them was sent. */
  readonly silentMs: number
  readonly method: string
  /** Methods that may be sent twice beside the idempotent ones, of the rule's retry policy; "*": all. */
  readonly methods: ReadonlySet<string>
  /** Whether any try has brought the head of an answer. */
  readonly isAnswerBegun: boolean
  /** Whether all of the request is there and can be sent once more. */
  readonly canReplay: boolean
}

const DEFAULT_ATTEMPTS = 2

/**
 * Decides whether to ask another endpoint as well because the first is slow (J. Dean, L. Barroso, "The Tail at Scale", 2013). Off unless
 * the policy says after how long. A verdict of `send` has taken one retry from the budget.
 */
export function mayHedge(
  policy: HedgingJson | undefined,
  facts: HedgeFacts,
  { budget, nowMs }: { readonly budget: RetryBudget; readonly nowMs: number },
): HedgeVerdict {
  const afterMs = policy?.afterMs ?? 0
  if (afterMs === 0) return none('no policy asks for one')
  const attempts = policy?.maxAttempts || DEFAULT_ATTEMPTS
  const { method, methods, tries, silentMs } = facts
  if (facts.isAnswerBegun) return none('the answer has begun')
  if (tries >= attempts) return none(`${tries} tries are under way, and the policy allows ${attempts}`)
  if (!IDEMPOTENT_METHODS.has(method) && !methods.has(method) && !methods.has('*'))
    return none(`${method} may not be sent twice, unless the policy names it`)
  if (!facts.canReplay) return none('the body of the request is not kept')
  if (silentMs < afterMs) return { kind: 'wait', ms: afterMs - silentMs }
  if (!budget.take(nowMs)) return none(`the retry budget of ${budget.options.percent} % is used up`)
  return { kind: 'send', reason: `second try: no answer within ${afterMs} ms` }
}

function none(words: string): HedgeVerdict {
  return { kind: 'none', reason: `no second try: ${words}` }
}
