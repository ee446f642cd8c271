import type { AdminServer } from '../admin/admin-server.ts'
import { runHealthChecks } from '../health/health-checker.ts'
import type { DataPlane } from '../start-proxy.ts'
import { Reporter } from '../telemetry/reporter.ts'
import { toListeningEvent } from './listeners.ts'
import type { SidecarParts } from './sidecar-parts.ts'

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

/** Servers beside the data path. */
export interface SideServers {
  readonly admin: AdminServer
  readonly probe: AdminServer | undefined
}

/** How often it is looked whether something is open still, and for how long nothing has to be. */
const IDLE_LOOK_MS = 100
const IDLE_MS = 1_000

/** A sidecar whose listeners are bound; it begins to work at once. */
export class RunningSidecar implements Sidecar {
  readonly listeningEvent: object
  readonly ready: Promise<void>
  readonly #parts: SidecarParts
  readonly #dataPlane: DataPlane
  readonly #servers: SideServers
  readonly #reporter: Reporter
  readonly #stopping = new AbortController()
  #drained: Promise<void> | undefined

  constructor(parts: SidecarParts, dataPlane: DataPlane, servers: SideServers) {
    this.#parts = parts
    this.#dataPlane = dataPlane
    this.#servers = servers
    this.#reporter = createReporter(parts)
    this.listeningEvent = toListeningEvent(parts.config, dataPlane.listeners, {
      admin: servers.admin.address,
      probe: servers.probe?.address,
    })
    this.ready = parts.discovery.ready
    this.#run()
  }

  drain(): Promise<void> {
    this.#drained ??= this.#drain()
    return this.#drained
  }

  #run(): void {
    const { identity, discovery, config, deps, onBug, probe } = this.#parts
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
    const { clock } = deps
    void runHealthChecks({ check: config.healthCheck, probe, clock, onChange, onBug }, signal)
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
    await this.#dataPlane.drain(config.drainUntilIdle ? await this.#waitUntilIdle() : config.drainMs)
    if (discovery.isReady) await Promise.race([this.#reporter.report(), clock.sleep(FAREWELL_MS)])
    this.#stopping.abort()
    this.#servers.admin.close()
    this.#servers.probe?.close()
    control.close()
    log.info('drained')
  }

  /** Serves on while the application finishes its work. @returns how much of the time to drain is left */
  async #waitUntilIdle(): Promise<number> {
    const { config, deps } = this.#parts
    const { clock } = deps
    const endUs = clock.monotonicUs() + config.drainMs * 1000
    let idleSinceUs = clock.monotonicUs()
    for (let nowUs = idleSinceUs; nowUs < endUs; nowUs = clock.monotonicUs()) {
      if (this.#dataPlane.isBusy) idleSinceUs = nowUs
      else if (nowUs - idleSinceUs >= IDLE_MS * 1000) break
      await clock.sleep(IDLE_LOOK_MS)
    }
    return Math.max(0, (endUs - clock.monotonicUs()) / 1000)
  }
}

function createReporter({ config, control, deps, identity, onBug, traffic }: SidecarParts): Reporter {
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
    onBug,
  })
}
