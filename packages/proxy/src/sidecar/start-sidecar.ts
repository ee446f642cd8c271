import { readFile } from 'node:fs/promises'
import type { NodeJson } from '@heddle/api/discovery'
import type { Clock } from '@heddle/base/clock'
import type { Log } from '@heddle/base/log'
import { formatSpiffeId } from '@heddle/identity/spiffe-id'
import type { Registry } from '@heddle/telemetry/registry'
import { TrafficTable } from '@heddle/telemetry/traffic'
import { trafficMetrics } from '@heddle/telemetry/traffic-metrics'
import packageJson from '../../package.json' with { type: 'json' }
import { adminRoutes } from '../admin/admin-routes.ts'
import { type AdminServer, listenAdmin } from '../admin/admin-server.ts'
import { formatHostPort } from '../config/address.ts'
import { controlIdentityOf, type SidecarConfig } from '../config/sidecar-config.ts'
import { type ControlClient, createControlClient } from '../control/control-client.ts'
import { SIGN } from '../control/rpc.ts'
import { DiscoveryClient } from '../discovery/discovery-client.ts'
import { type Probe, runHealthChecks } from '../health/health-checker.ts'
import { createProbe } from '../health/probe.ts'
import { IssuedIdentity } from '../identity/issued-identity.ts'
import { type DataPlane, startProxy } from '../start-proxy.ts'
import { Reporter } from '../telemetry/reporter.ts'
import type { WorkloadContext } from '../workload.ts'
import { describeSidecar } from './describe-sidecar.ts'
import { toListeners, toListeningEvent, toNodePorts } from './listeners.ts'

/** What a sidecar needs from outside; main.ts passes the real ones, tests their own. */
export interface SidecarDeps {
  readonly clock: Clock
  readonly log: Log
  readonly registry: Registry
  /** Called when the admin interface is told to drain. */
  readonly onDrainRequest: () => void
}

/** The proxy of one workload, with all that it needs of the control plane. */
export interface Sidecar {
  /** For whoever started the proxy: where it listens. */
  readonly listeningEvent: object
  /** Resolves when it is certified, registered, and has applied what the control plane told it first. */
  readonly ready: Promise<void>
  /** Says good-bye to the control plane, waits until others know, lets open requests finish, and closes everything. */
  drain(): Promise<void>
}

/** How long the last words to the control plane may take. */
const FAREWELL_MS = 1_000

/**
 * Starts the proxy of one workload; resolves once all listeners are bound.
 *
 * @throws {ListenError | RangeError | Error} when an address or a file cannot be used
 */
export async function startSidecar(config: SidecarConfig, deps: SidecarDeps): Promise<Sidecar> {
  const parts = await createParts(config, deps)
  const { identity, discovery, traffic } = parts
  const { clock, log, registry } = deps
  const { namespace, workload, instance, limits, accessLog } = config
  const context: WorkloadContext = {
    namespace,
    workload,
    instance,
    identity,
    destinations: discovery,
    traffic,
    inbound: discovery.inbound,
    clock,
    log,
  }
  const served = {
    context,
    listeners: toListeners(config),
    accessLog: accessLog === 'json' ? ('all' as const) : accessLog,
  }
  const dataPlane = await startProxy({ workloads: [served], limits }, { clock, log, meter: registry })
  parts.node = toNode(config, dataPlane)
  try {
    const admin = await startAdmin(config, parts, dataPlane)
    log.info('admin interface bound', { address: formatHostPort(admin.address) })
    return new RunningSidecar(parts, dataPlane, admin)
  } catch (error) {
    await dataPlane.close()
    throw error
  }
}

/** What a sidecar is made of beside its listeners. */
export interface SidecarParts {
  readonly config: SidecarConfig
  readonly deps: SidecarDeps
  readonly control: ControlClient
  readonly identity: IssuedIdentity
  readonly discovery: DiscoveryClient
  readonly traffic: TrafficTable
  /** `undefined`: the application is taken to be well. */
  readonly probe: Probe | undefined
  /** Known once the listeners are bound. */
  node: NodeJson
}

async function createParts(config: SidecarConfig, deps: SidecarDeps): Promise<SidecarParts> {
  const { clock, log, registry } = deps
  const trustBundlePem = await readFile(config.trustBundleFile, 'utf8')
  const control = createControlClient({
    target: {
      address: config.controlAddress,
      spiffeId: config.controlIdentity ?? controlIdentityOf(config.trustDomain),
    },
    credentials: () => identity.credentials(),
    clock,
  })
  const identity: IssuedIdentity = new IssuedIdentity({
    spiffeId: formatSpiffeId(config),
    trustBundlePem,
    readJoinToken: () => readJoinToken(config.joinTokenFile),
    sign: (csr, joinToken) => control.call(SIGN, { csr: Buffer.from(csr).toString('base64'), joinToken }),
    clock,
    log,
    registry,
  })
  const discovery = new DiscoveryClient(
    { control, node: () => parts.node, onTrust: (pem) => identity.trust(pem), clock, log, registry },
    {
      beforeDiscovery: config.beforeDiscovery,
      timeoutMs: config.discoveryTimeoutMs,
      prepared: config.upstreams.map(({ key }) => key),
      state:
        config.healthCheck === undefined
          ? { state: 'ready', reason: '' }
          : { state: 'unhealthy', reason: 'the application was not found well yet' },
    },
  )
  const traffic = new TrafficTable({ clock })
  registry.collect(trafficMetrics(traffic))
  const parts: SidecarParts = {
    config,
    deps,
    control,
    identity,
    discovery,
    traffic,
    probe: toProbe(config, clock),
    node: {},
  }
  return parts
}

