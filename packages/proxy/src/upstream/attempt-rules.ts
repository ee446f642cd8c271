import { PROXY_ERRORS, type ProxyErrorCode } from '@heddle/api/proxy-errors'
import { H2_CODE } from '@heddle/http/h2-codes'
import type { StreamReset } from '@heddle/http/session'
import type { Exchange } from '../exchange/exchange.ts'
import type { HttpVersion } from '../exchange/http-version.ts'
import type { Target } from './target.ts'
import { WEB_SOCKET } from './web-socket.ts'

/**
 * What to speak with `target`. Extended CONNECT (RFC 8441) has neither a method nor a choice of protocols, nor can it be declined
 * with an ordinary answer, so of all upgrades only WebSockets travel that way.
 */
export function versionFor({ head, version }: Exchange, target: Target): HttpVersion {
  if (head.upgrade === undefined) return target.version ?? version
  if (target.endpoint.isMeshed) return head.upgrade === WEB_SOCKET ? (target.version ?? version) : 'http1'
  // Where nothing is declared: hardly any server takes WebSockets over HTTP/2.
  return target.version ?? 'http1'
}

/** What the server says of its stream holds for the client's, but for what only the beginning of an answer can mean. */
export function codeToPassOn({ kind, code }: StreamReset): number | undefined {
  return kind === 'peer-closed' && code !== H2_CODE.noError ? code : undefined
}

/** Whether another endpoint may be asked after a failure that a proxy told of. */
export function isRetryable(code: ProxyErrorCode | undefined): code is ProxyErrorCode {
  return code !== undefined && PROXY_ERRORS[code].retryable
}
