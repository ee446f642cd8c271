import { createHash, timingSafeEqual } from 'node:crypto'
import { Code, ConnectError, createContextKey, type HandlerContext } from '@connectrpc/connect'
import { AdminService } from '@heddle/api/admin'
import { IdentityService } from '@heddle/api/identity'
import type { Counter, Family } from '@heddle/telemetry/registry'
import type { Peer, VerifiedPeer } from './peer.ts'

/** The peer of the connection that a call came over. */
export const peerKey = createContextKey<Peer>({ kind: 'anonymous' }, { description: 'peer of the connection' })

/** Why calls were refused before they were read. */
export interface GateOptions {
  readonly adminToken: string
  /** By reason. */
  readonly refused: Family<Counter>
}

/** Decides whether a call may be read at all; throws `unauthenticated` when not. */
export type Gate = (context: HandlerContext) => void

/**
 * Who may call what: a workload with a certificate of the trust domain may use discovery and telemetry (each handler
 * compares it with whom the call is about); the bearer of the admin token may use the admin service; a signature may be
 * asked for by anyone, since the request itself carries the proof. A certificate that is not valid is refused by all.
 */
export function createGate({ adminToken, refused }: GateOptions): Gate {
  const expected = digest(`Bearer ${adminToken}`)
  return (context) => {
    const refusal = refusalOf(context, expected)
    if (refusal === undefined) return
    refused.with(refusal.reason).add()
    throw new ConnectError(refusal.detail, Code.Unauthenticated)
  }
}

/**
 * The workload that makes a call; for handlers behind the gate.
 *
 * @throws {ConnectError} unauthenticated
 */
export function callerOf(context: HandlerContext): VerifiedPeer {
  const peer = context.values.get(peerKey)
  if (peer.kind === 'verified') return peer
  throw new ConnectError('a client certificate is needed', Code.Unauthenticated)
}

interface Refusal {
  readonly reason: string
  readonly detail: string
}

function refusalOf(context: HandlerContext, expected: Buffer): Refusal | undefined {
  const peer = context.values.get(peerKey)
  if (peer.kind === 'refused') return peer
  switch (context.service.typeName) {
    case IdentityService.typeName:
      return undefined
    case AdminService.typeName:
      return tokenRefusal(context.requestHeader.get('authorization'), expected)
    default:
      if (peer.kind === 'verified') return undefined
      return { reason: 'no_certificate', detail: 'a client certificate is needed' }
  }
}

/** Digests are compared, so that neither length nor content of the token shows in the time it takes. */
function tokenRefusal(authorization: string | null, expected: Buffer): Refusal | undefined {
  if (authorization === null) return { reason: 'no_token', detail: 'the admin token is needed as bearer token' }
  if (timingSafeEqual(digest(authorization), expected)) return undefined
  return { reason: 'wrong_token', detail: 'the bearer token is not the admin token of this control plane' }
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
