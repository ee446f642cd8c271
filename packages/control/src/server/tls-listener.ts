import {
  createSecureServer,
  type Http2SecureServer,
  type Http2ServerRequest,
  type Http2ServerResponse,
} from 'node:http2'
import type { Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import type { Clock } from '@heddle/base/clock'
import type { HostPort } from '@heddle/base/host-port'
import type { ServerTls } from '../ca/server-identity.ts'
import { bindServer } from './bind-server.ts'
import { ConnectionRooms } from './connection-rooms.ts'

/** Answers one request, of HTTP/1.1 or HTTP/2. */
export type RequestHandler = (request: Http2ServerRequest, response: Http2ServerResponse) => void

export interface TlsListenerOptions {
  readonly address: HostPort
  readonly tls: ServerTls
  readonly handler: RequestHandler
  /** Called when a handshake is over, before any request of the connection. Gives the identity that the client proved, if it did. */
  readonly onSecure: (socket: TLSSocket) => string | undefined
  readonly onHandshakeError: (error: Error, socket: Socket) => void
  /** A connection was ended for another, since there were too many and most came from its address. */
  readonly onOusted: () => void
  /** Connections that have proved no identity; 1,024 unless given. */
  readonly maxUnproven?: number
  /** Connections of one identity from one address; 256 unless given. */
  readonly maxPerPeer?: number
  readonly clock: Clock
}

/** A listening TLS server. */
export interface TlsListener {
  /** Where it really listens. */
  readonly address: HostPort
  /** Connections from now on get the new certificate; those that are open go on. */
  rotate(tls: ServerTls): void
  /** Stops accepting and lets open requests end, for at most `limitMs`; then their connections are cut. */
  close(limitMs: number): Promise<void>
}

const HANDSHAKE_TIMEOUT_MS = 10_000
/** Proxies call every few seconds: a connection must not be closed just when the next call is on its way. */
const KEEP_ALIVE_MS = 75_000
/** Open streams are never silent for so long, they have heartbeats. */
const SILENCE_MS = 120_000
const MAX_CONNECTIONS = 20_000
/** A proxy proves who it is by its second connection, and a person has one. */
const MAX_UNPROVEN = 1_024
/**
 * A proxy has one or two, each of which costs 94 KB here: without this limit one pod could have 2 GB. On one host all replicas of a Workload come from one
 * address, as may VMs behind a gateway.
 */
const MAX_PER_PEER = 256
/** Of one connection of HTTP/2: a proxy has its stream and a few calls at a time. */
const MAX_STREAMS = 100
const KEEP_ALIVE_PROBE_MS = 15_000
/** Of one connection of HTTP/2, in MB: a proxy must be able to acknowledge while the message of a large Service is on its way. */
const SESSION_MEMORY_MB = 32
const IDLE_LOOK_MS = 20

/**
 * Listens for HTTPS: HTTP/2 and HTTP/1.1 by ALPN, TLS 1.3, a client certificate asked for but not insisted on.
 *
 * @throws {ListenError} when the address is taken or not allowed
 */
export async function listenTls(options: TlsListenerOptions): Promise<TlsListener> {
  const { address, onOusted, maxUnproven = MAX_UNPROVEN, maxPerPeer = MAX_PER_PEER, clock } = options
  const server = createServer(options)
  const rooms = new ConnectionRooms({
    connections: MAX_CONNECTIONS,
    unproven: maxUnproven,
    perPeer: maxPerPeer,
    onOusted,
  })
  admit(server, rooms, options)
  const bound = await bindServer(server, address)
  return {
    address: bound,
    rotate: (next) => server.setSecureContext(toSecureContext(next)),
    close: (limitMs) => closeServer({ server, rooms, clock }, limitMs),
  }
}

function createServer({ tls, handler }: TlsListenerOptions): Http2SecureServer {
  const server = createSecureServer(
    {
      ...toSecureContext(tls),
      allowHTTP1: true,
      minVersion: 'TLSv1.3',
      requestCert: true,
      rejectUnauthorized: false,
      handshakeTimeout: HANDSHAKE_TIMEOUT_MS,
      maxSessionMemory: SESSION_MEMORY_MB,
      settings: { maxConcurrentStreams: MAX_STREAMS },
    },
    handler,
  )
  Object.assign(server, { keepAliveTimeout: KEEP_ALIVE_MS })
  server.setTimeout(SILENCE_MS)
  server.on('sessionError', () => undefined)
  return server
}

/** Seats connections before their handshake, and tells what became of that. */
function admit(server: Http2SecureServer, rooms: ConnectionRooms, options: TlsListenerOptions): void {
  const { onSecure, onHandshakeError } = options
  server.prependListener('connection', (socket: Socket) => rooms.accept(socket))
  // Before the server's own listener, so that the peer is known when the first request comes.
  server.prependListener('secureConnection', (socket: TLSSocket) => {
    socket.setKeepAlive(true, KEEP_ALIVE_PROBE_MS)
    socket.setNoDelay(true)
    rooms.secured(socket, onSecure(socket))
  })
  server.on('tlsClientError', (error: Error, socket: TLSSocket) => {
    onHandshakeError(error, socket)
    socket.destroy()
  })
}

function toSecureContext(tls: ServerTls) {
  return { cert: tls.certificateChainPem, key: tls.privateKeyPem, ca: tls.trustBundlePem }
}

interface Closing {
  readonly server: Http2SecureServer
  readonly rooms: ConnectionRooms
  readonly clock: Clock
}

/** Node closes idle connections only once, but each becomes idle when its last answer is out. */
async function closeServer({ server, rooms, clock }: Closing, limitMs: number): Promise<void> {
  const closed = new AbortController()
  server.close(() => closed.abort())
  const cut = clock.after(limitMs, () => rooms.cut())
  while (!closed.signal.aborted) {
    await clock.sleep(IDLE_LOOK_MS, closed.signal)
    closeIdle(server)
  }
  cut.cancel()
}

/** The types of http2 do not tell that with `allowHTTP1` the server has this of node:http. */
function closeIdle(server: Http2SecureServer & { closeIdleConnections?: () => void }): void {
  server.closeIdleConnections?.()
}
