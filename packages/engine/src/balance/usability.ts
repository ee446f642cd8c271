import { isLoadUsable } from '../balance.ts'
import type { Draw } from './balancer.ts'
import type { Candidate } from './candidate.ts'
import { tellPick } from './pick-trace.ts'

/** What holds for all endpoints of a balancer. */
export interface PickRules {
  /** Length of slow start, in µs; 0: there is none. */
  readonly rampUs: number
  /** So few are usable that being ejected does not count. */
  isPanic: boolean
}

/** A new endpoint gets at least this share of its weight, so that it gets any. */
const LEAST_WARMTH = 0.1

/** Whether `candidate` may be chosen. */
export function isUsable(candidate: Candidate, draw: Draw, rules: PickRules): boolean {
  return (
    isLoadUsable(candidate.load, draw) &&
    (candidate.ejectedUntilUs <= draw.nowUs || rules.isPanic) &&
    candidate.pausedUntilUs <= draw.nowUs
  )
}

/** Share of its weight that slow start lets an endpoint have, 0.1 to 1: it grows with time, in a straight line. */
export function warmthOf(candidate: Candidate, nowUs: number, rampUs: number): number {
  if (rampUs === 0) return 1
  return Math.min(1, Math.max(LEAST_WARMTH, (nowUs - candidate.warmFromUs) / rampUs))
}

/** Whether a draw of `candidate` counts: with slow start only as often as its warmth says, so that its share is in proportion. */
export function mayBeDrawn(candidate: Candidate, draw: Draw, rules: PickRules): boolean {
  if (!isUsable(candidate, draw, rules)) return false
  if (rules.rampUs === 0 || candidate.warmFromUs + rules.rampUs <= draw.nowUs) return true
  return draw.random() < warmthOf(candidate, draw.nowUs, rules.rampUs)
}

/**
 * For unlucky draws: a usable one, else the untried one that is back first.
 *
 * @returns an index, or -1 when all were tried
 */
export function scan(candidates: readonly Candidate[], draw: Draw, rules: PickRules): number {
  const from = Math.floor(draw.random() * candidates.length)
  let best = -1
  for (let step = 0; step < candidates.length; step++) {
    const at = (from + step) % candidates.length
    const candidate = candidates[at]!
    if (isUsable(candidate, draw, rules)) {
      tellPick(draw.trace, 'next-usable')
      return at
    }
    if (draw.tried?.includes(candidate.load) === true) continue
    if (best === -1 || backAtUs(candidate) < backAtUs(candidates[best]!)) best = at
  }
  tellPick(draw.trace, best === -1 ? 'none' : 'last-resort')
  return best
}

/** When an endpoint is usable again. */
function backAtUs({ load, ejectedUntilUs, pausedUntilUs }: Candidate): number {
  return Math.max(load.avoidUntilUs, ejectedUntilUs, pausedUntilUs)
}
