import type { ClientHandler, ClientSession, ServerHandler, ServerSession, Transport } from '../session.ts'
import { H2ClientSession } from './client-session.ts'
import { DEFAULT_H2_LIMITS, type H2Limits } from './limits.ts'
import { H2ServerSession } from './server-session.ts'

/**
 * One connection of HTTP/2 that a client opened, by prior knowledge or ALPN. RFC 9113.
 *
 * The session owns neither socket nor timer: it is fed by `receive`, writes to `transport` when `flush` is called, and
 * asks `transport` for its end. Requests come as they begin, many at a time.
 */
export function createH2Server(
  handler: ServerHandler,
  transport: Transport,
  limits: H2Limits = DEFAULT_H2_LIMITS,
): ServerSession {
  return new H2ServerSession(handler, transport, limits)
}

/** One connection of HTTP/2 that we opened: as many requests at a time as the server allows. RFC 9113. */
export function createH2Client(
  handler: ClientHandler,
  transport: Transport,
  limits: H2Limits = DEFAULT_H2_LIMITS,
): ClientSession {
  return new H2ClientSession(handler, transport, limits)
}