function toProbe({ healthCheck, ports, advertiseAddresses }: SidecarConfig, clock: Clock): Probe | undefined {
  if (healthCheck === undefined) return undefined
  return createProbe(healthCheck, { ports, host: advertiseAddresses[0] ?? '127.0.0.1' }, clock)
}

async function readJoinToken(file: string | undefined): Promise<string> {
  if (file === undefined) throw new Error('HEDDLE_JOIN_TOKEN_FILE is not set, and there is no valid certificate')
  return (await readFile(file, 'utf8')).trim()
}

function toNode(config: SidecarConfig, dataPlane: DataPlane): NodeJson {
  const { namespace, workload, instance, serviceAccount, labels, region, zone, mode } = config
  return {
    namespace,
    workload,
    instance,
    serviceAccount,
    labels: { ...labels },
    ports: toNodePorts(config, dataPlane.listeners),
    locality: { region, zone },
    proxyVersion: packageJson.version,
    mode,
  }
}

function startAdmin(config: SidecarConfig, parts: SidecarParts, dataPlane: DataPlane): Promise<AdminServer> {
  const { clock, log, registry, onDrainRequest } = parts.deps
  const routes = adminRoutes({
    registry,
    log,
    notReady: () => whyNotReady(parts, dataPlane),
    config: () => describeSidecar(parts, dataPlane),
    connections: (most) => dataPlane.connections(most),
    drain: onDrainRequest,
  })
  return listenAdmin(config.adminAddress, routes, clock)
}

function whyNotReady({ identity, discovery, deps }: SidecarParts, dataPlane: DataPlane): string[] {
  const certificate = identity.current()
  const reasons: string[] = []
  if (dataPlane.state !== 'running' || discovery.state.state === 'draining') reasons.push('draining')
  if (certificate === undefined) reasons.push('no certificate yet')
  else if (certificate.notAfterMs < deps.clock.nowMs()) reasons.push('the certificate has expired')
  if (!discovery.isReady) reasons.push('nothing heard from the control plane yet')
  return reasons
}

class RunningSidecar implements Sidecar {
  readonly listeningEvent: object
  readonly ready: Promise<void>
  readonly #parts: SidecarParts
  readonly #dataPlane: DataPlane
  readonly #admin: AdminServer
  readonly #reporter: Reporter
  readonly #stopping = new AbortController()
  #drained: Promise<void> | undefined

  constructor(parts: SidecarParts, dataPlane: DataPlane, admin: AdminServer) {
    this.#parts = parts
    this.#dataPlane = dataPlane
    this.#admin = admin
    this.#reporter = createReporter(parts)
    this.listeningEvent = toListeningEvent(parts.config, dataPlane.listeners, admin.address)
    this.ready = parts.discovery.ready
    this.#run()
  }

  drain(): Promise<void> {
    this.#drained ??= this.#drain()
    return this.#drained
  }

  #run(): void {
    const { identity, discovery, config, deps, probe } = this.#parts
    const { signal } = this.#stopping
    let chain: string | undefined
    identity.onRotate(({ certificateChainPem }) => {
      // A stream ends with the certificate that it was opened by, so it is opened anew well before.
      if (chain === undefined) this.#registered()
      else if (chain !== certificateChainPem) discovery.reconnect()
      chain = certificateChainPem
    }, signal)
    void identity.run(signal)
    if (config.healthCheck === undefined || probe === undefined) return
    const onChange = (isHealthy: boolean, reason: string) => {
      deps.log.info('application health changed', { healthy: isHealthy, reason })
      discovery.report({ state: isHealthy ? 'ready' : 'unhealthy', reason })
    }
    void runHealthChecks({ check: config.healthCheck, probe, clock: deps.clock, onChange }, signal)
  }

  /** With the first certificate the control plane can be talked to. */
  #registered(): void {
    const { signal } = this.#stopping
    void this.#parts.discovery.run(signal)
    void this.ready.then(() => this.#reporter.run(signal))
  }

  async #drain(): Promise<void> {
    const { config, control, discovery, deps } = this.#parts
    const { clock, log } = deps
    log.info('draining', { delayMs: config.drainDelayMs, drainMs: config.drainMs })
    const wasRegistered = discovery.isConnected
    const farewell = discovery
      .drain()
      .catch((error: unknown) => log.warn('leaving unannounced', { error: String(error) }))
    await Promise.race([farewell, clock.sleep(FAREWELL_MS)])
    if (wasRegistered) await clock.sleep(config.drainDelayMs)
    await this.#dataPlane.drain(config.drainMs)
    if (discovery.isReady) await Promise.race([this.#reporter.report(), clock.sleep(FAREWELL_MS)])
    this.#stopping.abort()
    this.#admin.close()
    control.close()
    log.info('drained')
  }
}

function createReporter({ config, control, deps, identity, traffic }: SidecarParts): Reporter {
  const { namespace, workload, instance } = config
  return new Reporter({
    control,
    traffic,
    source: { namespace, workload, instance },
    certificate: () => {
      const current = identity.current()
      if (current === undefined) return undefined
      const { serial, notBeforeMs, notAfterMs } = current
      return { identity: identity.spiffeId, serial, notBeforeMs: `${notBeforeMs}`, notAfterMs: `${notAfterMs}` }
    },
    clock: deps.clock,
    log: deps.log,
    registry: deps.registry,
    intervalMs: config.reportIntervalMs,
  })
}
