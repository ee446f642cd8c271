import type { BackendPolicyJson, HedgingJson } from '@heddle/api/discovery/policy'
import type { CircuitBreakerJson } from '@heddle/api/discovery/route'
import { type Backend, createBackend } from '@heddle/engine/balance/backend'
import { pauseEndpoint } from '@heddle/engine/balance/candidate'
import type { Locality } from '@heddle/engine/balance/locality'
import type { EndpointOutcome } from '@heddle/engine/outlier/outcome'
import { RetryBudget, toRetryBudgetOptions } from '@heddle/engine/retry/budget'
import type { ProxyCore } from '../proxy-core.ts'
import { Circuit } from './circuit.ts'
import { whyPassedOver } from './passed-over.ts'
import type { ServiceCounters } from './resilience-counters.ts'
import type { ServiceName, Target } from './target.ts'

/**
 * What outlives the versions of one Service: what is known of its endpoints beside their loads, its retry budget, its
 * circuits. All of it is made when it is first needed.
 */
export class BackendState {
  readonly service: ServiceName
  readonly #core: ProxyCore
  readonly #here: Locality
  #policy: BackendPolicyJson | undefined
  #last: Backend | undefined
  /** Where no policy says anything. */
  #budget: RetryBudget | undefined
  #counters: ServiceCounters | undefined
  #circuits: Map<string, { json: CircuitBreakerJson; readonly circuit: Circuit }> | undefined

  constructor(service: ServiceName, here: Locality, core: ProxyCore) {
    this.service = service
    this.#here = here
    this.#core = core
  }

  /** `NAME.NAMESPACE:PORT`, for people. */
  get name(): string {
    const { name, namespace, port } = this.service
    return `${name}.${namespace}:${port}`
  }

  get counters(): ServiceCounters {
    this.#counters ??= this.#core.resilience.of(this.service)
    return this.#counters
  }

  get hedging(): HedgingJson | undefined {
    return this.#policy?.hedging
  }

  /** Of all who send to the Service, whatever route leads there. */
  get budget(): RetryBudget {
    if (this.#last !== undefined) return this.#last.budget
    this.#budget ??= new RetryBudget(toRetryBudgetOptions(undefined))
    return this.#budget
  }

  /**
   * Takes a new version.
   * @returns `undefined`: no policy says how to treat its targets
   */
  update(policy: BackendPolicyJson | undefined, targets: readonly Target[]): Backend | undefined {
    this.#policy = policy
    if (policy !== undefined) return this.decideFor(targets)
    // Whom the policy that is gone had put out is back.
    if (this.#last !== undefined) this.decideFor(targets)
    this.#last = undefined
    return undefined
  }

  /** What decides about these targets, which get to know what is known of them. */
  decideFor(targets: readonly Target[]): Backend {
    const { random, turn } = this.#core
    const endpoints = targets.map(({ id, place, endpoint }) => ({ id, ...place, load: endpoint.load }))
    const version = { policy: this.#policy, endpoints, nowUs: turn.nowUs() }
    const backend = createBackend(version, this.#last, { here: this.#here, random })
    this.#last = backend
    for (const [index, target] of targets.entries()) target.candidate = backend.candidates[index]
    return backend
  }

  /** Takes into account what a try said of its endpoint. */
  observe(target: Target, outcome: EndpointOutcome): void {
    const { candidate } = target
    const outliers = this.#last?.outliers
    if (outliers === undefined || candidate === undefined) return
    const ejection = outliers.observe(candidate, outcome, this.#core.turn.nowUs())
    if (ejection === undefined) return
    const { isEjected, forUs, reason, cause } = ejection
    const about = { service: this.name, endpoint: ejection.candidate.id, reason }
    if (!isEjected) {
      this.counters.kept(cause)
      this.#core.refusals.write({ level: 'info', event: 'endpoint kept in', kind: 'outlier_kept', fields: about })
      return
    }
    this.counters.ejected(cause, ejection.candidate)
    this.#core.log.warn('endpoint put out', { ...about, forMs: Math.round(forUs / 1000) })
  }

  /** The endpoint asked to be left alone. */
  pause({ candidate }: Target, retryAfterMs: number): void {
    if (candidate === undefined) return
    pauseEndpoint(candidate, retryAfterMs, this.#core.turn.nowUs())
    this.counters.paused()
  }

  /**
   * Why none of the targets should get a request; empty: one may.
   * @example "3 of 3 endpoints are out: shop/cart-0:80 (5 failures in a row), ..."
   */
  whyAllOut(targets: readonly Target[]): string {
    const nowUs = this.#core.turn.nowUs()
    const reasons: string[] = []
    for (const target of targets) {
      const why = whyPassedOver(target, nowUs)
      if (why === '') return ''
      reasons.push(`${target.id} (${why})`)
    }
    if (reasons.length === 0) return ''
    const listed = reasons.slice(0, 3).join(', ')
    const more = reasons.length > 3 ? `, and ${reasons.length - 3} more` : ''
    return `${reasons.length} of ${targets.length} endpoints are out: ${listed}${more}`
  }

  /**
   * The circuit of a rule, or of the Service itself. It goes on for as long as the same is asked of it.
   * @param id - of the rule; empty: of the Service
   */
  circuit(id: string, json: CircuitBreakerJson): Circuit {
    this.#circuits ??= new Map()
    const known = this.#circuits.get(id)
    if (known?.json === json) return known.circuit
    if (known !== undefined && isEqual(known.json, json)) {
      known.json = json
      return known.circuit
    }
    known?.circuit.retire()
    const name = id === '' ? this.name : id
    const circuit = new Circuit({ name, json, counters: this.counters }, this.#core)
    this.#circuits.set(id, { json, circuit })
    return circuit
  }

  /** Lets go of all circuits but those of `ids`, by which requests ask for them. */
  keepCircuits(ids: ReadonlySet<string>): void {
    for (const [id, { circuit }] of this.#circuits ?? []) {
      if (ids.has(id)) continue
      circuit.retire()
      this.#circuits?.delete(id)
    }
  }
}

function isEqual(a: object | undefined, b: object | undefined): boolean {
  return a === b || JSON.stringify(a) === JSON.stringify(b)
}
