import { type ConnectionTable, decideConnection } from '@heddle/engine/route/connection'
import { answerPreflight, type PreflightAnswer } from '@heddle/engine/route/cors'
import { decideRoute } from '@heddle/engine/route/decide'
import type { Forward } from '@heddle/engine/route/decision'
import { NO_FILTERS, type RouteFilters } from '@heddle/engine/route/filters'
import { normalizePath } from '@heddle/engine/route/normal-path'
import { redirectLocation } from '@heddle/engine/route/redirect'
import { REFUSALS } from '@heddle/engine/route/refusals'
import { applyRequestSteps } from '@heddle/engine/route/request-steps'
import { ProxyError } from '../errors/proxy-error.ts'
import type { Exchange } from '../exchange/exchange.ts'
import { inTurn } from '../exchange/in-turn.ts'
import type { LocalReply } from '../filters/filter.ts'
import { keepOriginal } from '../records/original-head.ts'
import type { DestinationState } from '../upstream/destination-state.ts'
import { injectFaults } from './inject-faults.ts'
import { startMirrors } from './mirror-copy.ts'
import { RoutedRequest } from './routed-request.ts'
import { type RoutedAnswer, RoutedStream } from './routed-stream.ts'
import type { Routing } from './routing.ts'
import { findSession, findTarget } from './session-target.ts'

/** What happens next to an exchange that was routed. */
export type GoOn = (exchange: Exchange) => void

/**
 * Sends the request where the routes of its destination say: answers it here, or changes it, makes its state that of the
 * backend, and goes on.
 */
export function routeRequest(exchange: Exchange, routing: Routing, goOn: GoOn): void {
  const { head } = exchange
  if (routing.requests.kind !== 'none') normalize(exchange)
  const decision = decideRoute(routing.requests, head, exchange.core.deciding)
  exchange.decision = decision
  switch (decision.kind) {
    case 'forward':
      if (decision.rule.requestTimeoutMs > 0) RoutedRequest.of(exchange).expectWithin(decision.rule.requestTimeoutMs)
      pass(exchange, routing, goOn)
      return
    case 'own-endpoints':
      pass(exchange, routing, goOn)
      return
    case 'redirect':
      redirect(exchange, decision.filters, routing)
      return
    case 'preflight':
      exchange.reply(toReply(answerPreflight(decision.filters.cors!, head)))
      return
    case 'refused':
      if (decision.cause === 'path_too_long' || decision.cause === 'header_too_long')
        exchange.core.limitReached('matchSteps')
      exchange.fail(new ProxyError(REFUSALS[decision.cause], decision.reason))
  }
}

/** Rules and backend read the same path; most are as they should be. */
function normalize(exchange: Exchange): void {
  const { head } = exchange
  const path = normalizePath(head.path)
  if (path === head.path) return
  exchange.original = keepOriginal(head, [])
  head.path = path
}

function redirect(exchange: Exchange, filters: RouteFilters, { origin }: Routing): void {
  changeAnswer(exchange, { changes: filters.responseHeaders, cors: filters.cors, session: undefined })
  const to = filters.redirect!
  exchange.reply({ status: to.status, headers: { location: redirectLocation(to, exchange.head, origin) } })
}

function toReply({ status, headers }: PreflightAnswer): LocalReply {
  return { status, headers: Object.fromEntries(headers.map(({ name, value }) => [name, value])) }
}

/** Through the faults that are injected, if any are. */
function pass(exchange: Exchange, routing: Routing, goOn: GoOn): void {
  if (routing.faults === undefined) send(exchange, routing, goOn)
  else injectFaults(exchange, routing.faults, () => send(exchange, routing, goOn))
}

function send(exchange: Exchange, routing: Routing, goOn: GoOn): void {
  const { decision } = exchange
  if (decision?.kind === 'forward') {
    if (decision.filters !== NO_FILTERS || decision.rule.session !== undefined) applyFilters(exchange, decision)
    toBackend(exchange, decision.backend.key, goOn)
    return
  }
  if (routing.connections !== undefined) byConnectionRoute(exchange, routing.connections, goOn)
  else goOn(exchange)
}

/** Routes of connections are for whatever comes; where that is HTTP, each request is drawn for itself. */
function byConnectionRoute(exchange: Exchange, table: ConnectionTable, goOn: GoOn): void {
  const decision = decideConnection(table, undefined, exchange.core.deciding)
  if (decision.kind === 'forward') toBackend(exchange, decision.backend.key, goOn)
  else if (decision.kind === 'refused') exchange.fail(new ProxyError(REFUSALS[decision.cause], decision.reason))
  else goOn(exchange)
}

function applyFilters(exchange: Exchange, { filters, rule, backend }: Forward): void {
  const about = rule.session
  const backendName = about?.backends[backend.index] ?? ''
  const session = about && { about, backend: backendName, before: findSession(exchange, rule) }
  if (filters.cors !== undefined || filters.responseHeaders.length > 0 || session !== undefined) {
    changeAnswer(exchange, { changes: filters.responseHeaders, cors: filters.cors, session })
  }
  if (filters.requestSteps.length > 0) {
    exchange.original = keepOriginal(exchange.head, filters.requestSteps, exchange.original)
    applyRequestSteps(filters.requestSteps, exchange.head)
  }
  if (filters.mirrors.length > 0) startMirrors(exchange, filters.mirrors)
}

function changeAnswer(exchange: Exchange, answer: RoutedAnswer): void {
  exchange.stream = new RoutedStream(exchange, answer)
}

/** Makes the state of the exchange that of the destination `key`, of which only the endpoints count. */
function toBackend(exchange: Exchange, key: string, goOn: GoOn): void {
  let state: DestinationState | Promise<DestinationState>
  try {
    state = exchange.hop.backend(key).resolve()
  } catch (error) {
    exchange.failWith(error)
    return
  }
  if (!(state instanceof Promise)) {
    arrive(exchange, state, goOn)
    return
  }
  state.then(
    (known) => inTurn(exchange, () => arrive(exchange, known, goOn)),
    (error: unknown) => inTurn(exchange, () => exchange.failWith(error)),
  )
}

/** A session goes on at its endpoint, as long as that is there: whether it is well is asked when the request is sent. */
function pin(exchange: Exchange, state: DestinationState): void {
  const { decision } = exchange
  if (decision?.kind !== 'forward' || decision.rule.session === undefined) return
  const { rule, backend } = decision
  const session = findSession(exchange, rule)
  if (session === undefined || session.backend !== rule.session?.backends[backend.index]) return
  exchange.pinned = findTarget(state, session.endpoint)
}

function arrive(exchange: Exchange, state: DestinationState, goOn: GoOn): void {
  if (exchange.isEnded) return
  if (state.kind === 'missing') {
    exchange.fail(new ProxyError('backend_unresolved', state.reason))
    return
  }
  exchange.addressed = exchange.state
  exchange.state = state
  pin(exchange, state)
  goOn(exchange)
}
