import type { Clock } from '@heddle/base/clock'
import { formatHostPort, type HostPort } from '@heddle/base/host-port'
import type { Log } from '@heddle/base/log'
import { LogLimit } from '@heddle/base/log-limit'
import type { Registry } from '@heddle/telemetry/registry'
import packageJson from '../../package.json' with { type: 'json' }
import { adminHandlers } from '../admin/admin-handlers.ts'
import type { ControlConfig } from '../config/control-config.ts'
import type { CallMetrics } from '../control-metrics.ts'
import type { ControlParts } from '../control-parts.ts'
import { ReplicaClients } from '../replicas/replica-clients.ts'
import { NO_REPLICAS, type Replicas } from '../replicas/replicas.ts'
import { sharedTokenAccess } from './admin-access.ts'
import { createApiHandler } from './api-handler.ts'
import { discoveryHandlers } from './discovery-handlers.ts'
import { identityHandlers } from './identity-handlers.ts'
import { ownAddresses } from './own-addresses.ts'
import { identifyPeer } from './peer.ts'
import { replicaHandlers } from './replica-handlers.ts'
import { telemetryHandlers } from './telemetry-handlers.ts'
import { listenTls, type RequestHandler, type TlsListener } from './tls-listener.ts'

/** What the API is served from. */
export interface Serving {
  readonly parts: ControlParts
  readonly deps: { readonly clock: Clock; readonly log: Log }
  readonly registry: Registry
  readonly calls: CallMetrics
  /** Gets the listeners' ends. */
  readonly undo: AsyncDisposableStack
  readonly signal: AbortSignal
}

/** The listening API. */
export interface Api {
  readonly addresses: readonly HostPort[]
  readonly replicas: Replicas
}

/** How long calls under way get at the end. */
const CLOSE_LIMIT_MS = 1_000

/** Serves all services on all addresses of the configuration. @throws {ListenError} */
export async function listenApi(config: ControlConfig, serving: Serving): Promise<Api> {
  const { parts, undo, signal } = serving
  const addresses: HostPort[] = []
  const replicas = findReplicas(serving, () => addresses)
  const handler = createHandler(serving, replicas)
  for (const address of config.listen) {
    const listener = await listenOne(address, handler, serving)
    undo.defer(() => listener.close(CLOSE_LIMIT_MS))
    parts.server.onRotate((tls) => listener.rotate(tls), signal)
    addresses.push(listener.address)
  }
  return { addresses, replicas }
}

/** @param bound - where this one listens, as soon as it does */
function findReplicas(serving: Serving, bound: () => readonly HostPort[]): Replicas {
  const { parts, deps, registry, signal } = serving
  const { cluster, server } = parts
  if (cluster === undefined) return NO_REPLICAS
  const own = () => new Set(bound().flatMap(ownAddresses).map(formatHostPort))
  const addresses = cluster.peers(own, signal)
  return new ReplicaClients({ addresses, identity: server, registry, ...deps }, signal)
}

function listenOne(address: HostPort, handler: RequestHandler, { parts, deps, calls }: Serving): Promise<TlsListener> {
  const { clock, log } = deps
  const rules = { trustDomain: parts.ca.trustDomain, clock }
  const refusals = new LogLimit(log, clock)
  return listenTls({
    address,
    handler,
    clock,
    tls: parts.server.current(),
    onSecure(socket) {
      const peer = identifyPeer(socket, rules)
      if (peer.kind !== 'refused') return peer.kind === 'verified' ? peer.spiffeId : undefined
      const fields = { reason: peer.reason, detail: peer.detail, from: socket.remoteAddress }
      refusals.write({ level: 'warn', event: 'client certificate refused', kind: peer.reason, fields })
      return undefined
    },
    onHandshakeError(error, socket) {
      calls.handshakesFailed.add()
      log.debug('handshake failed', { error: error.message, from: socket.remoteAddress })
    },
    onOusted: () => calls.connectionsOusted.add(),
  })
}

function createHandler({ parts, deps, calls }: Serving, replicas: Replicas): RequestHandler {
  const { clock, log } = deps
  const { hub, store, claims, identity, state, server, cluster } = parts
  const replica = cluster?.config.replica ?? ''
  const about = { version: packageJson.version, startedAtMs: clock.nowMs(), replicas, replica, clock, log }
  return createApiHandler({
    admin: adminHandlers({ ...parts, ...about }),
    discovery: discoveryHandlers(hub),
    identity: identityHandlers(identity),
    telemetry: telemetryHandlers(store, claims),
    replica: replicaHandlers(parts),
    access: cluster?.access ?? sharedTokenAccess(state.adminToken),
    ownIdentity: server.spiffeId,
    metrics: calls,
    clock,
    log,
  })
}
