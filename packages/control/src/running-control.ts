import type { Clock } from '@heddle/base/clock'
import type { HostPort } from '@heddle/base/host-port'
import type { ClusterParts } from './cluster/cluster-parts.ts'
import type { ClusterTasks } from './cluster/cluster-tasks.ts'
import type { ControlParts } from './control-parts.ts'
import type { Readiness } from './readiness.ts'
import type { Api } from './server/listen-api.ts'
import type { Observability } from './server/observability.ts'
import type { StateDir } from './state/state-dir.ts'

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

/** What a control plane that runs consists of. */
interface Running {
  readonly state: StateDir
  readonly cluster: ClusterParts | undefined
  readonly parts: ControlParts
  readonly readiness: Readiness
  readonly observability: Observability | undefined
  readonly api: Api
  /** `undefined`: of a mesh of one host. */
  readonly tasks: ClusterTasks | undefined
  /** Ends what only one replica does, so that others can take over. */
  readonly leaving: AbortController
  /** Ends everything, in the order opposite to that of its start. */
  readonly undo: AsyncDisposableStack
}

interface LeaveDeps {
  readonly clock: Clock
  /** Where there are other replicas: for how long is served on, while those who ask learn to ask them. */
  readonly leaveMs?: number
}

const LEAVE_MS = 2_000

/** The parts of a control plane that runs, and its end. */
export class RunningControl implements Control {
  readonly addresses: readonly HostPort[]
  readonly adminAddress: HostPort | undefined
  readonly webhookAddress: HostPort | undefined
  readonly serverIdentity: string
  readonly trustBundleFile: string
  readonly adminTokenFile: string
  readonly #running: Running
  readonly #deps: LeaveDeps
  #stopped: Promise<void> | undefined

  constructor(running: Running, deps: LeaveDeps) {
    const { api, observability, tasks, parts, state, cluster } = running
    this.addresses = api.addresses
    this.adminAddress = observability?.address
    this.webhookAddress = tasks?.webhookAddress
    this.serverIdentity = parts.server.spiffeId
    this.trustBundleFile = state.trustBundleFile
    this.adminTokenFile = cluster === undefined ? state.adminTokenFile : ''
    this.#running = running
    this.#deps = deps
  }

  stop(): Promise<void> {
    this.#stopped ??= this.#stop()
    return this.#stopped
  }

  async #stop(): Promise<void> {
    const { leaving, cluster, undo } = this.#running
    leaving.abort()
    if (cluster !== undefined) await this.#leave()
    await undo.disposeAsync()
  }

  async #leave(): Promise<void> {
    const { readiness, api } = this.#running
    const { clock, leaveMs = LEAVE_MS } = this.#deps
    void readiness.during('stopping', new Promise(() => {}))
    if (api.replicas.list().length > 0) await clock.sleep(leaveMs)
  }
}
