import { IDEMPOTENT_METHODS } from '@heddle/engine/retry/policy'
import type { ProxyError } from '../errors/proxy-error.ts'
import type { Exchange } from '../exchange/exchange.ts'
import type { Attempt } from './attempt.ts'
import type { Trace } from './attempt-owner.ts'

/** Why a request goes out once more though no policy was asked, one sentence each for the log. */
export const SAFE_REPEAT = {
  unsent: 'nothing was sent, so another endpoint is tried',
  unread: 'the server refused it unread, so it is sent again',
  idleClosed: 'an idle connection was closed, so it goes over a new one',
} as const

/** Whether another endpoint may be asked after `error`, before which nothing was sent. */
export function mayAskAnother({ attempts, core }: Exchange, error: ProxyError): boolean {
  return error.spec.retryable && attempts < core.limits.connectTries
}

/** Whether the server has not looked at the request, and there may be another attempt; its body would have to be there still. */
export function mayRepeatUnread({ attempts, core }: Exchange, trace: Trace): boolean {
  return trace === 'none' && attempts < core.limits.connectTries
}

/** Whether it may go out one more time, over a new connection, as it may be sent twice and was hardly seen. */
export function mayRepeatAnew({ head, attempts }: Exchange, { hasSentBody }: Attempt, trace: Trace): boolean {
  return trace === 'unlikely' && !hasSentBody && IDEMPOTENT_METHODS.has(head.method) && attempts === 1
}
