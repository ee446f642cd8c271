import type { BackendPolicyJson, BalancerJson, BalancerTypeJson } from '@heddle/api/discovery/policy'
import { type Choice, costOf } from '../balance.ts'
import type { Candidate } from './candidate.ts'
import { Levels } from './levels.ts'
import type { Locality } from './locality.ts'
import { Maglev } from './maglev.ts'
import type { Picker } from './picker.ts'
import { leastRequestCost, PowerOfTwo } from './power-of-two.ts'
import { RingHash } from './ring-hash.ts'
import { RoundRobin } from './round-robin.ts'
import type { PickRules } from './usability.ts'
import { WeightedRandom } from './weighted-random.ts'

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
}

/** What a pick depends on beside the endpoints. */
export interface Draw extends Choice {
  /** What ring hash and maglev hash; `undefined`: the request has nothing of it, so the endpoint is drawn. See `readHashKey`. */
  readonly hashKey?: string | undefined
}

/** What a balancer depends on beside policy and endpoints. */
export interface BalancerContext {
  /** Where the client is. */
  readonly here: Locality
  /** 0 to below 1. Only used while the balancer is made. */
  readonly random: () => number
}

/**
 * Makes the balancer that a policy asks for. A new one is made whenever the endpoints or the policy change; what has to outlive
 * that is kept by the candidates.
 *
 * @param policy - `undefined`: peak EWMA, wherever the endpoints are
 *
 * @example
 * const candidates = createCandidates(endpoints, previous, nowUs)
 * const balancer = createBalancer(policy, candidates, { here, random: Math.random })
 * const chosen = candidates[balancer.pick({ nowUs, random: Math.random, tried: undefined })]
 */
export function createBalancer(
  policy: BackendPolicyJson | undefined,
  candidates: readonly Candidate[],
  context: BalancerContext,
): Balancer {
  const kind = kindOf(policy?.balancer)
  const rules: PickRules = { rampUs: (policy?.slowStartMs ?? 0) * 1000, isPanic: false }
  const createPicker = (members: readonly Candidate[]) => PICKERS[kind]({ members, rules, context, policy })
  return new Levels({ kind, candidates, rules, here: context.here, policy: policy?.locality, createPicker })
}

/** What a policy calls its balancer. */
function kindOf(balancer: BalancerJson | undefined): BalancerKind {
  return KINDS[balancer?.type ?? 'BALANCER_TYPE_UNSPECIFIED']
}

/** Whether a text is the name of a balancer. */
export function isBalancerType(text: string): text is BalancerTypeJson {
  return Object.hasOwn(KINDS, text)
}

const KINDS: Record<BalancerTypeJson, BalancerKind> = {
  BALANCER_TYPE_UNSPECIFIED: 'peak-ewma',
  BALANCER_TYPE_PEAK_EWMA: 'peak-ewma',
  BALANCER_TYPE_LEAST_REQUEST: 'least-request',
  BALANCER_TYPE_ROUND_ROBIN: 'round-robin',
  BALANCER_TYPE_RANDOM: 'random',
  BALANCER_TYPE_RING_HASH: 'ring-hash',
  BALANCER_TYPE_MAGLEV: 'maglev',
}

interface PickerParts {
  readonly members: readonly Candidate[]
  readonly rules: PickRules
  readonly context: BalancerContext
  readonly policy: BackendPolicyJson | undefined
}

const PICKERS: Record<BalancerKind, (parts: PickerParts) => Picker> = {
  'peak-ewma': ({ members, rules }) => new PowerOfTwo(members, rules, costOf),
  'least-request': ({ members, rules }) => new PowerOfTwo(members, rules, leastRequestCost),
  'round-robin': ({ members, rules, context }) => new RoundRobin(members, rules, context.random),
  random: ({ members, rules }) => new WeightedRandom(members, rules),
  'ring-hash': ({ members, rules, policy }) => new RingHash(members, rules, policy?.balancer?.ringSize || undefined),
  maglev: ({ members, rules }) => new Maglev(members, rules),
}
