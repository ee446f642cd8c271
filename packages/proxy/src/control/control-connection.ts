import { type ConnectionOptions, connect, createSecureContext, type SecureContext, type TLSSocket } from 'node:tls'
import type { Clock } from '@heddle/base/clock'
import type { HostPort } from '@heddle/base/host-port'
import { createFields } from '@heddle/http/fields'
import { createH1Client } from '@heddle/http/h1'
import { createH2Client } from '@heddle/http/h2'
import { createRequestHead } from '@heddle/http/message'
import type { BodySender, ClientSession, ResponseReceiver, StreamReset } from '@heddle/http/session'
import { parseSpiffeId, serverNameOf } from '@heddle/identity/spiffe-id'
import { verifyPeer } from '@heddle/identity/verify-peer'
import { ControlError } from './control-error.ts'
import { socketTransport } from './socket-transport.ts'

/** What proves us to the control plane, and it to us. */
export interface ControlCredentials {
  readonly trustBundlePem: string
  /** Left out until there is a certificate. */
  readonly certificateChainPem?: string
  readonly privateKeyPem?: string
}

/** Where the control plane is and who it must be. */
export interface ControlTarget {
  /** A name may have several addresses, those of replicas. */
  readonly address: HostPort
  /** SPIFFE id that its certificate must have. */
  readonly spiffeId: string
}

export interface ConnectionDeps {
  readonly credentials: ControlCredentials
  readonly clock: Clock
  /** Deadline of TCP and TLS together. */
  readonly timeoutMs: number
}

/** One request to the control plane. */
export interface ControlRequest {
  readonly path: string
  readonly contentType: string
  readonly body: Uint8Array
}

/**
 * Connects to the control plane by TLS 1.3 and proves that it is the control plane.
 *
 * @throws {ControlError} unreachable, or untrusted
 */
export async function openControlConnection(target: ControlTarget, deps: ConnectionDeps): Promise<ControlConnection> {
  const socket = connect(toTlsOptions(target, deps.credentials))
  await secured(socket, target, deps)
  // Before it is connected Bun would lose the option without a word.
  socket.setNoDelay(true)
  return new ControlConnection(socket, target)
}

/** A connection for one request at a time, or over HTTP/2 for many. */
export class ControlConnection {
  readonly #socket: TLSSocket
  readonly #session: ClientSession
  readonly #authority: string
  #error: Error | undefined
  /** Called once when the connection can't be used any more. */
  onClose: () => void = () => {}

  constructor(socket: TLSSocket, target: ControlTarget) {
    this.#socket = socket
    this.#authority = serverNameOf(parseSpiffeId(target.spiffeId)!)
    const handler = { onIdle: () => {}, onAllowance: () => {}, onUnusable: () => this.#unusable() }
    const create = socket.alpnProtocol === 'h2' ? createH2Client : createH1Client
    this.#session = create(
      handler,
      socketTransport(socket, () => this.#session.flush()),
    )
    this.#listen()
  }

  /** Whether requests can be made beside one that goes on. */
  get takesMany(): boolean {
    return this.#session.protocol === 'http2'
  }

  get isReusable(): boolean {
    return this.#session.isReusable && this.#session.capacity > 0 && !this.#socket.destroyed
  }

  request({ path, contentType, body }: ControlRequest, receiver: ResponseReceiver): BodySender {
    const head = createRequestHead({
      method: 'POST',
      path,
      authority: this.#authority,
      scheme: 'https',
      bodyLength: body.length,
      fields: createFields([
        ['content-type', contentType],
        ['connect-protocol-version', '1'],
      ]),
    })
    const sender = this.#session.request(head, true, receiver)
    sender.sendData(body)
    sender.sendEnd()
    this.#session.flush()
    return sender
  }

  /** Ends it at once; a request under way is aborted. */
  close(): void {
    this.#socket.destroy()
    this.#end({ kind: 'local', detail: 'closed' })
  }

  /** Of HTTP/2 what is under way goes on, and the session ends the connection after it. */
  #unusable(): void {
    if (!this.takesMany) this.close()
  }

  #listen(): void {
    const socket = this.#socket
    socket.on('data', (bytes: Uint8Array) => this.#session.receive(bytes))
    socket.on('end', () => this.#session.receiveEnd())
    socket.on('drain', () => this.#session.transportDrained())
    socket.on('error', (error) => {
      this.#error = error
    })
    socket.on('close', () => this.#end({ kind: 'peer-closed', detail: this.#error?.message ?? 'connection closed' }))
  }

  #end(reset: StreamReset): void {
    this.#session.destroy(reset)
    const { onClose } = this
    this.onClose = () => {}
    onClose()
  }
}

function toTlsOptions(target: ControlTarget, credentials: ControlCredentials): ConnectionOptions {
  return {
    host: target.address.host,
    port: target.address.port,
    servername: serverNameOf(parseSpiffeId(target.spiffeId)!),
    secureContext: secureContextOf(credentials),
    minVersion: 'TLSv1.3',
    ALPNProtocols: ['h2', 'http/1.1'],
    // The identity is a URI, which the runtime does not look at; `secured` checks it before the first octet is sent.
    checkServerIdentity: () => undefined,
  }
}

/** One for all connections that are made by the same credentials: each holds its own copy of keys and roots. */
const contexts = new WeakMap<ControlCredentials, SecureContext>()

function secureContextOf(credentials: ControlCredentials): SecureContext {
  const known = contexts.get(credentials)
  if (known !== undefined) return known
  const { trustBundlePem, certificateChainPem, privateKeyPem } = credentials
  const context = createSecureContext({
    ca: trustBundlePem,
    minVersion: 'TLSv1.3',
    ...(certificateChainPem === undefined ? {} : { cert: certificateChainPem }),
    ...(privateKeyPem === undefined ? {} : { key: privateKeyPem }),
  })
  contexts.set(credentials, context)
  return context
}

function secured(socket: TLSSocket, target: ControlTarget, deps: ConnectionDeps): Promise<void> {
  return new Promise((resolve, reject) => {
    const { host, port } = target.address
    const fail = (error: ControlError) => {
      timer.cancel()
      socket.destroy()
      reject(error)
    }
    const unreachable = (why: string) => fail(new ControlError('unreachable', `control plane ${host}:${port}: ${why}`))
    const onError = (error: Error) => unreachable(error.message)
    const onClose = () => unreachable('closed during the handshake')
    const timer = deps.clock.after(deps.timeoutMs, () => unreachable(`no connection after ${deps.timeoutMs} ms`))
    // Stays: an error without a listener would end the process.
    socket.on('error', onError)
    socket.once('close', onClose)
    socket.once('secureConnect', () => {
      socket.removeListener('close', onClose)
      const untrusted = problemOfPeer(socket, target, deps.clock.nowMs())
      if (untrusted !== undefined)
        return fail(new ControlError('untrusted', `control plane ${host}:${port}: ${untrusted}`))
      timer.cancel()
      resolve()
    })
  })
}

function problemOfPeer(socket: TLSSocket, target: ControlTarget, nowMs: number): string | undefined {
  const { trustDomain } = parseSpiffeId(target.spiffeId)!
  const leaf = socket.getPeerX509Certificate()?.raw
  const verdict = verifyPeer(leaf, { trustDomain, spiffeId: target.spiffeId, nowMs })
  return verdict.kind === 'refused' ? verdict.detail : undefined
}
