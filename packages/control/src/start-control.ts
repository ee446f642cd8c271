import type { Clock } from '@heddle/base/clock'
import type { Log } from '@heddle/base/log'
import { Registry } from '@heddle/telemetry/registry'
import type { Cluster } from './cluster/cluster.ts'
import type { ClusterParts } from './cluster/cluster-parts.ts'
import type { ControlConfig } from './config/control-config.ts'
import type { HostPort } from './config/host-port.ts'
import { createCallMetrics, observeParts } from './control-metrics.ts'
import { openParts } from './control-parts.ts'
import { Readiness } from './readiness.ts'
import { listenApi } from './server/listen-api.ts'
import { listenObservability, type Observability } from './server/observability.ts'
import type { Source } from './sources/source.ts'
import type { SavedFile } from './state/saved-file.ts'
import { openStateDir } from './state/state-dir.ts'
import { replaceFile } from './state/write-file.ts'

/** What the control plane needs from outside; main.ts passes the real ones, tests their own. */
export interface ControlDeps {
  readonly clock: Clock
  readonly log: Log
  /** Where configuration comes from; the directory or the cluster of the configuration unless given. */
  readonly source?: Source
  /** The API server; that of the configuration unless given. */
  readonly cluster?: Cluster
  /** Where there are other replicas: for how long is served on, while those who ask learn to ask them. 2 s unless given. */
  readonly leaveMs?: number
}

/** A running control plane. */
export interface Control {
  /** Where it really listens, in the order of the configuration. */
  readonly addresses: readonly HostPort[]
  /** Where `/metrics`, `/live` and `/ready` are; `undefined`: nowhere. */
  readonly adminAddress: HostPort | undefined
  /** Where the API server's webhooks are answered; `undefined`: nowhere. */
  readonly webhookAddress: HostPort | undefined
  /** The SPIFFE id that its certificate carries. */
  readonly serverIdentity: string
  readonly trustBundleFile: string
  /** What the command line proves itself by; empty on a cluster, whose RBAC says who may do what. */
  readonly adminTokenFile: string
  /** Ends all streams, writes what must be kept, closes. Every call gets the same promise. */
  stop(): Promise<void>
}

const LEAVE_MS = 2_000

/**
 * Starts a control plane and resolves once it listens, with the configuration read and the registrations restored; that of a
 * cluster waits for its API server. Configuration that is not valid does not keep it from starting: the log and the admin
 * service tell of it.
 *
 * @returns the running control plane; the caller owns it and must call {@link Control.stop}
 * @throws {StateLockedError} when another one works on the state directory; {CaError} when the authority cannot be
 *   opened; {ListenError} when an address is taken; {ConfigError} when there is no cluster. Nothing is left running then.
 */
export async function startControl(config: ControlConfig, deps: ControlDeps): Promise<Control> {
  await using undo = new AsyncDisposableStack()
  const ended = new AbortController()
  const { signal } = ended
  const { clock, log, leaveMs = LEAVE_MS } = deps
  const state = await openStateDir(config.stateDir, clock)
  undo.defer(() => state.release())
  const cluster = await findCluster(config, deps)
  undo.defer(() => cluster?.close())
  const standing = { ended: Promise.resolve() }
  undo.defer(() => standing.ended)
  undo.defer(() => ended.abort())
  const [registry, readiness] = [new Registry(), new Readiness()]
  const observability = await observe(config, registry, readiness)
  undo.defer(() => observability?.close())
  const started = Promise.withResolvers<void>()
  void readiness.during('not listening yet', started.promise)
  const parts = await openParts(config, { ...deps, state, cluster, readiness, signal })
  undo.defer(() => closeAll(parts.files))
  observeParts(registry, parts)
  const serving = { parts, deps: { clock, log }, registry, undo, signal }
  const api = await listenApi(config, { ...serving, calls: createCallMetrics(registry) })
  const leaving = new AbortController()
  undo.defer(() => leaving.abort())
  const tasks = cluster && (await cluster.start({ ...serving, api, working: leaving.signal }))
  if (tasks !== undefined) standing.ended = tasks.ended
  undo.defer(() => parts.hub.stop())
  await replaceFile(state.trustBundleFile, parts.ca.trustBundlePem, 0o644)
  started.resolve()
  const atEnd = undo.move()
  const stop = async () => {
    leaving.abort()
    if (cluster !== undefined) {
      void readiness.during('stopping', new Promise(() => {}))
      if (api.replicas.list().length > 0) await clock.sleep(leaveMs)
    }
    await atEnd.disposeAsync()
  }
  let stopped: Promise<void> | undefined
  return {
    addresses: api.addresses,
    adminAddress: observability?.address,
    webhookAddress: tasks?.webhookAddress,
    serverIdentity: parts.server.spiffeId,
    trustBundleFile: state.trustBundleFile,
    adminTokenFile: cluster === undefined ? state.adminTokenFile : '',
    stop() {
      stopped ??= stop()
      return stopped
    },
  }
}

async function findCluster({ kubernetes }: ControlConfig, deps: ControlDeps): Promise<ClusterParts | undefined> {
  if (kubernetes === undefined) return undefined
  const { clock, log, cluster } = deps
  const { openClusterParts } = await import('./cluster/cluster-parts.ts')
  return await openClusterParts(kubernetes, { cluster, clock, log })
}

async function observe(
  { admin }: ControlConfig,
  registry: Registry,
  readiness: Readiness,
): Promise<Observability | undefined> {
  if (admin === undefined) return undefined
  return await listenObservability({ address: admin, registry, notReady: () => readiness.reasons })
}

async function closeAll(files: readonly SavedFile[]): Promise<void> {
  await Promise.all(files.map((file) => file.close()))
}
