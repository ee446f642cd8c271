import { type CertificateFacts, readCertificate } from './certificate.ts'
import { parseSpiffeId } from './spiffe-id.ts'

/** Clocks of two hosts may differ by so much without anyone being refused. */
export const CLOCK_SKEW_MS = 60_000

/** Why a peer is refused; the same words in metrics and logs. */
export type PeerRefusal =
  | 'no_certificate'
  | 'unreadable_certificate'
  | 'authority_certificate'
  | 'not_yet_valid'
  | 'expired'
  | 'no_identity'
  | 'foreign_trust_domain'
  | 'other_identity'

/** Either who the peer is, or why it is nobody. */
export type PeerVerdict =
  | { readonly kind: 'verified'; readonly spiffeId: string; readonly facts: CertificateFacts }
  | { readonly kind: 'refused'; readonly reason: PeerRefusal; readonly detail: string }

/** Whom the peer has to be. */
export interface PeerExpectation {
  /** Only identities of this trust domain are anybody. */
  readonly trustDomain: string
  /** The one identity that will do; `undefined`: any of the trust domain (a server that decides by policy later). */
  readonly spiffeId?: string | undefined
  readonly nowMs: number
}

/**
 * Decides who the peer of a TLS connection is, by its leaf certificate.
 *
 * It judges names and times only. That the certificate was issued by a trusted authority, and that the peer holds its
 * key, is what the TLS stack has proved before: call it on connections with `rejectUnauthorized: true`, once the
 * handshake is over.
 *
 * @param leafDer - `undefined` or empty when the peer showed none
 */
export function verifyPeer(leafDer: Uint8Array | undefined, expected: PeerExpectation): PeerVerdict {
  if (leafDer === undefined || leafDer.length === 0) return refused('no_certificate', 'the peer showed no certificate')
  const facts = readFacts(leafDer)
  if (facts === undefined) return refused('unreadable_certificate', 'the certificate of the peer is malformed')
  return judge(facts, expected)
}

function judge(facts: CertificateFacts, expected: PeerExpectation): PeerVerdict {
  const { nowMs } = expected
  if (facts.isAuthority) return refused('authority_certificate', 'the peer showed the certificate of an authority')
  if (nowMs < facts.notBeforeMs - CLOCK_SKEW_MS) {
    return refused('not_yet_valid', `valid from ${formatTime(facts.notBeforeMs)}, now is ${formatTime(nowMs)}`)
  }
  if (nowMs > facts.notAfterMs + CLOCK_SKEW_MS) {
    return refused('expired', `expired at ${formatTime(facts.notAfterMs)}, now is ${formatTime(nowMs)}`)
  }
  return judgeName(facts, expected)
}

function judgeName(facts: CertificateFacts, expected: PeerExpectation): PeerVerdict {
  // X509-SVID §2: exactly one URI, or it is no SVID.
  if (facts.uris.length !== 1) return refused('no_identity', `${facts.uris.length} URIs among its names, not one`)
  const spiffeId = facts.uris[0]!
  const id = parseSpiffeId(spiffeId)
  if (id === undefined) return refused('no_identity', 'its URI is not a SPIFFE id of this mesh')
  if (id.trustDomain !== expected.trustDomain) {
    return refused('foreign_trust_domain', `${spiffeId} is not of trust domain ${expected.trustDomain}`)
  }
  if (expected.spiffeId !== undefined && spiffeId !== expected.spiffeId) {
    return refused('other_identity', `expected ${expected.spiffeId}, the peer is ${spiffeId}`)
  }
  return { kind: 'verified', spiffeId, facts }
}

function readFacts(der: Uint8Array): CertificateFacts | undefined {
  try {
    return readCertificate(der)
  } catch {
    return undefined
  }
}

function refused(reason: PeerRefusal, detail: string): PeerVerdict {
  return { kind: 'refused', reason, detail }
}

function formatTime(ms: number): string {
  return new Date(ms).toISOString()
}
