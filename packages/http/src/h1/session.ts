import type { ClientHandler, ClientSession, ServerHandler, ServerSession, Transport } from '../session.ts'
import { H1ClientSession } from './client-session.ts'
import { DEFAULT_H1_LIMITS, type H1Limits } from './limits.ts'
import { H1ServerSession } from './server-session.ts'

/**
 * One connection of HTTP/1 that a client opened. RFC 9112.
 *
 * The session owns neither socket nor timer: it is fed by `receive`, writes to `transport` when `flush` is called, and
 * asks `transport` for its end. Requests of a pipeline come one after another, each after the end of the answer before.
 */
export function createH1Server(
  handler: ServerHandler,
  transport: Transport,
  limits: H1Limits = DEFAULT_H1_LIMITS,
): ServerSession {
  return new H1ServerSession(handler, transport, limits)
}

/** One connection of HTTP/1 that we opened: one request at a time, each in HTTP/1.1. RFC 9112. */
export function createH1Client(
  handler: ClientHandler,
  transport: Transport,
  limits: H1Limits = DEFAULT_H1_LIMITS,
): ClientSession {
  return new H1ClientSession(handler, transport, limits)
}
