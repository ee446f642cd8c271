import { readFile } from 'node:fs/promises'
import type { NodeJson } from '@heddle/api/discovery'
import type { Clock } from '@heddle/base/clock'
import type { Log } from '@heddle/base/log'
import { formatSpiffeId } from '@heddle/identity/spiffe-id'
import type { Registry } from '@heddle/telemetry/registry'
import { TrafficTable } from '@heddle/telemetry/traffic'
import { trafficMetrics } from '@heddle/telemetry/traffic-metrics'
import { controlIdentityOf, type SidecarConfig } from '../config/sidecar-config.ts'
import { type ControlClient, createControlClient } from '../control/control-client.ts'
import type { ControlTarget } from '../control/control-connection.ts'
import { SIGN } from '../control/rpc.ts'
import { DiscoveryClient, type DiscoveryOptions } from '../discovery/discovery-client.ts'
import type { Probe } from '../health/health-checker.ts'
import { createProbe } from '../health/probe.ts'
import { BundleCache } from '../identity/bundle-cache.ts'
import { IssuedIdentity } from '../identity/issued-identity.ts'
import { readProof } from '../identity/sign-proof.ts'
import { resolveLimits } from '../limits.ts'
import { createBugLog, type OnBug } from '../process/bug-log.ts'
import { DecisionRecords } from '../records/decision-records.ts'

/** What a sidecar needs from outside; main.ts passes the real ones, tests their own. */
export interface SidecarDeps {
  readonly clock: Clock
  readonly log: Log
  readonly registry: Registry
  /** Called when the admin interface is told to drain. */
  readonly onDrainRequest: () => void
  /** Called with the reason whenever a certificate can only be had by another join token. */
  readonly onTokenWanted: (reason: string) => void
}

/** What a sidecar is made of beside its listeners. */
export interface SidecarParts {
  readonly config: SidecarConfig
  readonly deps: SidecarDeps
  readonly control: ControlClient
  readonly identity: IssuedIdentity
  readonly discovery: DiscoveryClient
  readonly traffic: TrafficTable
  readonly records: DecisionRecords
  readonly onBug: OnBug
  /** `undefined`: the application is taken to be well. */
  readonly probe: Probe | undefined
  /** Known once the listeners are bound. */
  node: NodeJson
}

/** @throws {RangeError | Error} when the file of the trust bundle cannot be read, or the health check names a port that is not there */
export async function createParts(config: SidecarConfig, deps: SidecarDeps): Promise<SidecarParts> {
  const { clock, log, registry } = deps
  const onBug = createBugLog({ clock, log, meter: registry })
  const bundles = new BundleCache({ file: config.trustBundleCacheFile, givenPem: await readTrustBundle(config), log })
  const trustBundlePem = await bundles.read()
  const control = createControlClient({
    target: toControlTarget(config),
    credentials: () => identity.credentials(),
    clock,
  })
  const identity: IssuedIdentity = new IssuedIdentity({
    spiffeId: formatSpiffeId(config),
    trustBundlePem,
    readProof: (has) => readProof(config, has),
    sign: (csr, proof) => control.call(SIGN, { csr: Buffer.from(csr).toString('base64'), ...proof }),
    onTrust: (pem) => void bundles.keep(pem),
    // Nobody but the kubelet puts a new token of the service account there, and it does so unasked.
    onTokenWanted: config.serviceAccountTokenFile === undefined ? deps.onTokenWanted : () => {},
    clock,
    log,
    registry,
    onBug,
  })
  const records = new DecisionRecords(config, resolveLimits(config.limits))
  const discovery = new DiscoveryClient(
    {
      control,
      node: () => parts.node,
      onTrust: (pem) => identity.trust(pem),
      records: (query) => records.find(query),
      clock,
      log,
      registry,
      onBug,
    },
    toDiscoveryOptions(config),
  )
  const traffic = new TrafficTable({ clock })
  registry.collect(trafficMetrics(traffic))
  const probe = toProbe(config, clock)
  const parts: SidecarParts = {
    config,
    deps,
    control,
    identity,
    discovery,
    traffic,
    records,
    onBug,
    probe,
    node: {},
  }
  return parts
}

/** parseSidecarConfig() has seen to it that there is exactly one of the two. */
async function readTrustBundle({ trustBundle, trustBundleFile }: SidecarConfig): Promise<string> {
  return trustBundle ?? (await readFile(trustBundleFile!, 'utf8'))
}

function toControlTarget({ controlAddress, controlIdentity, trustDomain }: SidecarConfig): ControlTarget {
  return { address: controlAddress, spiffeId: controlIdentity ?? controlIdentityOf(trustDomain) }
}

function toDiscoveryOptions(config: SidecarConfig): DiscoveryOptions {
  return {
    beforeDiscovery: config.beforeDiscovery,
    timeoutMs: config.discoveryTimeoutMs,
    prepared: config.upstreams.map(({ key }) => key),
    here: { region: config.region, zone: config.zone },
    state:
      config.healthCheck === undefined
        ? { state: 'ready', reason: '' }
        : { state: 'unhealthy', reason: 'the application was not found well yet' },
  }
}

function toProbe({ healthCheck, ports, advertiseAddresses }: SidecarConfig, clock: Clock): Probe | undefined {
  if (healthCheck === undefined) return undefined
  return createProbe(healthCheck, { ports, host: advertiseAddresses[0] ?? '127.0.0.1' }, clock)
}
