import { Code, ConnectError, createContextKey, type HandlerContext } from '@connectrpc/connect'
import { AdminService } from '@heddle/api/admin'
import { IdentityService } from '@heddle/api/identity'
import { ReplicaService } from '@heddle/api/replica'
import type { Counter, Family } from '@heddle/telemetry/registry'
import type { AccessRefusal, AdminAccess } from './admin-access.ts'
import type { Peer, VerifiedPeer } from './peer.ts'

/** The peer of the connection that a call came over. */
export const peerKey = createContextKey<Peer>({ kind: 'anonymous' }, { description: 'peer of the connection' })

/** The address that a call came from: not who called, only whom to count it for. */
export const sourceKey = createContextKey<string>('', { description: 'address of the peer' })

/** Who is asked, and where it is counted. */
export interface GateOptions {
  readonly access: AdminAccess
  /** The SPIFFE id of the control plane: the only one that replicas have. */
  readonly ownIdentity: string
  /** By reason. */
  readonly refused: Family<Counter>
}

/** Decides whether a call may be read at all; rejects with `unauthenticated` or `permission_denied` when not. */
export type Gate = (context: HandlerContext) => Promise<void>

/**
 * Who may call what: a workload with a certificate of the trust domain may use discovery and telemetry (each handler
 * compares it with whom the call is about); who may use the admin service is said by {@link AdminAccess}; a signature may be
 * asked for by anyone, since the request itself carries the proof; replicas talk to each other. A certificate that is not
 * valid is refused by all.
 */
export function createGate(options: GateOptions): Gate {
  return async (context) => {
    const refusal = await refusalOf(context, options)
    if (refusal === undefined) return
    options.refused.with(refusal.reason).add()
    throw new ConnectError(refusal.detail, refusal.code)
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

async function refusalOf(context: HandlerContext, options: GateOptions): Promise<AccessRefusal | undefined> {
  const peer = context.values.get(peerKey)
  if (peer.kind === 'refused') return { ...peer, code: Code.Unauthenticated }
  switch (context.service.typeName) {
    case IdentityService.typeName:
      return undefined
    case AdminService.typeName: {
      const authorization = context.requestHeader.get('authorization')
      const source = context.values.get(sourceKey)
      return await options.access.refusalOf({ authorization, source, method: context.method.localName })
    }
    case ReplicaService.typeName:
      return peer.kind === 'verified' && peer.spiffeId === options.ownIdentity ? undefined : NOT_A_REPLICA
    default:
      return peer.kind === 'verified' ? undefined : NO_CERTIFICATE
  }
}

const NO_CERTIFICATE: AccessRefusal = {
  reason: 'no_certificate',
  detail: 'a client certificate is needed',
  code: Code.Unauthenticated,
}

const NOT_A_REPLICA: AccessRefusal = {
  reason: 'not_a_replica',
  detail: 'only replicas of the control plane may ask this',
  code: Code.PermissionDenied,
}
