import { createLoad } from '@heddle/engine/balance'
import type { BalancerKind } from '@heddle/engine/balance/balancer'
import { type Candidate, createCandidates } from '@heddle/engine/balance/candidate'

/** What a test says of one endpoint. */
export interface TestEndpoint {
  readonly id?: string
  readonly weight?: number
  readonly region?: string
  readonly zone?: string
}

/** Candidates that were never asked, all of a new destination. */
export function candidatesOf(endpoints: readonly TestEndpoint[]): readonly Candidate[] {
  const facts = endpoints.map(({ id, weight = 1, region = '', zone = '' }, at) => {
    return { id: id ?? `shop/web-${at}:8080`, region, zone, load: createLoad(weight, 0) }
  })
  return createCandidates(facts, [], 0)
}

/** So many equal ones. */
export function equalCandidates(count: number): readonly Candidate[] {
  return candidatesOf(Array.from({ length: count }, () => ({})))
}

/** Numbers from 0 to below 1, the same for the same seed (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed | 0
  return () => {
    state = (state + 0x6d2b_79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** What the policy of a test calls each balancer. */
export const BALANCER_TYPES = {
  'peak-ewma': 'BALANCER_TYPE_PEAK_EWMA',
  'least-request': 'BALANCER_TYPE_LEAST_REQUEST',
  'round-robin': 'BALANCER_TYPE_ROUND_ROBIN',
  random: 'BALANCER_TYPE_RANDOM',
  'ring-hash': 'BALANCER_TYPE_RING_HASH',
  maglev: 'BALANCER_TYPE_MAGLEV',
} as const satisfies Record<BalancerKind, string>
