import type { Duplex } from 'node:stream'
import { createContextValues, type ServiceImpl } from '@connectrpc/connect'
import { connectNodeAdapter } from '@connectrpc/connect-node'
import { AdminService } from '@heddle/api/admin'
import { DiscoveryService } from '@heddle/api/discovery'
import { IdentityService } from '@heddle/api/identity'
import { ReplicaService } from '@heddle/api/replica'
import { TelemetryService } from '@heddle/api/telemetry'
import type { Clock } from '@heddle/base/clock'
import type { Log } from '@heddle/base/log'
import type { CallMetrics } from '../control-metrics.ts'
import type { AdminAccess } from './admin-access.ts'
import { boundStrangers } from './bound-strangers.ts'
import { createGate, peerKey, sourceKey } from './gate.ts'
import { observeCalls } from './observe-calls.ts'
import { peerOf } from './peer.ts'
import type { RequestHandler } from './tls-listener.ts'

/** The services, and what stands before them. */
export interface ApiOptions {
  readonly admin: ServiceImpl<typeof AdminService>
  readonly discovery: ServiceImpl<typeof DiscoveryService>
  readonly identity: ServiceImpl<typeof IdentityService>
  readonly telemetry: ServiceImpl<typeof TelemetryService>
  readonly replica: ServiceImpl<typeof ReplicaService>
  readonly access: AdminAccess
  /** The SPIFFE id of the control plane. */
  readonly ownIdentity: string
  readonly metrics: CallMetrics
  readonly clock: Clock
  readonly log: Log
}

/**
 * Octets of one request, by service. A message is parsed in one go, and nobody else is answered meanwhile: 1 MiB of the
 * smallest series takes two seconds, of the smallest subscriptions a tenth of one.
 */
const MAX_BYTES = {
  /** Objects to apply come in one call; who may make it could as well write the files. */
  admin: 2 * 1024 * 1024,
  identity: 64 * 1024,
  /** A proxy that comes back names all that it holds, up to 4,000 keys and versions. */
  discovery: 1024 * 1024,
  /** Proxies send more than this in several reports. */
  telemetry: 128 * 1024,
  replica: 64 * 1024,
} as const
const LINGER_MS = 1_000

/** One handler for gRPC, gRPC-Web and Connect, of HTTP/1.1 and HTTP/2. */
export function createApiHandler(options: ApiOptions): RequestHandler {
  const { admin, discovery, identity, telemetry, replica, access, ownIdentity, metrics, clock, log } = options
  const handle = connectNodeAdapter({
    routes(router) {
      router.service(AdminService, admin, { readMaxBytes: MAX_BYTES.admin })
      router.service(DiscoveryService, discovery, { readMaxBytes: MAX_BYTES.discovery })
      router.service(IdentityService, identity, { readMaxBytes: MAX_BYTES.identity })
      router.service(TelemetryService, telemetry, { readMaxBytes: MAX_BYTES.telemetry })
      router.service(ReplicaService, replica, { readMaxBytes: MAX_BYTES.replica })
    },
    contextValues: ({ socket }) => {
      return createContextValues()
        .set(peerKey, peerOf(socket, clock))
        .set(sourceKey, socket.remoteAddress ?? '')
    },
    requestGate: createGate({ access, ownIdentity, refused: metrics.refused }),
    interceptors: [observeCalls({ calls: metrics.calls, log })],
    readMaxBytes: MAX_BYTES.identity,
  })
  const mayEnter = boundStrangers({ clock, refused: metrics.refused })
  return (request, response) => {
    const { socket } = request
    response.once('finish', () => {
      if (request.httpVersionMajor === 1 && !request.complete) endSoon(socket, clock)
    })
    if (peerOf(socket, clock).kind === 'verified' || mayEnter(request, response)) handle(request, response)
  }
}

/**
 * Ends the connection of a request that was answered before it was read, as one that is too long. HTTP/1.1 cannot go on
 * after that, and the client would wait for ever with its next request. It gets a moment to read the answer: closing a
 * socket with unread bytes resets it.
 */
function endSoon(socket: Duplex, clock: Clock): void {
  socket.end()
  clock.after(LINGER_MS, () => socket.destroy())
}
