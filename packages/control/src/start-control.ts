import type { Clock } from '@heddle/base/clock'
import type { Log } from '@heddle/base/log'
import { Registry } from '@heddle/telemetry/registry'
import type { CertificateAuthority } from './ca/certificate-authority.ts'
import { keepAuthority } from './ca/keep-authority.ts'
import type { Cluster } from './cluster/cluster.ts'
import type { ClusterParts } from './cluster/cluster-parts.ts'
import type { ClusterTasks } from './cluster/cluster-tasks.ts'
import type { ControlConfig } from './config/control-config.ts'
import { createCallMetrics, observeParts } from './control-metrics.ts'
import { type ControlParts, openParts } from './control-parts.ts'
import { Readiness } from './readiness.ts'
import { type Control, RunningControl } from './running-control.ts'
import { type Api, listenApi } from './server/listen-api.ts'
import { listenObservability, type Observability } from './server/observability.ts'
import type { Source } from './sources/source.ts'
import type { SavedFile } from './state/saved-file.ts'
import { openStateDir, type StateDir } from './state/state-dir.ts'
import { ensureFile } from './state/write-file.ts'

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
  const ground = await openGround(config, deps, undo)
  const served = await ground.readiness.during('not listening yet', serve(config, deps, ground))
  return new RunningControl({ ...ground, ...served, undo: undo.move() }, deps)
}

/** What there is before anything is served. */
interface Ground {
  readonly state: StateDir
  readonly cluster: ClusterParts | undefined
  readonly registry: Registry
  readonly readiness: Readiness
  readonly observability: Observability | undefined
  /** Resolves when nobody else needs the cluster any more. */
  readonly standing: { ended: Promise<void> }
  /** Ends timers and watches. */
  readonly signal: AbortSignal
  readonly undo: AsyncDisposableStack
}

async function openGround(config: ControlConfig, deps: ControlDeps, undo: AsyncDisposableStack): Promise<Ground> {
  const state = await openStateDir(config.stateDir, deps.clock)
  undo.defer(() => state.release())
  const cluster = await findCluster(config, deps)
  undo.defer(() => cluster?.close())
  const standing = { ended: Promise.resolve() }
  undo.defer(() => standing.ended)
  const ended = new AbortController()
  undo.defer(() => ended.abort())
  const [registry, readiness] = [new Registry(), new Readiness()]
  const observability = await observe(config, registry, readiness)
  undo.defer(() => observability?.close())
  return { state, cluster, registry, readiness, observability, standing, signal: ended.signal, undo }
}

/** What serves. */
interface Served {
  readonly parts: ControlParts
  readonly api: Api
  /** `undefined`: of a mesh of one host. */
  readonly tasks: ClusterTasks | undefined
  /** Ends what only one replica does, so that others can take over. */
  readonly leaving: AbortController
}

async function serve(config: ControlConfig, deps: ControlDeps, ground: Ground): Promise<Served> {
  const { state, cluster, registry, readiness, standing, signal, undo } = ground
  const { clock, log } = deps
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
  await keepTrustBundleFile(state, parts.ca, { log, signal })
  if (cluster === undefined) keepAuthority({ ca: parts.ca, clock }, signal)
  return { parts, api, tasks, leaving }
}

/** @returns resolves once the file says what is trusted now; it goes on to do so */
async function keepTrustBundleFile(
  { trustBundleFile }: StateDir,
  ca: CertificateAuthority,
  { log, signal }: { readonly log: Log; readonly signal: AbortSignal },
): Promise<void> {
  const write = () => ensureFile(trustBundleFile, ca.trustBundlePem, 0o644)
  const first = write()
  let last = first
  const failed = (error: unknown) => log.error('trust bundle not written', { file: trustBundleFile, error })
  ca.onTrustChange(() => {
    last = last.then(write).catch(failed)
  }, signal)
  await first
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
