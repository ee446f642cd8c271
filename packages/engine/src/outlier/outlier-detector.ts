import type { OutlierDetectionJson } from '@heddle/api/discovery/policy'
import { type Candidate, putOut } from '../balance/candidate.ts'
import type { EndpointOutcome } from './outcome.ts'
import { type SuccessRateOutlier, successRateOutliers } from './success-rate.ts'

/** An endpoint was put out, or would have been. */
export interface Ejection {
  readonly candidate: Candidate
  readonly cause: 'consecutive_failures' | 'success_rate'
  /** `false`: too many are out already, or it is the last one. */
  readonly isEjected: boolean
  /** How long it stays out, in µs. */
  readonly forUs: number
  /** One sentence. */
  readonly reason: string
}

/** How outlier detection judges; each time in µs. */
export interface OutlierOptions {
  /** 0: not by this. */
  readonly consecutiveFailures: number
  /** In standard deviations; 0: not by this. */
  readonly stdevs: number
  readonly minimumRequests: number
  readonly intervalUs: number
  readonly baseUs: number
  readonly maxUs: number
  readonly maxPercent: number
}

const US_PER_MS = 1000
/** What holds where a policy has 0. Half may be out, since one of two or two of four is what small deployments need. */
const DEFAULTS = {
  minimumRequests: 100,
  intervalMs: 10_000,
  baseEjectionMs: 30_000,
  maxEjectionMs: 300_000,
  maxEjectionPercent: 50,
} as const

/** The options of a policy, with the defaults for what it leaves out. */
export function toOutlierOptions(policy: OutlierDetectionJson): OutlierOptions {
  const baseMs = policy.baseEjectionMs || DEFAULTS.baseEjectionMs
  return {
    consecutiveFailures: policy.consecutiveFailures ?? 0,
    stdevs: (policy.successRateStdevThousandths ?? 0) / 1000,
    minimumRequests: policy.successRateMinimumRequests || DEFAULTS.minimumRequests,
    intervalUs: (policy.intervalMs || DEFAULTS.intervalMs) * US_PER_MS,
    baseUs: baseMs * US_PER_MS,
    maxUs: Math.max(baseMs, policy.maxEjectionMs || DEFAULTS.maxEjectionMs) * US_PER_MS,
    maxPercent: policy.maxEjectionPercent || DEFAULTS.maxEjectionPercent,
  }
}

/**
 * Puts endpoints out that do worse than they should. One per destination; balancers look at what it decides in
 * {@link Candidate.ejectedUntilUs}.
 *
 * The n-th time an endpoint is out for n times the base, up to the maximum; n goes down by one with each interval in which it stayed
 * in. At most `maxPercent` of the endpoints are out, but one may always be, and one that can be used always stays.
 */
export class OutlierDetector {
  readonly #options: OutlierOptions
  #candidates: readonly Candidate[] = []
  #intervalEndUs = Number.POSITIVE_INFINITY

  constructor(options: OutlierOptions) {
    this.#options = options
  }

