import type { Counter, Family, Registry } from '@heddle/telemetry/registry'

/** What became of a copy of a request; `given_up`: it was never sent whole. */
export type MirrorOutcome = 'answered' | 'failed' | 'given_up'

/** Sorts of faults that are injected. */
export type FaultSort = 'delay' | 'abort' | 'reset' | 'throttle' | 'truncate'

/** Counters of what routes do beside forwarding, and of what is under way of it. */
export class RoutingMetrics {
  /** Copies of requests under way. */
  openMirrors = 0
  readonly #mirrored: Family<Counter>
  readonly #injected: Family<Counter>

  constructor(meter: Registry) {
    this.#mirrored = meter.counters('heddle_mirrored_requests_total', {
      help: 'Copies of requests for a mirror, by what became of them.',
      labels: ['outcome'],
    })
    this.#injected = meter.counters('heddle_faults_injected_total', {
      help: 'What was made to go wrong on purpose, by the policy that says so.',
      labels: ['fault', 'policy'],
    })
    meter.gauge('heddle_mirrors_open_count', 'Copies of requests under way', () => this.openMirrors)
  }

  mirrored(outcome: MirrorOutcome): void {
    this.#mirrored.with(outcome).add()
  }

  injected(fault: FaultSort, policy: string): void {
    this.#injected.with(fault, policy).add()
  }
}
