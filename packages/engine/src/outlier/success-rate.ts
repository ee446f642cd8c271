import type { Candidate } from '../balance/candidate.ts'

/** How far below the others is too far. */
export interface SuccessRateOptions {
  /** Standard deviations below the mean. */
  readonly stdevs: number
  /** Without so many requests an endpoint is not judged. */
  readonly minimumRequests: number
}

/** One that does worse than the others. */
export interface SuccessRateOutlier {
  readonly candidate: Candidate
  /** 0 to 1. */
  readonly rate: number
  readonly mean: number
  /** Below this it is an outlier. */
  readonly threshold: number
}

/** Of two, neither can be told to be the odd one. */
const MINIMUM_ENDPOINTS = 3
/**
 * Endpoints that hardly fail at all lie so close together that a single failure would be many standard deviations; so nobody is
 * put out who is less than 2 points below the mean.
 */
const MINIMUM_GAP = 0.02

/**
 * Endpoints whose success rate in the interval under way is below `mean - stdevs * standard deviation` of those that had requests
 * enough, the worst first. The standard deviation is that of the population, so of n endpoints one can be at most √(n-1) of them
 * below the mean: 1.9 needs five endpoints.
 */
export function successRateOutliers(
  candidates: readonly Candidate[],
  { stdevs, minimumRequests }: SuccessRateOptions,
): readonly SuccessRateOutlier[] {
  const judged = candidates.filter(({ record }) => record.requests >= Math.max(1, minimumRequests))
  if (judged.length < MINIMUM_ENDPOINTS) return []
  const rates = judged.map(({ record }) => 1 - record.failures / record.requests)
  const mean = meanOf(rates)
  const stdev = Math.sqrt(meanOf(rates.map((rate) => (rate - mean) ** 2)))
  const threshold = Math.min(mean - stdevs * stdev, mean - MINIMUM_GAP)
  return judged
    .map((candidate, at) => ({ candidate, rate: rates[at]!, mean, threshold }))
    .filter(({ rate }) => rate < threshold)
    .sort((a, b) => a.rate - b.rate)
}

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}
