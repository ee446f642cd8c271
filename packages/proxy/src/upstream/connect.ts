import { connect as connectTcp, type Socket } from 'node:net'
import type { Clock, Timer } from '@heddle/base/clock'
import type { LoopGuard } from '../accept/loop-guard.ts'
import { ProxyError, toProxyError } from '../errors/proxy-error.ts'
import { afterAwake } from '../net/awake-timer.ts'
import type { SocketPair } from '../net/http-socket.ts'
import { type ClientTls, toHandshakeError } from './client-tls.ts'
import type { OutgoingCount } from './outgoing-count.ts'

/** Where to connect to, and whom to expect there. */
export interface Remote {
  readonly address: string
  readonly port: number
  /** SPIFFE id that the other side must prove; `undefined`: plain TCP. */
  readonly identity: string | undefined
  readonly serverName: string | undefined
}

export interface ConnectOptions {
  readonly clock: Clock
  readonly tls: ClientTls
  readonly connectMs: number
  readonly handshakeMs: number
  readonly loopGuard: LoopGuard
  readonly outgoing: OutgoingCount
  /** What may be spoken inside of TLS, the preferred first. */
  readonly alpn: readonly string[]
}

/** Gets the outcome of one connect; exactly one of the two. */
export interface ConnectReceiver {
  /** @param alpn - what is spoken inside of TLS; empty in plain */
  connected(pair: SocketPair, alpn: string): void
  failed(error: ProxyError): void
}

/**
 * Connects, and secures the connection where the remote has an identity.
 *
 * @returns ends the attempt; nothing is called afterwards
 */
export function connect(remote: Remote, options: ConnectOptions, receiver: ConnectReceiver): () => void {
  const attempt = new ConnectAttempt(remote, options, receiver)
  return () => attempt.cancel()
}

class ConnectAttempt {
  readonly #remote: Remote
  readonly #options: ConnectOptions
  #receiver: ConnectReceiver | undefined
  readonly #raw: Socket
  #socket: Socket
  #timer: Timer

  constructor(remote: Remote, options: ConnectOptions, receiver: ConnectReceiver) {
    this.#remote = remote
    this.#options = options
    this.#receiver = receiver
    const host = remote.identity === undefined ? remote.address : options.loopGuard.toProxyAddress(remote.address)
    this.#raw = connectTcp({ host, port: remote.port, allowHalfOpen: true })
    this.#socket = this.#raw
    options.outgoing.add(this.#raw)
    this.#raw.once('connect', this.#onConnect)
    this.#raw.once('error', this.#onError)
    this.#raw.once('close', this.#onClose)
    this.#timer = afterAwake(options.clock, options.connectMs, this.#onTimeout)
  }

  cancel(): void {
    if (this.#receiver === undefined) return
    this.#finish()
    this.#destroy()
  }

  readonly #onConnect = (): void => {
    // Before the connection is established, Bun silently loses this (and Nagle then meets delayed ACKs).
    this.#raw.setNoDelay(true)
    this.#options.loopGuard.addOutgoing(this.#raw)
    if (this.#remote.identity === undefined) {
      this.#finish()?.connected({ socket: this.#raw, raw: undefined }, '')
      return
    }
    this.#timer.cancel()
    this.#timer = afterAwake(this.#options.clock, this.#options.handshakeMs, this.#onTimeout)
    try {
      this.#secure(this.#remote.identity)
    } catch (error) {
      this.#fail(toProxyError(error))
    }
  }

  #secure(identity: string): void {
    const { address, port, serverName = '' } = this.#remote
    const { alpn, tls } = this.#options
    const secured = tls.begin(this.#raw, { address, port, identity, serverName, alpn })
    this.#socket = secured
    secured.once('error', this.#onError)
    secured.once('close', this.#onClose)
    secured.once('secureConnect', () => {
      if (this.#receiver === undefined) return
      const chosen = secured.alpnProtocol || ''
      if (!alpn.includes(chosen)) {
        this.#fail(new ProxyError('tls_handshake_failed', `${this.#name} does not speak ${alpn.join(' or ')}`))
        return
      }
      this.#raw.on('error', ignore)
      this.#finish()?.connected({ socket: secured, raw: this.#raw }, chosen)
    })
  }

  get #name(): string {
    return `${this.#remote.address}:${this.#remote.port}`
  }

  readonly #onTimeout = (): void => {
    const { connectMs, handshakeMs } = this.#options
    if (this.#socket === this.#raw) {
      this.#fail(new ProxyError('connect_timeout', `connect ${this.#name} took over ${connectMs} ms`))
      return
    }
    this.#fail(new ProxyError('tls_handshake_failed', `handshake with ${this.#name} took over ${handshakeMs} ms`))
  }

  readonly #onError = (error: Error & { readonly code?: string }): void => {
    if (this.#socket !== this.#raw) {
      this.#fail(toHandshakeError(error))
      return
    }
    // Codes beyond "refused" differ between runtimes (Bun calls unreachable hosts refused), so there is one for all.
    const code = error.code === 'ETIMEDOUT' ? 'connect_timeout' : 'connect_refused'
    this.#fail(new ProxyError(code, `connect ${this.#name}: ${error.message}`, error))
  }

  readonly #onClose = (): void => {
    const code = this.#socket === this.#raw ? 'connect_failed' : 'tls_handshake_failed'
    this.#fail(new ProxyError(code, `${this.#name} closed before the connection could be used`))
  }

  #fail(error: ProxyError): void {
    const receiver = this.#finish()
    if (receiver === undefined) return
    this.#destroy()
    receiver.failed(error)
  }

  #finish(): ConnectReceiver | undefined {
    const receiver = this.#receiver
    this.#receiver = undefined
    this.#timer.cancel()
    this.#raw.off('error', this.#onError).off('close', this.#onClose)
    this.#socket.off('error', this.#onError).off('close', this.#onClose)
    return receiver
  }

  #destroy(): void {
    for (const socket of [this.#socket, this.#raw]) {
      // A late error of a socket that nobody waits for must not end the process.
      socket.on('error', ignore)
      socket.destroy()
    }
  }
}

function ignore(): void {
  // The outcome is known already.
}
