import type { Socket } from 'node:net'
import type { SecureContextOptions, Server, TLSSocket } from 'node:tls'
import { createServer } from 'node:tls'
import type { ProxyErrorCode } from '@heddle/api/proxy-errors'
import { parseSpiffeId } from '@heddle/identity/spiffe-id'
import { verifyPeer } from '@heddle/identity/verify-peer'
import { tlsParent } from '../platform/tls-parent.ts'
import type { TlsMaterial, WorkloadIdentity } from '../workload.ts'

/** Application protocols between proxies, as ALPN names. */
export const ALPN_HTTP1 = 'http/1.1'
export const ALPN_HTTP2 = 'h2'
export const ALPN_OPAQUE = 'heddle-opaque/1'

/** How a handshake ended. */
export type HandshakeResult =
  | { readonly kind: 'secured'; readonly socket: TLSSocket; readonly peerIdentity: string; readonly alpn: string }
  | { readonly kind: 'failed'; readonly code: ProxyErrorCode; readonly detail: string }

export interface TerminateTlsOptions {
  readonly identity: WorkloadIdentity
  readonly handshakeMs: number
  readonly nowMs: () => number
}

/** Tickets live shorter than any certificate is left valid at renewal. */
const SESSION_SECONDS = 600

/**
 * Terminates mTLS of other proxies for one workload.
 *
 * The TLS server never listens: it is handed sockets whose first bytes were looked at. (Wrapping a socket in a TLSSocket
 * ourselves would let clients with a foreign certificate through on Node.)
 */
export class TlsTerminator {
  readonly #options: TerminateTlsOptions
  readonly #trustDomain: string
  readonly #waiting = new Map<Socket, (result: HandshakeResult) => void>()
  #server: Server | undefined

  constructor(options: TerminateTlsOptions, signal: AbortSignal) {
    this.#options = options
    this.#trustDomain = parseSpiffeId(options.identity.spiffeId)?.trustDomain ?? ''
    const current = options.identity.current()
    if (current !== undefined) this.#use(current)
    options.identity.onRotate((material) => this.#use(material), signal)
  }

  /** Whether there is a certificate to answer with. */
  get isReady(): boolean {
    return this.#server !== undefined
  }

  /** Takes over `socket`, which must be paused, with its first bytes put back. Calls `done` once. */
  terminate(socket: Socket, done: (result: HandshakeResult) => void): void {
    this.#waiting.set(socket, done)
    // Node tells why a handshake failed only after the close.
    const onClose = () => setImmediate(() => this.#settle(socket, fail('tls_handshake_failed', 'the client went away')))
    socket.once('close', onClose)
    this.#server!.emit('connection', socket)
  }

  #use(material: TlsMaterial): void {
    const context = toContext(material)
    if (this.#server !== undefined) {
      this.#server.setSecureContext(context)
      return
    }
    const server = createServer({
      ...context,
      requestCert: true,
      rejectUnauthorized: true,
      ALPNProtocols: [ALPN_HTTP2, ALPN_HTTP1, ALPN_OPAQUE],
      handshakeTimeout: this.#options.handshakeMs,
      allowHalfOpen: true,
      sessionTimeout: SESSION_SECONDS,
    })
    server.on('secureConnection', (socket) => this.#secured(socket))
    server.on('tlsClientError', (error, socket) => this.#failed(error, socket))
    this.#server = server
  }

  #secured(socket: TLSSocket): void {
    const raw = tlsParent(socket)
    const result = this.#verify(socket)
    if (result.kind === 'failed' || raw === undefined || !this.#waiting.has(raw)) socket.destroy()
    if (raw !== undefined) this.#settle(raw, result)
  }

  #verify(socket: TLSSocket): HandshakeResult {
    if (!socket.authorized) return fail('client_identity_refused', String(socket.authorizationError))
    // A resumed session was verified when it began; its certificate may have run out since, so times are judged here too.
    const nowMs = this.#options.nowMs()
    const verdict = verifyPeer(socket.getPeerCertificate().raw, { trustDomain: this.#trustDomain, nowMs })
    if (verdict.kind === 'refused') return fail('client_identity_refused', `${verdict.reason}: ${verdict.detail}`)
    return { kind: 'secured', socket, peerIdentity: verdict.spiffeId, alpn: socket.alpnProtocol || '' }
  }

  #failed(error: Error & { readonly code?: string }, socket: TLSSocket): void {
    const raw = tlsParent(socket)
    const refusal = socket.authorizationError
    socket.destroy()
    if (raw === undefined) return
    const isGone = error.code === 'ECONNRESET' && !refusal
    const code = isGone ? 'tls_handshake_failed' : 'client_identity_refused'
    this.#settle(raw, fail(code, refusal ? String(refusal) : error.message))
  }

  #settle(raw: Socket, result: HandshakeResult): void {
    const done = this.#waiting.get(raw)
    this.#waiting.delete(raw)
    done?.(result)
  }
}

function fail(code: ProxyErrorCode, detail: string): HandshakeResult {
  return { kind: 'failed', code, detail }
}

function toContext(material: TlsMaterial): SecureContextOptions {
  return {
    cert: material.certificateChainPem,
    key: material.privateKeyPem,
    ca: material.trustBundlePem,
    minVersion: 'TLSv1.3',
    maxVersion: 'TLSv1.3',
  }
}
