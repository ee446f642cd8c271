import { join } from 'node:path'
import { CONTROL_ACCOUNT } from '@heddle/api/control-account'
import { Backoff } from '@heddle/base/backoff'
import type { Clock } from '@heddle/base/clock'
import type { Log } from '@heddle/base/log'
import type { SpiffeId } from '@heddle/identity/spiffe-id'
import { directoryStore } from './ca/authority-store.ts'
import { CaError } from './ca/ca-error.ts'
import { type CertificateAuthority, openCertificateAuthority } from './ca/certificate-authority.ts'
import { IdentityService } from './ca/identity-service.ts'
import { type JoinTokenBook, openJoinTokens } from './ca/join-tokens.ts'
import { openServerIdentity, type ServerIdentity } from './ca/server-identity.ts'
import type { ClusterParts } from './cluster/cluster-parts.ts'
import type { ControlConfig } from './config/control-config.ts'
import { DiscoveryHub } from './discovery/discovery-hub.ts'
import { InstanceClaims } from './discovery/instance-claims.ts'
import { HealthProber } from './health/health-prober.ts'
import { instanceKey } from './model/instance.ts'
import { createModel, type Model } from './model/model.ts'
import type { Readiness } from './readiness.ts'
import { restoreRegistrations } from './registrations/saved-registrations.ts'
import { ownAddresses } from './server/own-addresses.ts'
import { directorySource } from './sources/directory-source.ts'
import { followSource } from './sources/follow-source.ts'
import type { Source } from './sources/source.ts'
import type { SavedFile } from './state/saved-file.ts'
import type { StateDir } from './state/state-dir.ts'
import { restoreTelemetry } from './telemetry/saved-telemetry.ts'
import type { Reporter } from './telemetry/series-facts.ts'
import { TelemetryStore } from './telemetry/telemetry-store.ts'

/** What the parts are made with. */
export interface PartsDeps {
  readonly clock: Clock
  readonly log: Log
  readonly state: StateDir
  /** `undefined`: the directory of the configuration, or its cluster. */
  readonly source?: Source | undefined
  /** `undefined`: the mesh is of one host. */
  readonly cluster: ClusterParts | undefined
  readonly readiness: Readiness
  /** Ends timers and watches. */
  readonly signal: AbortSignal
}

/** All of the control plane but its listeners. */
export interface ControlParts {
  readonly state: StateDir
  readonly ca: CertificateAuthority
  readonly tokens: JoinTokenBook
  readonly server: ServerIdentity
  readonly identity: IdentityService
  readonly model: Model
  readonly source: Source
  readonly cluster: ClusterParts | undefined
  readonly claims: InstanceClaims
  readonly hub: DiscoveryHub
  readonly store: TelemetryStore
  /** To be closed at the end. */
  readonly files: readonly SavedFile[]
}

/** Proxies ride over reconnects of this length without a change of their endpoints. */
const HOST_MODEL = { graceMs: 3_000 } as const
/** A proxy that has drained and gone stays out until its kubelet has said so, which takes some seconds. */
const CLUSTER_MODEL = { instancesFrom: 'source', graceMs: 10_000 } as const
const AUTHORITY_RETRY = { firstMs: 250, lastMs: 10_000, jitter: 0.5 }

/** Opens the parts in the order in which they need each other: configuration before registrations, both before proxies. */
export async function openParts(config: ControlConfig, deps: PartsDeps): Promise<ControlParts> {
  const { clock, log, state, cluster, readiness, signal } = deps
  const { trustDomain } = config
  const namespace = cluster?.config.namespace ?? CONTROL_ACCOUNT.namespace
  const tokensFile = join(config.stateDir, 'join-tokens.json')
  const ca = await readiness.during('the authority is not open yet', openAuthority(config, deps))
  const tokens = cluster?.joinTokens(trustDomain) ?? (await openJoinTokens({ file: tokensFile, trustDomain, clock }))
  const addresses = [...(cluster?.dnsNames ?? []), ...config.listen.flatMap(ownAddresses).map(({ host }) => host)]
  const server = await openServerIdentity({ ca, clock, log, addresses, namespace, signal })
  const model = createModel({ clock, signal, ...(cluster === undefined ? HOST_MODEL : CLUSTER_MODEL) })
  const source = deps.source ?? cluster?.source ?? directorySource({ path: config.configDir, clock })
  const following = followSource(source, model, { log, signal })
  await readiness.during('the configuration is not read yet', following, () => source.awaited?.() ?? [])
  const registrations = await openRegistrations(model, deps)
  const claims = new InstanceClaims(clock)
  for (const { node } of model.registrations()) claims.assert(node)
  const trustBundle = () => ca.trustBundlePem
  const hub = new DiscoveryHub({ model, clock, log, trustDomain, trustBundle, claims }, signal)
  ca.onTrustChange(() => hub.trustChanged(), signal)
  new HealthProber({ model, clock, log }, signal)
  const isOfWorkload = (id: SpiffeId) => hasWorkload(model, id)
  const reviewer = cluster?.reviewer
  const identity = new IdentityService({ ca, tokens, reviewer, isOfWorkload, namespace, clock, log })
  const store = new TelemetryStore(clock)
  const isPresent = presenceIn(model)
  const telemetry = await restoreTelemetry({ path: state.telemetryFile, store, isPresent, clock, log, signal })
  const files = [...registrations, telemetry]
  return { state, ca, tokens, server, identity, model, source, cluster, claims, hub, store, files }
}

/** An API server that is away, or has not heard of our rights yet, is waited for: nothing works without it. */
async function openAuthority(config: ControlConfig, deps: PartsDeps): Promise<CertificateAuthority> {
  const { clock, log, state, cluster, signal } = deps
  const { trustDomain, leafLifeMs } = config
  const base = { trustDomain, clock, log, leafLifeMs }
  if (cluster === undefined) return await openCertificateAuthority({ ...base, store: directoryStore(state.caDir) })
  const { authorityStore: store, leadership } = cluster
  const backoff = new Backoff(AUTHORITY_RETRY)
  for (;;) {
    try {
      return await openCertificateAuthority({ ...base, store, mayRotate: () => leadership.isLeading })
    } catch (error) {
      // What is in the Secret and cannot be used has no cause but itself.
      if (!(error instanceof CaError) || error.cause === undefined || signal.aborted) throw error
      log.warn('authority not open yet', { error: error.message })
      await clock.sleep(backoff.nextMs(), signal)
    }
  }
}

/** On a cluster the API server knows the instances, and proxies come back to whichever replica. */
async function openRegistrations(model: Model, deps: PartsDeps): Promise<readonly SavedFile[]> {
  const { state, clock, log, cluster, signal } = deps
  if (cluster !== undefined) return []
  return [await restoreRegistrations({ path: state.registrationsFile, model, clock, log, signal })]
}

function hasWorkload(model: Model, { namespace, serviceAccount }: SpiffeId): boolean {
  return model.workloads(namespace).some(({ spec }) => spec.serviceAccount === serviceAccount)
}

function presenceIn(model: Model): (reporter: Reporter) => boolean {
  const present = new Set([...model.registrations().map(({ node }) => node), ...model.instances('')].map(instanceKey))
  return (reporter) => present.has(instanceKey(reporter))
}
