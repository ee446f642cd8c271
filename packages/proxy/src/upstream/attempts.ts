import { pickEndpoint } from '@heddle/engine/balance'
import { ProxyError } from '../errors/proxy-error.ts'
import type { Exchange } from '../exchange/exchange.ts'
import { Attempt, type AttemptOwner } from './attempt.ts'
import type { DestinationState } from './destination-state.ts'
import type { Target } from './target.ts'

/** Safe to send twice, whatever became of the first. RFC 9110 §9.2.2. */
const IDEMPOTENT_METHODS = new Set(['GET', 'HEAD', 'PUT', 'DELETE', 'OPTIONS', 'TRACE'])

/**
 * Sends the request of `exchange` to an endpoint, and to another when it could not be sent: a failed connect is always
 * safe to repeat elsewhere. What an endpoint answered or broke off is the client's to repeat, with one exception: see
 * {@link AttemptOwner.brokeOff}.
 */
export function startAttempt(exchange: Exchange): void {
  const state = exchange.state!
  const target = pickTarget(state, exchange)
  if (target === undefined) {
    exchange.fail(noTarget(state))
    return
  }
  send(exchange, target)
}

/** One of the targets that were not tried yet. */
function pickTarget(state: DestinationState, exchange: Exchange): Target | undefined {
  const { loads, targets } = state
  if (exchange.pinned !== undefined && exchange.tried === undefined) return exchange.pinned
  if (targets.length === 1 && exchange.tried === undefined) return targets[0]
  if (targets.length === 0) return undefined
  const { random, turn } = exchange.core
  return targets[pickEndpoint(loads, { nowUs: turn.nowUs(), random, tried: exchange.tried })]
}

/** Why there is nothing to send a request to. */
export function noTarget(state: DestinationState): ProxyError {
  return new ProxyError(state.kind === 'missing' ? 'destination_not_found' : 'no_healthy_endpoint', state.reason)
}

function send(exchange: Exchange, target: Target): void {
  exchange.series = exchange.hop.seriesOf(exchange.state, target, exchange.version)
  exchange.attempts += 1
  const attempt = new Attempt(exchange, target, OWNER)
  exchange.use(attempt)
  const connection = attempt.pool.take()
  if (connection !== undefined) {
    attempt.gotConnection(connection)
    return
  }
  wait(attempt)
}

function wait(attempt: Attempt): void {
  try {
    attempt.pool.wait(attempt)
  } catch (error) {
    if (!(error instanceof ProxyError)) throw error
    attempt.gotNone(error)
  }
}

const OWNER: AttemptOwner = {
  notSent(exchange, target, error) {
    const { limits } = exchange.core
    const mayTry = error.spec.retryable && exchange.attempts < limits.connectTries
    const next = pickOther(exchange, target)
    if (next === undefined || !mayTry) exchange.failUnsent(error)
    else send(exchange, next)
  },

  brokeOff(exchange, attempt, { error, trace }) {
    const { limits } = exchange.core
    const { target } = attempt
    if (trace === 'none' && exchange.attempts < limits.connectTries && exchange.rewind()) {
      send(exchange, pickOther(exchange, target) ?? target)
      return
    }
    // One more try, for what may be sent twice.
    const mayRepeat = trace === 'unlikely' && !attempt.hasSentBody && IDEMPOTENT_METHODS.has(exchange.head.method)
    if (mayRepeat && exchange.attempts === 1) repeat(exchange, target)
    else exchange.fail(error)
  },
}

/** One that was not tried yet, nor is `target`. */
function pickOther(exchange: Exchange, target: Target): Target | undefined {
  exchange.tried ??= []
  exchange.tried.push(target.endpoint.load)
  return pickTarget(exchange.state!, exchange)
}

/** The same endpoint over a new connection: other idle ones may have met the same end. */
function repeat(exchange: Exchange, target: Target): void {
  exchange.attempts += 1
  const attempt = new Attempt(exchange, target, OWNER)
  exchange.use(attempt)
  wait(attempt)
}