  /** Takes the endpoints of a new version; those that are out stay out as far as the limits allow. */
  update(candidates: readonly Candidate[], nowUs: number): void {
    this.#candidates = candidates
    if (this.#intervalEndUs === Number.POSITIVE_INFINITY) this.#intervalEndUs = nowUs + this.#options.intervalUs
    const out = candidates.filter((candidate) => isOut(candidate, nowUs))
    out.sort((a, b) => a.ejectedUntilUs - b.ejectedUntilUs)
    for (const candidate of out.slice(0, Math.max(0, out.length - this.#most()))) readmit(candidate, nowUs)
    this.#keepOne(out, nowUs)
  }

  /**
   * Takes one outcome into account.
   *
   * @returns what was decided by this about `candidate` or, at the end of an interval, about the first of those who failed most; mostly
   *   nothing
   */
  observe(candidate: Candidate, outcome: EndpointOutcome, nowUs: number): Ejection | undefined {
    const bySuccessRate = nowUs >= this.#intervalEndUs ? this.#endInterval(nowUs) : undefined
    if (outcome === 'none') return bySuccessRate
    const { record } = candidate
    record.requests += 1
    if (outcome !== 'failure') {
      if (outcome === 'success') record.failuresInARow = 0
      return bySuccessRate
    }
    record.failures += 1
    record.failuresInARow += 1
    const { consecutiveFailures } = this.#options
    if (consecutiveFailures === 0 || record.failuresInARow < consecutiveFailures) return bySuccessRate
    // Requests that were under way when it was put out say nothing new.
    if (isOut(candidate, nowUs)) return bySuccessRate
    const cause = { cause: 'consecutive_failures', reason: `${record.failuresInARow} failures in a row` } as const
    record.failuresInARow = 0
    return this.#eject(candidate, cause, nowUs)
  }

  #endInterval(nowUs: number): Ejection | undefined {
    this.#intervalEndUs = nowUs + this.#options.intervalUs
    const outliers = this.#options.stdevs === 0 ? [] : successRateOutliers(this.#candidates, this.#options)
    const decided = outliers
      .filter(({ candidate }) => !isOut(candidate, nowUs))
      .map((outlier) => this.#eject(outlier.candidate, { cause: 'success_rate', reason: describe(outlier) }, nowUs))
    for (const { record } of this.#candidates) {
      record.requests = 0
      record.failures = 0
    }
    return decided[0]
  }

  #eject(candidate: Candidate, why: Pick<Ejection, 'cause' | 'reason'>, nowUs: number): Ejection {
    const kept = this.#whyKept(candidate, nowUs)
    if (kept !== '')
      return { candidate, cause: why.cause, isEjected: false, forUs: 0, reason: `${why.reason}; ${kept}` }
    const { record } = candidate
    record.ejections = Math.max(0, record.ejections - this.#intervalsIn(candidate, nowUs)) + 1
    const forUs = Math.min(this.#options.maxUs, this.#options.baseUs * record.ejections)
    putOut(candidate, nowUs + forUs, why.reason)
    return { candidate, ...why, isEjected: true, forUs }
  }

  /** Whole intervals since it came back. */
  #intervalsIn({ ejectedUntilUs }: Candidate, nowUs: number): number {
    return Math.floor((nowUs - ejectedUntilUs) / this.#options.intervalUs)
  }

  #whyKept(candidate: Candidate, nowUs: number): string {
    const { length } = this.#candidates
    let out = 0
    let isOtherUsable = false
    for (const other of this.#candidates) {
      if (isOut(other, nowUs)) out += 1
      else if (other !== candidate && other.load.avoidUntilUs <= nowUs) isOtherUsable = true
    }
    if (!isOtherUsable) return 'it stays, since no other endpoint can be used'
    return out >= this.#most() ? `it stays, since ${out} of ${length} are out already` : ''
  }

  /** How many may be out at a time, as long as there are others. */
  #most(): number {
    return Math.max(1, Math.floor((this.#candidates.length * this.#options.maxPercent) / 100))
  }

  /** The others may be gone since: then the one that is back first is back now. */
  #keepOne(out: readonly Candidate[], nowUs: number): void {
    const isUsable = ({ load, ejectedUntilUs }: Candidate) => ejectedUntilUs <= nowUs && load.avoidUntilUs <= nowUs
    if (this.#candidates.some(isUsable)) return
    const first = out.find((candidate) => isOut(candidate, nowUs) && candidate.load.avoidUntilUs <= nowUs)
    if (first !== undefined) readmit(first, nowUs)
  }
}

function isOut({ ejectedUntilUs }: Candidate, nowUs: number): boolean {
  return ejectedUntilUs > nowUs
}

/** It is back from now on, and starts slowly. */
function readmit(candidate: Candidate, nowUs: number): void {
  putOut(candidate, nowUs, candidate.ejectedFor)
}

function describe({ candidate, rate, mean, threshold }: SuccessRateOutlier): string {
  const [own, all, least] = [rate, mean, threshold].map((one) => `${(one * 100).toFixed(1)} %`)
  return `${own} of ${candidate.record.requests} requests succeeded, below ${least}; the mean of all is ${all}`
}
