import { PROXY_ERRORS, type ProxyErrorCode } from '@heddle/api/proxy-errors'
import { H2_CODE } from '@heddle/http/h2-codes'
import type { StreamReset } from '@heddle/http/session'
import type { Exchange } from '../exchange/exchange.ts'
import type { HttpVersion } from '../exchange/http-version.ts'
import type { Trace } from './attempt-owner.ts'
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

/** What a reset says of who had the request: `mayRefuse`, the server can tell that it has not looked at it. */
export function traceOfReset(
  { kind, code }: StreamReset,
  connection: { readonly mayRefuse: boolean; readonly wasReused: boolean },
): Trace {
  if (connection.mayRefuse && kind === 'refused') return 'none'
  const isClosed = kind === 'refused' || (kind === 'peer-closed' && code === undefined)
  return isClosed && connection.wasReused ? 'unlikely' : 'likely'
}

/** The failure that a reset is, on a connection from which octets came or not. */
export function codeOfReset(
  { kind }: StreamReset,
  connection: { readonly isHeard: boolean; readonly isMeshed: boolean },
): ProxyErrorCode {
  if (kind === 'protocol') return 'upstream_protocol_error'
  if (kind === 'bug') return 'internal_error'
  // With TLS 1.3 a client is done before its certificate was looked at: a refusal is a close without a word.
  const isSilent = !connection.isHeard && kind !== 'local'
  return isSilent && connection.isMeshed ? 'refused_by_peer' : 'upstream_reset'
}

/** What the server says of its stream holds for the client's, but for what only the beginning of an answer can mean. */
export function codeToPassOn({ kind, code }: StreamReset): number | undefined {
  return kind === 'peer-closed' && code !== H2_CODE.noError ? code : undefined
}

/** Whether another endpoint may be asked after a failure that a proxy told of. */
export function isRetryable(code: ProxyErrorCode | undefined): code is ProxyErrorCode {
  return code !== undefined && PROXY_ERRORS[code].retryable
}
