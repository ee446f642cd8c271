import { mayRetry, type RetryVerdict, type TryOutcome } from '@heddle/engine/retry'
import type { Exchange } from '../exchange/exchange.ts'
import type { Treatment } from './treatment.ts'

/**
 * Asks the policy whether another try may follow, and counts a no.
 *
 * @param tries - so far, without hedges and those that reached nobody
 */
export function askRetry(
  exchange: Exchange,
  { retry, requestTimeoutMs, service }: Treatment,
  { tries, outcome }: { readonly tries: number; readonly outcome: TryOutcome },
): RetryVerdict {
  const { head, grpc, isAnswered, mayRewind, startedUs, core } = exchange
  const nowUs = core.turn.nowUs()
  const wholeMs = Math.min(requestTimeoutMs || Number.POSITIVE_INFINITY, grpc?.timeoutMs ?? Number.POSITIVE_INFINITY)
  const facts = {
    tries,
    method: head.method,
    isGrpc: grpc !== undefined,
    outcome,
    isAnswerBegun: isAnswered,
    canReplay: mayRewind && head.upgrade === undefined,
    remainingMs: wholeMs - (nowUs - startedUs) / 1000,
  }
  const verdict = mayRetry(retry, facts, { budget: service.budget, nowMs: nowUs / 1000, random: core.random })
  if (verdict.kind === 'refuse') service.counters.refused(verdict.cause)
  return verdict
}
