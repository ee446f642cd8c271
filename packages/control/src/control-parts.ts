import { networkInterfaces } from 'node:os'
import { join } from 'node:path'
import { formatProblem } from '@heddle/api/manifest/problem'
import type { Clock } from '@heddle/base/clock'
import type { Log } from '@heddle/base/log'
import { type CertificateAuthority, openCertificateAuthority } from './ca/certificate-authority.ts'
import { IdentityService } from './ca/identity-service.ts'
import { type JoinTokens, openJoinTokens } from './ca/join-tokens.ts'
import { openServerIdentity, type ServerIdentity } from './ca/server-identity.ts'
import { formatProblems } from './config/configuration-problems.ts'
import type { ControlConfig } from './config/control-config.ts'
import { DiscoveryHub } from './discovery/discovery-hub.ts'
import { InstanceClaims } from './discovery/instance-claims.ts'
import { HealthProber } from './health/health-prober.ts'
import { instanceKey } from './model/instance.ts'
import { createModel, type Model } from './model/model.ts'
import { restoreRegistrations } from './registrations/saved-registrations.ts'
import { directorySource } from './sources/directory-source.ts'
import type { Source, SourceStatus } from './sources/source.ts'
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
  /** `undefined`: the directory of the configuration. */
  readonly source?: Source | undefined
  /** Ends timers and watches. */
  readonly signal: AbortSignal
}

/** All of the control plane but its listeners. */
export interface ControlParts {
  readonly state: StateDir
  readonly ca: CertificateAuthority
  readonly tokens: JoinTokens
  readonly server: ServerIdentity
  readonly identity: IdentityService
  readonly model: Model
  readonly source: Source
  readonly claims: InstanceClaims
  readonly hub: DiscoveryHub
  readonly store: TelemetryStore
  /** To be closed at the end. */
  readonly files: readonly SavedFile[]
}

/** Proxies ride over reconnects of this length without a change of their endpoints. */
const DISCONNECT_GRACE_MS = 3_000

/** Opens the parts in the order in which they need each other: configuration before registrations, both before proxies. */
export async function openParts(config: ControlConfig, deps: PartsDeps): Promise<ControlParts> {
  const { clock, log, state, signal } = deps
  const { trustDomain, leafLifeMs, listen } = config
  const ca = await openCertificateAuthority({ dir: state.caDir, trustDomain, clock, log, leafLifeMs })
  const tokens = await openJoinTokens({ file: join(config.stateDir, 'join-tokens.json'), trustDomain, clock })
  const addresses = listen.flatMap(({ host }) => addressesOf(host))
  const server = await openServerIdentity({ ca, clock, log, addresses, signal })
  const model = createModel({ clock, graceMs: DISCONNECT_GRACE_MS, signal })
  const source = deps.source ?? directorySource({ path: config.configDir, clock })
  await followSource(source, model, { log, signal })
  const registrations = await restoreRegistrations({ path: state.registrationsFile, model, clock, log, signal })
  const claims = new InstanceClaims(clock)
  for (const { node } of model.registrations()) claims.assert(node)
  const trustBundle = () => ca.trustBundlePem
  const hub = new DiscoveryHub({ model, clock, log, trustDomain, trustBundle, claims }, signal)
  new HealthProber({ model, clock, log }, signal)
  const identity = new IdentityService({ ca, tokens, clock, log })
  const store = new TelemetryStore(clock)
  const present = new Set(model.registrations().map(({ node }) => instanceKey(node)))
  const isPresent = (reporter: Reporter) => present.has(instanceKey(reporter))
  const telemetry = await restoreTelemetry({ path: state.telemetryFile, store, isPresent, clock, log, signal })
  const files = [registrations, telemetry]
  return { state, ca, tokens, server, identity, model, source, claims, hub, store, files }
}

interface Following {
  readonly log: Log
  readonly signal: AbortSignal
}

/** Hands the objects of the source to the model, and what its authors should know to the log, once each time it changes. */
async function followSource(source: Source, model: Model, { log, signal }: Following): Promise<void> {
  let logged: string | undefined
  const onStatus = ({ problems }: SourceStatus) => {
    const text = problems.map(formatProblem).join('\n')
    if (text === logged) return
    logged = text
    const [errors, warnings] = [formatProblems(problems, 'error'), formatProblems(problems, 'warning')]
    if (errors.length > 0) log.error('configuration refused', { problems: errors })
    if (warnings.length > 0) log.warn('configuration has warnings', { warnings })
    if (errors.length === 0) log.info('configuration is in force', { objects: source.objects().length })
  }
  await source.start({ onChange: (change) => model.applyObjects(change), onStatus }, signal)
}

/** What a client may call the address that is listened on; of a wildcard, the addresses of all interfaces. */
function addressesOf(host: string): string[] {
  if (host !== '0.0.0.0' && host !== '::') return [host]
  const addresses = Object.values(networkInterfaces()).flatMap((all) => all?.map(({ address }) => address) ?? [])
  return addresses.filter((address) => !address.includes('%'))
}
