import type { Exchange } from '../exchange/exchange.ts'
import type { Filter, Outcome, Verdict } from './filter.ts'

/**
 * Asks the filters in order until one answers the request itself.
 *
 * Returns a promise only from the first filter that returned one on, so a chain of synchronous filters costs a loop.
 */
export function runRequestFilters(
  filters: readonly Filter[],
  exchange: Exchange,
  from = 0,
): Verdict | Promise<Verdict> {
  for (let i = from; i < filters.length; i++) {
    const verdict = filters[i]!.onRequest?.(exchange)
    if (verdict === undefined) continue
    if (verdict instanceof Promise) {
      return verdict.then((reply) => reply ?? runRequestFilters(filters, exchange, i + 1))
    }
    return verdict
  }
  return undefined
}

/** Lets the filters see the answer's head, backwards: the first to see the request is the last to see the answer. */
export function runResponseFilters(filters: readonly Filter[], exchange: Exchange): void {
  for (let i = filters.length - 1; i >= 0; i--) filters[i]!.onResponse?.(exchange)
}

/** Tells all filters the outcome, backwards. */
export function runEndFilters(filters: readonly Filter[], exchange: Exchange, outcome: Outcome): void {
  for (let i = filters.length - 1; i >= 0; i--) filters[i]!.onEnd?.(exchange, outcome)
}
