import type { Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import { parseSpiffeId } from '@heddle/identity/spiffe-id'
import { ProxyError } from '../errors/proxy-error.ts'
import { type Hop, InboundHop, RefusingHop } from '../exchange/hop.ts'
import type { SocketPair } from '../net/http-socket.ts'
import type { AppProtocol, SeriesKey } from '../workload.ts'
import type { WorkloadRuntime } from '../workload-runtime.ts'
import type { Accepted } from './accepted.ts'
import { type DetectLimit, type DetectResult, DetectStage, isHttp, versionOf } from './detect-stage.ts'
import { HandshakeStage } from './handshake-stage.ts'
import { type Serving, serveHttp, serveOpaque } from './serve.ts'
import { ALPN_HTTP1, ALPN_HTTP2, ALPN_OPAQUE, type HandshakeResult } from './terminate-tls.ts'

/** Where the own application listens for what arrives on one listener. */
export interface AppAddress {
  readonly address: string
  readonly port: number
  /** The port as the Workload declares it. */
  readonly workloadPort: number
}

interface Inbound {
  readonly workload: WorkloadRuntime
  /** Of `node:net`, as TLS is terminated on it. */
  readonly accepted: Accepted<Socket>
  readonly app: AppAddress
  /** As declared for the port. */
  readonly protocol: AppProtocol
}

const NOTHING = new Uint8Array(0)

/** Serves a connection of anybody to the own application. */
export function serveInbound(workload: WorkloadRuntime, accepted: Accepted<Socket>, app: AppAddress): void {
  const protocol = workload.context.inbound.protocolOf(app.workloadPort)
  const inbound: Inbound = { workload, accepted, app, protocol }
  accepted.destination = `${app.address}:${app.port}`
  detect(inbound, limitOf(inbound))
}

function detect(inbound: Inbound, limit: DetectLimit): void {
  const { workload, accepted } = inbound
  const done = (result: DetectResult, bytes: Uint8Array) => serveFirstBytes(inbound, result, bytes)
  accepted.enter(new DetectStage(accepted.raw, { core: workload.core, accepted, limit }, done))
}

/** Other proxies always speak first; how long a silent client is waited for depends on what it would speak. */
function limitOf({ workload, accepted, protocol }: Inbound): DetectLimit {
  if (workload.plainInbound === 'refuse') return 'handshakeMs'
  const isClientFirst =
    protocol === 'detect' ? workload.memory.recall(accepted.destination) === 'client' : protocol !== 'opaque'
  return isClientFirst ? 'keepAliveMs' : 'detectMs'
}

function serveFirstBytes(inbound: Inbound, result: DetectResult, bytes: Uint8Array): void {
  const { workload, accepted, protocol } = inbound
  const isOurs = result.kind === 'tls' && result.hello.serverName === workload.context.identity.serverName
  if (isOurs) {
    terminate(inbound, bytes)
    return
  }
  const plain: Serving = {
    workload,
    accepted,
    pair: { socket: accepted.raw, raw: undefined },
    hop: plainHop(inbound),
    firstBytes: bytes,
  }
  // The first bytes of another proxy may only be late (a lost packet, a busy machine): its TLS is not for the application.
  if (result.kind === 'silent' && !isHttp(protocol)) {
    const clientSpokeFirst = () => detect(inbound, 'handshakeMs')
    serveOpaque(plain, { protocol: labelOf(protocol), clientSpokeFirst })
  } else serveAs(plain, protocol, result)
}

/** Declared beats detected, but what is declared is the application's: a client may speak the other version of HTTP. */
function serveAs(serving: Serving, protocol: AppProtocol, result: DetectResult): void {
  const { workload, accepted } = serving
  if (isHttp(protocol)) {
    serveHttp(serving, versionOf(result, protocol))
    return
  }
  if (protocol !== 'detect') {
    serveOpaque(serving, { protocol })
    return
  }
  switch (result.kind) {
    case 'http1':
    case 'http2':
      workload.memory.remember(accepted.destination, 'client')
      serveHttp(serving, result.kind)
      return
    case 'tls':
      workload.memory.remember(accepted.destination, 'client')
      serveOpaque(serving, { protocol: result.kind })
      return
    case 'opaque':
    case 'silent':
    case 'unknown':
      serveOpaque(serving, { protocol: 'opaque' })
  }
}

function plainHop(inbound: Inbound): Hop {
  const { workload, accepted } = inbound
  const hop = hopOf(inbound, '')
  if (workload.plainInbound === 'permit') return hop
  return new RefusingHop(hop, new ProxyError('plain_refused', `${accepted.client} came without mTLS`))
}

/** Hands the connection to TLS, with its first bytes put back. */
function terminate(inbound: Inbound, bytes: Uint8Array): void {
  const { workload, accepted } = inbound
  if (!workload.terminator.isReady) {
    accepted.refuse('own_certificate_missing', `no certificate of ${workload.context.identity.spiffeId} yet`)
    return
  }
  accepted.enter(new HandshakeStage(accepted, workload.core))
  accepted.raw.unshift(bytes)
  workload.terminator.terminate(accepted.raw, (result) => {
    if (result.kind === 'failed') accepted.refuse(result.code, result.detail)
    else accepted.guard(() => serveSecured(inbound, result))
  })
}

function serveSecured(inbound: Inbound, result: HandshakeResult & { kind: 'secured' }): void {
  const { workload, accepted, protocol } = inbound
  const { socket, peerIdentity, alpn } = result
  accepted.peerIdentity = peerIdentity
  const serving: Serving = {
    workload,
    accepted,
    pair: toPair(socket, accepted),
    hop: hopOf(inbound, peerIdentity),
    firstBytes: NOTHING,
  }
  if (alpn === ALPN_HTTP2) serveHttp(serving, 'http2')
  else if (alpn === ALPN_HTTP1) serveHttp(serving, 'http1')
  else if (alpn === ALPN_OPAQUE) serveOpaque(serving, { protocol: labelOf(protocol) })
  else
    accepted.refuse('client_protocol_error', `${accepted.client} speaks no protocol that proxies speak to each other`)
}

function toPair(socket: TLSSocket, accepted: Accepted): SocketPair {
  socket.pause()
  return { socket, raw: accepted.raw }
}

function labelOf(protocol: AppProtocol): 'http2' | 'tls' | 'opaque' {
  return protocol === 'http2' || protocol === 'tls' ? protocol : 'opaque'
}

function hopOf({ workload, app, protocol }: Inbound, peerIdentity: string): InboundHop {
  const { context, upstreams } = workload
  const peer = peerIdentity === '' ? undefined : parseSpiffeId(peerIdentity)
  const key: Omit<SeriesKey, 'protocol'> = {
    direction: 'inbound',
    serviceNamespace: '',
    service: '',
    port: app.workloadPort,
    peerNamespace: peer?.namespace ?? '',
    peerWorkload: peer?.serviceAccount ?? '',
    peerInstance: '',
    peerIdentity,
    security: peerIdentity === '' ? 'peer_not_meshed' : 'mtls',
  }
  return new InboundHop(key, upstreams.localState(app.address, app.port, protocol), context)
}
