import type { TLSSocket } from 'node:tls'
import type { Clock } from '@heddle/base/clock'
import { parseSpiffeId, type SpiffeId } from '@heddle/identity/spiffe-id'
import { CLOCK_SKEW_MS, verifyPeer } from '@heddle/identity/verify-peer'

/** Who is at the other end of a connection, by its client certificate. */
export type Peer = AnonymousPeer | VerifiedPeer | RefusedPeer

/** Showed no certificate: may only do what needs none, or prove itself otherwise. */
export interface AnonymousPeer {
  readonly kind: 'anonymous'
}

/** Showed a certificate of this mesh that is valid until `notAfterMs`, in ms since the Unix epoch. */
export interface VerifiedPeer extends SpiffeId {
  readonly kind: 'verified'
  readonly spiffeId: string
  readonly notAfterMs: number
  /** Ends the connection at once. */
  cut(): void
}

/** Showed a certificate that is not valid here: may do nothing, whatever else it shows. */
export interface RefusedPeer {
  readonly kind: 'refused'
  /** One word for metrics and logs. */
  readonly reason: string
  readonly detail: string
}

/** What is needed to judge a certificate. */
export interface PeerRules {
  readonly trustDomain: string
  readonly clock: Clock
}

const PEER = Symbol('peer')

interface PeerSocket {
  [PEER]?: Peer | undefined
}

/**
 * Judges the client certificate of a connection whose handshake is over and remembers it for the connection's requests.
 * The TLS stack was told to ask for a certificate but not to insist, so its verdict is read here.
 */
export function identifyPeer(socket: TLSSocket, rules: PeerRules): Peer {
  const peer = judge(socket, rules)
  Object.assign(socket, { [PEER]: peer })
  return peer
}

/**
 * Who sent a request.
 *
 * @param socket - of the request; in HTTP/2 a stand-in which passes properties through
 */
export function peerOf(socket: object, clock: Clock): Peer {
  const peer = (socket as PeerSocket)[PEER] ?? { kind: 'anonymous' }
  if (peer.kind !== 'verified' || clock.nowMs() <= peer.notAfterMs + CLOCK_SKEW_MS) return peer
  return { kind: 'refused', reason: 'expired', detail: 'the certificate has expired while the connection was open' }
}

function judge(socket: TLSSocket, { trustDomain, clock }: PeerRules): Peer {
  const certificate = socket.getPeerX509Certificate()
  if (certificate === undefined) return { kind: 'anonymous' }
  if (!socket.authorized) {
    const why = String(socket.authorizationError)
    const reason = why.includes('CERT_HAS_EXPIRED') ? 'expired' : 'untrusted'
    return { kind: 'refused', reason, detail: `the certificate is not valid here: ${why}` }
  }
  const verdict = verifyPeer(certificate.raw, { trustDomain, nowMs: clock.nowMs() })
  if (verdict.kind === 'refused') return verdict
  const { spiffeId, facts } = verdict
  const id = parseSpiffeId(spiffeId)!
  return { kind: 'verified', spiffeId, ...id, notAfterMs: facts.notAfterMs, cut: () => void socket.destroy() }
}
