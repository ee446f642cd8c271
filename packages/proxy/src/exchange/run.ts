import { ProxyError } from '../errors/proxy-error.ts'
import { runRequestFilters } from '../filters/chain.ts'
import type { Verdict } from '../filters/filter.ts'
import { startAttempt } from '../upstream/attempts.ts'
import type { DestinationState } from '../upstream/destination-state.ts'
import type { Exchange } from './exchange.ts'
import { inTurn } from './in-turn.ts'

/**
 * The life of one request: route, filters, attempts. What follows happens in `upstream/` and in the exchange itself, as its octets
 * come and go; ARCHITECTURE.md tells the whole.
 */
export function runExchange(exchange: Exchange): void {
  const { head } = exchange
  if (head.method === 'CONNECT') {
    exchange.fail(new ProxyError('connect_method_refused', `CONNECT ${head.authority} by way of ${exchange.hop.name}`))
    return
  }
  exchange.expectWithin(exchange.core.limits.pendingMs)
  exchange.grpc?.watch(exchange.core.deadlines, exchange)
  resolve(exchange)
}

/** Finds out what is behind the hop; goes on at once when that is known. */
function resolve(exchange: Exchange): void {
  let state: DestinationState | Promise<DestinationState>
  try {
    state = exchange.hop.resolve()
  } catch (error) {
    exchange.failWith(error)
    return
  }
  if (state instanceof Promise) {
    state.then(
      (known) => inTurn(exchange, () => route(exchange, known)),
      (error: unknown) => inTurn(exchange, () => exchange.failWith(error)),
    )
    return
  }
  route(exchange, state)
}

/** Where nothing is attached to the destination, this is one comparison. */
function route(exchange: Exchange, state: DestinationState): void {
  if (exchange.isEnded) return
  exchange.state = state
  const { management, routing } = state
  if (routing === undefined || management === undefined) filter(exchange)
  else management.routeRequest(exchange, routing, filter)
}

/** Any filter may answer here. */
function filter(exchange: Exchange): void {
  const verdict = runRequestFilters(exchange.filters, exchange)
  if (verdict instanceof Promise) {
    verdict.then(
      (known) => inTurn(exchange, () => forward(exchange, known)),
      (error: unknown) => inTurn(exchange, () => exchange.failWith(error)),
    )
    return
  }
  forward(exchange, verdict)
}

function forward(exchange: Exchange, verdict: Verdict): void {
  if (exchange.isEnded) return
  if (verdict === undefined) startAttempt(exchange)
  else exchange.reply(verdict)
}
