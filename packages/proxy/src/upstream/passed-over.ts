import type { Target } from './target.ts'

/** Why a target would not be chosen now, as far as is known; empty: it may be. */
export function whyPassedOver({ candidate, endpoint }: Target, nowUs: number): string {
  if (candidate !== undefined && candidate.ejectedUntilUs > nowUs) return candidate.ejectedFor
  if (endpoint.load.avoidUntilUs > nowUs) return 'could not be connected to'
  return candidate !== undefined && candidate.pausedUntilUs > nowUs ? 'asked to be left alone' : ''
}
