import type { ConnectionRecord } from './accept/connection-record.ts'
import { ConnectionTable } from './accept/connection-table.ts'
import { type Listener, listen } from './accept/listener.ts'
import { createProxyCore, type ProxyDeps } from './create-core.ts'
import type { Limits } from './limits.ts'
import type { ListenerConfig, ServedWorkload } from './listener-config.ts'
import { IdleMemory } from './platform/idle-memory.ts'
import { releaseMemory, shrinkMemory } from './platform/runtime.ts'
import type { ProxyCore } from './proxy-core.ts'
import { createWorkloadRuntime, type WorkloadRuntime } from './workload-runtime.ts'

/** What a proxy serves. */
export interface ProxyConfig {
  readonly workloads: readonly ServedWorkload[]
  /** What differs from the defaults of {@link Limits}. */
  readonly limits?: Partial<Limits>
}

/** A listener with the port it really has. */
export interface BoundListener {
  readonly config: ListenerConfig
  readonly namespace: string
  readonly workload: string
  readonly port: number
}

/** A running proxy. */
export interface DataPlane {
  readonly listeners: readonly BoundListener[]
  readonly state: 'running' | 'draining' | 'stopped'
  /** Whether an application holds a connection, or a client waits for an answer. */
  readonly isBusy: boolean
  /** The first `most` of the accepted connections. */
  connections(most: number): readonly ConnectionRecord[]
  /**
   * Stops accepting, lets open requests finish for up to `drainMs`, then closes what is left, idle connections to endpoints in order. HTTP/1
   * clients are told by `connection: close`. May be called more than once; every call gets the first one's promise.
   */
  drain(drainMs: number): Promise<void>
  /** Closes all at once. */
  close(): Promise<void>
}

/**
 * Starts a proxy and resolves once all of its listeners are bound. It waits for no certificate and no control plane.
 *
 * @returns the running proxy; the caller owns it and must call {@link DataPlane.drain} or {@link DataPlane.close}
 * @throws {ListenError} if an address is taken or forbidden; nothing is left listening then
 *
 * @example
 * const proxy = await startProxy({ workloads: [{ context, listeners }] }, { clock: systemClock, log, meter })
 * process.once('SIGTERM', () => void proxy.drain(5000))
 */
export async function startProxy(config: ProxyConfig, deps: ProxyDeps): Promise<DataPlane> {
  const core = createProxyCore(config.limits, deps)
  const table = new ConnectionTable(core, deps.meter)
  const release = { collect: releaseMemory, shrink: shrinkMemory }
  const memory = new IdleMemory(() => table.accepted + core.turn.count, release)
  core.ticker.onTick(() => memory.tick())
  const stopping = new AbortController()
  const listeners: Listener[] = []
  const workloads: WorkloadRuntime[] = []
  try {
    for (const served of config.workloads) {
      const workload = createWorkloadRuntime(served, core, stopping.signal)
      workloads.push(workload)
      for (const listener of served.listeners) listeners.push(await listen(listener, workload, table))
    }
  } catch (error) {
    for (const listener of listeners) listener.close()
    stopping.abort()
    throw error
  }
  return new RunningDataPlane({ core, table, listeners, workloads, stopping })
}

interface Parts {
  readonly core: ProxyCore
  readonly table: ConnectionTable
  readonly listeners: readonly Listener[]
  readonly workloads: readonly WorkloadRuntime[]
  readonly stopping: AbortController
}

class RunningDataPlane implements DataPlane {
  state: 'running' | 'draining' | 'stopped' = 'running'
  readonly listeners: readonly BoundListener[]
  readonly #parts: Parts
  #drained: Promise<void> | undefined

  constructor(parts: Parts) {
    this.#parts = parts
    this.listeners = parts.listeners.map(({ config, port, workload }) => {
      const { namespace, workload: name } = workload.context
      return { config, port, namespace, workload: name }
    })
  }

  get isBusy(): boolean {
    return this.#parts.table.isBusy
  }

  connections(most: number): readonly ConnectionRecord[] {
    return this.#parts.table.records(most)
  }

  drain(drainMs: number): Promise<void> {
    this.#drained ??= this.#drain(drainMs)
    return this.#drained
  }

  close(): Promise<void> {
    this.#stop()
    this.#abort()
    return Promise.resolve()
  }

  async #drain(drainMs: number): Promise<void> {
    if (this.state === 'stopped') return
    this.state = 'draining'
    const { core, listeners, table, workloads } = this.#parts
    core.log.info('draining', { connections: table.size, drainMs })
    for (const listener of listeners) listener.close()
    await table.drain(drainMs)
    this.#stop()
    // Applications and other proxies need not take an idle connection's end for a failure.
    for (const { upstreams } of workloads) upstreams.close()
    core.clock.after(core.limits.lingerMs, () => this.#abort())
  }

  /** Ends all that came in, and takes nothing more. */
  #stop(): void {
    if (this.state === 'stopped') return
    this.state = 'stopped'
    const { listeners, stopping, table } = this.#parts
    for (const listener of listeners) listener.close()
    table.destroy()
    stopping.abort()
  }

  #abort(): void {
    const { core, workloads } = this.#parts
    for (const { upstreams } of workloads) upstreams.abort()
    core.ticker.stop()
  }
}
