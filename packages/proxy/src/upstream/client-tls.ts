import type { Socket } from 'node:net'
import { connect, createSecureContext, type PeerCertificate, type SecureContext, type TLSSocket } from 'node:tls'
import type { ProxyErrorCode } from '@heddle/api/proxy-errors'
import { parseSpiffeId } from '@heddle/identity/spiffe-id'
import { type PeerRefusal, verifyPeer } from '@heddle/identity/verify-peer'
import { ProxyError } from '../errors/proxy-error.ts'
import type { TlsMaterial, WorkloadIdentity } from '../workload.ts'

/** Whom a client expects at the other end. */
export interface ExpectedPeer {
  readonly address: string
  readonly port: number
  /** SPIFFE id that it must prove. */
  readonly identity: string
  readonly serverName: string
  readonly alpn: readonly string[]
}

/** Sessions of more peers than this are forgotten, the oldest first. */
const MAX_SESSIONS = 256

/** Opens TLS to other proxies with the identity of one workload. */
export class ClientTls {
  readonly #identity: WorkloadIdentity
  readonly #nowMs: () => number
  #context: SecureContext | undefined
  /** Tickets by peer. Each was got from a peer whose identity was verified, and is used for the same identity only. */
  readonly #sessions = new Map<string, Buffer>()

  constructor(identity: WorkloadIdentity, nowMs: () => number, signal: AbortSignal) {
    this.#identity = identity
    this.#nowMs = nowMs
    const current = identity.current()
    if (current !== undefined) this.#use(current)
    identity.onRotate((material) => this.#use(material), signal)
  }

  /**
   * Begins a handshake over a connected socket. The caller waits for `secureConnect` or `error` and has the deadline.
   *
   * @throws {ProxyError} own_certificate_missing
   */
  begin(socket: Socket, peer: ExpectedPeer): TLSSocket {
    const notAfterMs = this.#identity.current()?.notAfterMs
    if (this.#context === undefined || notAfterMs === undefined || notAfterMs < this.#nowMs()) {
      throw new ProxyError('own_certificate_missing', `no valid certificate of ${this.#identity.spiffeId}`)
    }
    const key = `${peer.address} ${peer.port} ${peer.identity} ${peer.alpn.join()}`
    const session = this.#sessions.get(key)
    const secured = connect({
      socket,
      secureContext: this.#context,
      servername: peer.serverName,
      ALPNProtocols: [...peer.alpn],
      rejectUnauthorized: true,
      checkServerIdentity: (_name, certificate) => this.#check(certificate, peer.identity),
      ...(session === undefined ? {} : { session }),
    })
    const context = this.#context
    secured.on('session', (ticket) => {
      if (this.#context === context) this.#remember(key, ticket)
    })
    return secured
  }

  #use(material: TlsMaterial): void {
    this.#sessions.clear()
    this.#context = createSecureContext({
      cert: material.certificateChainPem,
      key: material.privateKeyPem,
      ca: material.trustBundlePem,
      minVersion: 'TLSv1.3',
      maxVersion: 'TLSv1.3',
    })
  }

  #check(certificate: PeerCertificate, spiffeId: string): Error | undefined {
    const trustDomain = parseSpiffeId(spiffeId)?.trustDomain ?? ''
    const verdict = verifyPeer(certificate.raw, { trustDomain, spiffeId, nowMs: this.#nowMs() })
    return verdict.kind === 'refused' ? new ProxyError(toCode(verdict.reason), verdict.detail) : undefined
  }

  #remember(key: string, ticket: Buffer): void {
    this.#sessions.delete(key)
    this.#sessions.set(key, ticket)
    if (this.#sessions.size <= MAX_SESSIONS) return
    for (const oldest of this.#sessions.keys()) {
      this.#sessions.delete(oldest)
      return
    }
  }
}

function toCode(reason: PeerRefusal): ProxyErrorCode {
  return reason === 'expired' || reason === 'not_yet_valid' ? 'peer_certificate_expired' : 'peer_identity_mismatch'
}

/** The error table's word for what went wrong in a handshake; messages differ between runtimes, codes hardly. */
export function toHandshakeError(error: Error & { readonly code?: string }): ProxyError {
  if (error instanceof ProxyError) return error
  const text = `${error.code ?? ''} ${error.message}`
  if (/CERT_HAS_EXPIRED|certificate has expired|CERT_NOT_YET_VALID/i.test(text)) {
    return new ProxyError('peer_certificate_expired', error.message, error)
  }
  if (/UNABLE_TO|SELF_SIGNED|self.signed|unable to|DEPTH_ZERO|UNTRUSTED|CERT_SIGNATURE/i.test(text)) {
    return new ProxyError('peer_certificate_untrusted', error.message, error)
  }
  return new ProxyError('tls_handshake_failed', error.message, error)
}
