import type { ProxyErrorCode } from '@heddle/api/proxy-errors'
import type { RequestHead } from '@heddle/http/message'
import type { LimitName } from '../limits.ts'
import type { Exchange } from './exchange.ts'

/** What is looked at of an exchange. */
type Waiting = Pick<Exchange, 'isUpgraded' | 'grpc' | 'isAnswered' | 'isRequestOver' | 'isSending'> & {
  readonly head: Pick<RequestHead, 'bodyLength'>
}

/** What bounds the time in which nothing comes from either side. */
export function silenceLimitOf(exchange: Waiting): LimitName {
  if (exchange.isUpgraded) return 'websocketIdleMs'
  if (exchange.grpc !== undefined) return 'grpcIdleMs'
  if (exchange.isAnswered) return 'bodyIdleMs'
  const isWhole = exchange.head.bodyLength === 0 || exchange.isRequestOver
  return isWhole ? 'responseHeadMs' : 'bodyIdleMs'
}

/** What an exchange that was silent for too long was waiting for, and the limit that it reached. */
export interface Expiry {
  readonly code: ProxyErrorCode
  readonly limit: LimitName
}

/** Says what an exchange was waiting for in vain. */
export function expiryOf(exchange: Waiting): Expiry {
  const { isAnswered, isRequestOver, grpc } = exchange
  if (!isAnswered && !exchange.isSending) return { code: 'pending_timeout', limit: 'pendingMs' }
  const limit = silenceLimitOf(exchange)
  if (isAnswered || grpc !== undefined) return { code: 'idle_timeout', limit }
  return { code: isRequestOver ? 'response_timeout' : 'request_timeout', limit }
}
