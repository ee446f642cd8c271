import type { Candidate } from '../balance/candidate.ts'
import type { EndpointOutcome } from './outcome.ts'

/** Puts endpoints out that do worse than they should. One per destination. */
export interface OutlierDetector {
  /** Takes the endpoints of a new version; those that are out stay out as far as the limits let them. */
  update(candidates: readonly Candidate[], nowUs: number): void
  /**
   * Takes one outcome into account. What it decides is in {@link Candidate.ejectedUntilUs}, at which balancers look.
   *
   * @returns the endpoint that was put out by this, mostly none
   */
  observe(candidate: Candidate, outcome: EndpointOutcome, nowUs: number): Ejection | undefined
}

/** An endpoint was put out, or would have been. */
export interface Ejection {
  readonly candidate: Candidate
  readonly cause: 'consecutive_failures' | 'success_rate'
  /** `false`: too many are out already, or it is the last one. */
  readonly isEjected: boolean
  /** In µs. */
  readonly forUs: number
  /** One sentence. */
  readonly reason: string
}
