import type { BalancerKind, LevelShare } from './balancer.ts'

/** An empty collector for one pick. */
export function createPickTrace(): PickTrace {
  return { balancer: 'peak-ewma', levels: [], isPanic: false, scores: [], drawn: [], chosen: -1, reason: '' }
}

/** Collects why an endpoint was chosen. See {@link createPickTrace}. */
export interface PickTrace {
  balancer: BalancerKind
  /** Empty where localities do not count. */
  levels: readonly LevelShare[]
  /** Whether so few were usable that being ejected did not count. */
  isPanic: boolean
  /** Of every endpoint, before the pick. */
  scores: EndpointScore[]
  /** Ids of those that were looked at. */
  drawn: string[]
  /** Index of the chosen one, or -1. */
  chosen: number
  /** Why that one; one sentence. */
  reason: string
}

/** How one endpoint stood when another, or it, was chosen. */
export interface EndpointScore {
  readonly id: string
  readonly level: LevelShare['level']
  readonly weight: number
  readonly inFlight: number
  readonly rttUs: number
  /** What the balancer compares, the lower the better; `undefined`: it compares nothing. */
  readonly cost: number | undefined
  /** Share of its weight that slow start lets it have, 0 to 1. */
  readonly warmth: number
  /** Why it could not be chosen; empty: it could. */
  readonly passedOver: string
}
