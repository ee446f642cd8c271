import type { Fields } from '@heddle/http/fields'
import type { ResponseHead } from '@heddle/http/message'
import type { Exchange } from '../exchange/exchange.ts'

/** Field by which whoever asked, whoever answers and the logs of both speak of one request. */
export const REQUEST_ID = 'x-request-id'

/** What is safe in a log, a URL and a shell; longer ones are no names. */
const SANE = /^[\w.~+/=:@-]{1,128}$/

/** Other proxies count from 1 as well: what tells them apart. */
const PREFIX = Math.floor(Math.random() * 2 ** 48).toString(36)
let made = 0

/** The id that `fields` name, unless it is something else than an id. */
export function readRequestId(fields: Fields): string | undefined {
  const text = fields.get(REQUEST_ID)
  return text !== undefined && SANE.test(text) ? text : undefined
}

/**
 * The id of the request: that of its client, else that of whoever answered it, else one that is made now. Most requests are never
 * asked for it; docs/decisions/0005-request-ids.md says why.
 */
export function requestIdOf(exchange: Exchange): string {
  const { head, response } = exchange
  exchange.requestId ??=
    readRequestId(head.fields) ?? (response && readRequestId(response.fields)) ?? `${PREFIX}-${(++made).toString(36)}`
  return exchange.requestId
}

/** A failed answer takes the request's id along, so that it can be asked for; where it brings one, that is the request's. */
export function nameFailure(exchange: Exchange, answer: ResponseHead): void {
  if (exchange.requestId === undefined && readRequestId(exchange.head.fields) === undefined) {
    exchange.requestId = readRequestId(answer.fields)
  }
  if (!answer.fields.has(REQUEST_ID)) answer.fields.set(REQUEST_ID, requestIdOf(exchange))
}

/** Further tries of a request carry its id, so that the proxies of all endpoints keep it under the same. */
export function nameRetry(exchange: Exchange): void {
  const { fields } = exchange.head
  if (!fields.has(REQUEST_ID)) fields.set(REQUEST_ID, requestIdOf(exchange))
}
