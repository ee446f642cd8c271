import type { ProxyErrorCode } from '@heddle/api/proxy-errors'
import type { Clock } from '@heddle/base/clock'
import type { Candidate } from '@heddle/engine/balance/candidate'
import type { Counter, Family, Registry } from '@heddle/telemetry/registry'
import type { ServiceName } from './target.ts'

/** Why a request went out. `again`: the try before had reached nobody. */
export type TryKind = 'first' | 'retry' | 'hedge' | 'again'

const SERVICE_LABELS = ['namespace', 'service', 'port']

/** What retries, hedges, circuit breakers and outlier detection do, by Service. */
export class ResilienceCounters {
  readonly #tries: Family<Counter>
  readonly #refused: Family<Counter>
  readonly #ejections: Family<Counter>
  readonly #kept: Family<Counter>
  readonly #pauses: Family<Counter>
  readonly #opened: Family<Counter>
  readonly #circuitRefused: Family<Counter>
  /** Those that were put out, until it is seen that they are back. */
  readonly #out = new Set<Candidate>()
  /** Circuits that opened, until it is seen that they are closed; whoever lets one go does not have to say so. */
  readonly #tripped = new Set<WeakRef<TrippedCircuit>>()
  readonly #clock: Clock

  constructor(meter: Registry, clock: Clock) {
    this.#clock = clock
    const family = (name: string, help: string, ...more: string[]) =>
      meter.counters(name, { help, labels: [...SERVICE_LABELS, ...more] })
    this.#tries = family(
      'heddle_tries_total',
      'Tries at endpoints of Services that have a policy or a route with one. Requests of clients are those of kind first.',
      'kind',
    )
    this.#refused = family(
      'heddle_retries_refused_total',
      'Tries that were not repeated although they were to be.',
      'cause',
    )
    this.#ejections = family('heddle_outlier_ejections_total', 'How often endpoints were put out.', 'cause')
    this.#kept = family(
      'heddle_outlier_kept_total',
      'How often endpoints were not put out, since too few would be left.',
      'cause',
    )
    this.#pauses = family('heddle_endpoint_pauses_total', 'How often endpoints asked to be left alone, and were.')
    this.#opened = family('heddle_circuit_opened_total', 'How often circuits opened.')
    this.#circuitRefused = family('heddle_circuit_refused_total', 'Requests that circuit breakers refused.', 'error')
    meter.gauge('heddle_outlier_ejected_endpoints', 'Endpoints that are put out now.', () => this.#countOut())
    meter.gauge('heddle_circuits_open', 'Circuits that are open or on probation now.', () => this.#countTripped())
  }

  /** To be kept by whoever counts. */
  of({ namespace, name, port }: ServiceName): ServiceCounters {
    const labels = [namespace, name, String(port)]
    const tries: Partial<Record<TryKind, Counter>> = {}
    return {
      tried: (kind) => {
        tries[kind] ??= this.#tries.with(...labels, kind)
        tries[kind].add()
      },
      refused: (cause) => this.#refused.with(...labels, cause).add(),
      ejected: (cause, candidate) => {
        this.#ejections.with(...labels, cause).add()
        this.#countOut()
        this.#out.add(candidate)
      },
      kept: (cause) => this.#kept.with(...labels, cause).add(),
      paused: () => this.#pauses.with(...labels).add(),
      circuitOpened: (circuit) => {
        this.#opened.with(...labels).add()
        this.#countTripped()
        this.#tripped.add(new WeakRef(circuit))
      },
      circuitRefused: (error) => this.#circuitRefused.with(...labels, error).add(),
    }
  }

  #countOut(): number {
    const nowUs = this.#clock.monotonicUs()
    for (const candidate of this.#out) if (candidate.ejectedUntilUs <= nowUs) this.#out.delete(candidate)
    return this.#out.size
  }

  /** A circuit that opens again while it was on probation stands here twice. */
  #countTripped(): number {
    const open = new Set<TrippedCircuit>()
    for (const reference of this.#tripped) {
      const circuit = reference.deref()
      if (circuit === undefined || !circuit.isTripped || open.has(circuit)) this.#tripped.delete(reference)
      else open.add(circuit)
    }
    return open.size
  }
}

/** A circuit that opened. */
export interface TrippedCircuit {
  /** False once it is closed again, or no request asks it any more. */
  readonly isTripped: boolean
}

/** Counters of one Service. */
export interface ServiceCounters {
  tried(kind: TryKind): void
  /** @param cause - a word of the engine */
  refused(cause: string): void
  ejected(cause: string, candidate: Candidate): void
  kept(cause: string): void
  paused(): void
  circuitOpened(circuit: TrippedCircuit): void
  circuitRefused(error: ProxyErrorCode): void
}
