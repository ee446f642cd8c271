import type { Choice } from '../balance.ts'
import type { PickTrace } from './pick-trace.ts'

/** How endpoints are chosen, in words of the policy. */
export type BalancerKind = 'peak-ewma' | 'least-request' | 'round-robin' | 'random' | 'ring-hash' | 'maglev'

/** Chooses among the endpoints of one version of a destination. */
export interface Balancer {
  readonly kind: BalancerKind
  /** Whether {@link Draw.hashKey} makes a difference, so that nobody else has to look for one. */
  readonly needsHashKey: boolean
  /**
   * @returns an index into the candidates that the balancer was made of, or -1 when all were tried. An endpoint that is to be
   *   passed over is chosen only when there is no other.
   */
  pick(draw: Draw): number
  /** Its share of the traffic by locality, as of now; for people. */
  levels(nowUs: number): readonly LevelShare[]
}

/** What a pick depends on beside the endpoints. */
export interface Draw extends Choice {
  /** What ring hash and maglev hash; `undefined`: the request has nothing of it, so the endpoint is drawn. See `readHashKey`. */
  readonly hashKey?: string | undefined
  /** Id of the endpoint that a session sticks to: chosen whenever it is usable. */
  readonly prefer?: string | undefined
  /** Collects the reasons; `undefined` on the hot path. */
  readonly trace?: PickTrace | undefined
}

/** What one level of locality gets. */
export interface LevelShare {
  readonly level: 'zone' | 'region' | 'rest' | 'all'
  readonly endpoints: number
  readonly usable: number
  /** 0 to 1; all of them add up to 1. */
  readonly share: number
}
