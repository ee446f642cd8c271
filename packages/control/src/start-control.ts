import type { Clock } from '@heddle/base/clock'
import type { Log } from '@heddle/base/log'
import { LogLimit } from '@heddle/base/log-limit'
import { Registry } from '@heddle/telemetry/registry'
import packageJson from '../package.json' with { type: 'json' }
import { adminHandlers } from './admin/admin-handlers.ts'
import type { ControlConfig } from './config/control-config.ts'
import type { HostPort } from './config/host-port.ts'
import { type CallMetrics, createCallMetrics, observeParts } from './control-metrics.ts'
import { type ControlParts, openParts } from './control-parts.ts'
import { createApiHandler } from './server/api-handler.ts'
import { discoveryHandlers } from './server/discovery-handlers.ts'
import { identityHandlers } from './server/identity-handlers.ts'
import { listenObservability } from './server/observability.ts'
import { identifyPeer } from './server/peer.ts'
import { telemetryHandlers } from './server/telemetry-handlers.ts'
import { listenTls, type RequestHandler, type TlsListener } from './server/tls-listener.ts'
import type { Source } from './sources/source.ts'
import type { SavedFile } from './state/saved-file.ts'
import { openStateDir } from './state/state-dir.ts'
import { replaceFile } from './state/write-file.ts'

/** What the control plane needs from outside; main.ts passes the real ones, tests their own. */
export interface ControlDeps {
  readonly clock: Clock
  readonly log: Log
  /** Where configuration comes from; the directory of the configuration unless given. */
  readonly source?: Source
}

/** A running control plane. */
export interface Control {
  /** Where it really listens, in the order of the configuration. */
  readonly addresses: readonly HostPort[]
  /** Where `/metrics`, `/live` and `/ready` are; `undefined`: nowhere. */
  readonly adminAddress: HostPort | undefined
  /** The SPIFFE id that its certificate carries. */
  readonly serverIdentity: string
  readonly trustBundleFile: string
  readonly adminTokenFile: string
  /** Ends all streams, writes what must be kept, closes. Every call gets the same promise. */
  stop(): Promise<void>
}

/** How long calls under way get at the end. */
const CLOSE_LIMIT_MS = 1_000

/**
 * Starts a control plane and resolves once it listens, with the configuration read and the registrations restored.
 * Configuration that is not valid does not keep it from starting: the log and the admin service tell of it.
 *
 * @returns the running control plane; the caller owns it and must call {@link Control.stop}
 * @throws {StateLockedError} when another one works on the state directory; {CaError} when the authority cannot be
 *   opened; {ListenError} when an address is taken. Nothing is left running then.
 */
export async function startControl(config: ControlConfig, deps: ControlDeps): Promise<Control> {
  await using undo = new AsyncDisposableStack()
  const ended = new AbortController()
  const state = await openStateDir(config.stateDir, deps.clock)
  undo.defer(() => state.release())
  undo.defer(() => ended.abort())
  const parts = await openParts(config, { ...deps, state, signal: ended.signal })
  undo.defer(() => closeAll(parts.files))
  const registry = new Registry()
  observeParts(registry, parts)
  const listeners = await listenAll(config, {
    parts,
    deps,
    metrics: createCallMetrics(registry),
    undo,
    signal: ended.signal,
  })
  const observability = config.admin && (await listenObservability({ address: config.admin, registry }))
  undo.defer(() => observability?.close())
  undo.defer(() => parts.hub.stop())
  await replaceFile(state.trustBundleFile, parts.ca.trustBundlePem, 0o644)
  const atEnd = undo.move()
  let stopped: Promise<void> | undefined
  return {
    addresses: listeners.map(({ address }) => address),
    adminAddress: observability?.address,
    serverIdentity: parts.server.spiffeId,
    trustBundleFile: state.trustBundleFile,
    adminTokenFile: state.adminTokenFile,
    stop() {
      stopped ??= atEnd.disposeAsync()
      return stopped
    },
  }
}

async function closeAll(files: readonly SavedFile[]): Promise<void> {
  await Promise.all(files.map((file) => file.close()))
}

interface Listening {
  readonly parts: ControlParts
  readonly deps: ControlDeps
  readonly metrics: CallMetrics
  /** Gets the listeners' ends. */
  readonly undo: AsyncDisposableStack
  readonly signal: AbortSignal
}

async function listenAll(config: ControlConfig, listening: Listening): Promise<TlsListener[]> {
  const { parts, undo, signal } = listening
  const handler = createHandler(listening)
  const listeners: TlsListener[] = []
  for (const address of config.listen) {
    const listener = await listenOne(address, handler, listening)
    undo.defer(() => listener.close(CLOSE_LIMIT_MS))
    parts.server.onRotate((tls) => listener.rotate(tls), signal)
    listeners.push(listener)
  }
  return listeners
}

function listenOne(address: HostPort, handler: RequestHandler, listening: Listening): Promise<TlsListener> {
  const { parts, deps, metrics } = listening
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
      if (peer.kind !== 'refused') return
      const fields = { reason: peer.reason, detail: peer.detail, from: socket.remoteAddress }
      refusals.write({ level: 'warn', event: 'client certificate refused', kind: peer.reason, fields })
    },
    onHandshakeError(error, socket) {
      metrics.handshakesFailed.add()
      log.debug('handshake failed', { error: error.message, from: socket.remoteAddress })
    },
  })
}

function createHandler({ parts, deps, metrics }: Listening): RequestHandler {
  const { clock, log } = deps
  const { hub, store, claims, identity, state } = parts
  const about = { version: packageJson.version, startedAtMs: clock.nowMs(), clock, log }
  return createApiHandler({
    admin: adminHandlers({ ...parts, ...about }),
    discovery: discoveryHandlers(hub),
    identity: identityHandlers(identity),
    telemetry: telemetryHandlers(store, claims),
    adminToken: state.adminToken,
    metrics,
    clock,
    log,
  })
}
