import type { HealthCheck, Workload } from '@heddle/api/kinds/workload'
import type { Clock, Timer } from '@heddle/base/clock'
import type { Log } from '@heddle/base/log'
import { createHealthState, type HealthState } from '@heddle/engine/health'
import { type Instance, instanceKey } from '../model/instance.ts'
import type { Model } from '../model/model.ts'
import { type Probe, type ProbeResult, runProbe } from './probe.ts'

export interface HealthProberDeps {
  readonly model: Model
  readonly clock: Clock
  readonly log: Log
  /** Replaced in tests. */
  readonly probe?: typeof runProbe
}

/** One instance to be asked, and how. */
interface Target {
  readonly instance: Instance
  readonly check: HealthCheck
  readonly probe: Probe
}

interface Asking {
  /** When this is different, asking begins anew. */
  readonly how: string
  readonly stop: AbortController
}

const GATHER_MS = 100
/** First probes of many instances are spread over this share of their period. */
const SPREAD = 0.5

/**
 * Asks the instances that have no proxy to do it for them: those of Workloads with `addresses` and a `healthCheck`. An
 * instance that fails gets no traffic until it is well again.
 */
export class HealthProber {
  readonly #deps: Required<HealthProberDeps>
  readonly #signal: AbortSignal
  readonly #asking = new Map<string, Asking>()
  #gathering: Timer | undefined

  /** Begins at once; ends when `signal` is aborted. */
  constructor(deps: HealthProberDeps, signal: AbortSignal) {
    this.#deps = { probe: runProbe, ...deps }
    this.#signal = signal
    deps.model.onChange(() => this.#gather(), signal)
    signal.addEventListener('abort', () => this.#stopAll(), { once: true })
    this.#reconcile()
  }

  /** How many instances are asked. */
  get size(): number {
    return this.#asking.size
  }

  #gather(): void {
    this.#gathering ??= this.#deps.clock.after(GATHER_MS, () => {
      this.#gathering = undefined
      this.#reconcile()
    })
  }

  #reconcile(): void {
    const targets = new Map(findTargets(this.#deps.model).map((target) => [instanceKey(target.instance), target]))
    for (const [key, asking] of this.#asking) {
      const target = targets.get(key)
      if (target !== undefined && howOf(target) === asking.how) continue
      asking.stop.abort()
      this.#asking.delete(key)
    }
    for (const [key, target] of targets) {
      if (this.#asking.has(key)) continue
      const asking = { how: howOf(target), stop: new AbortController() }
      this.#asking.set(key, asking)
      void this.#ask(target, asking.stop.signal)
    }
  }

  async #ask({ instance, check, probe }: Target, signal: AbortSignal): Promise<void> {
    const { clock } = this.#deps
    const state = createHealthState({ healthy: check.successThreshold, unhealthy: check.failureThreshold })
    const periodMs = check.periodSeconds * 1000
    await clock.sleep(check.initialDelaySeconds * 1000 + Math.random() * SPREAD * periodMs, signal)
    while (!signal.aborted) {
      const problem = await this.#deps.probe(probe, { clock, timeoutMs: check.timeoutSeconds * 1000 })
      if (signal.aborted) return
      this.#observe(instance, state, problem)
      await clock.sleep(periodMs, signal)
    }
  }

  #observe(instance: Instance, state: HealthState, problem: ProbeResult): void {
    const changed = state.observe(problem === undefined)
    if (changed === undefined) return
    const { model, log } = this.#deps
    const reason = problem === undefined ? '' : `health check: ${problem}`
    model.setHealth(instance, '', { state: changed === 'healthy' ? 'ready' : 'unhealthy', reason })
    log.info('health changed', { instance: instanceKey(instance), health: changed, reason })
  }

  #stopAll(): void {
    this.#gathering?.cancel()
    for (const { stop } of this.#asking.values()) stop.abort()
    this.#asking.clear()
  }
}

function findTargets(model: Model): Target[] {
  const workloads = model
    .workloads('')
    .filter(({ spec }) => spec.addresses !== undefined && spec.healthCheck !== undefined)
  if (workloads.length === 0) return []
  const byName = new Map(workloads.map((workload) => [nameOf(workload), workload]))
  const unmeshed = model.instances('').filter(({ meshed }) => !meshed)
  return unmeshed.flatMap((instance) => {
    const check = byName.get(`${instance.namespace}/${instance.workload}`)?.spec.healthCheck
    const probe = check === undefined ? undefined : probeOf(instance, check)
    return check === undefined || probe === undefined ? [] : [{ instance, check, probe }]
  })
}

/** A port that is a number need not be one that the Workload declares; one that is a name must. */
function probeOf({ ports, wholeAddresses }: Instance, { httpGet, tcpSocket }: HealthCheck): Probe | undefined {
  const wanted = httpGet?.port ?? tcpSocket?.port
  const declared = ports.find(({ name, port }) => name === wanted || port === wanted)
  const address = declared?.address ?? ports[0]?.address ?? wholeAddresses[0]
  const port = declared?.addressPort ?? (typeof wanted === 'number' ? wanted : undefined)
  if (address === undefined || port === undefined) return undefined
  return httpGet === undefined ? { kind: 'tcp', address, port } : { kind: 'http', address, port, path: httpGet.path }
}

function nameOf({ metadata }: Workload): string {
  return `${metadata.namespace}/${metadata.name}`
}

function howOf({ check, probe }: Target): string {
  return JSON.stringify([check, probe])
}
