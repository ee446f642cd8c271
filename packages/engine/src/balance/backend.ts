import type { BackendPolicyJson, HashSourceJson } from '@heddle/api/discovery/policy'
import { OutlierDetector, toOutlierOptions } from '../outlier/outlier-detector.ts'
import { RetryBudget, toRetryBudgetOptions } from '../retry/retry-budget.ts'
import { type Balancer, type BalancerContext, createBalancer } from './balancer.ts'
import { type Candidate, type CandidateFacts, createCandidates, putOut } from './candidate.ts'

/**
 * What decides about the requests for one version of a destination's endpoints. Candidates, outlier detection and budget are those
 * of the version before, as far as they are still the same.
 */
export interface Backend {
  readonly policy: BackendPolicyJson | undefined
  /** In the order of the endpoints. */
  readonly candidates: readonly Candidate[]
  /** Picks indices into `candidates`. */
  readonly balancer: Balancer
  /** What its `hashKey` is read of; empty where that makes no difference. */
  readonly hashOn: readonly HashSourceJson[]
  /** `undefined`: the policy does not ask for it. */
  readonly outliers: OutlierDetector | undefined
  readonly budget: RetryBudget
}

/** What a new version is made of. */
export interface BackendVersion {
  readonly policy: BackendPolicyJson | undefined
  readonly endpoints: readonly CandidateFacts[]
  readonly nowUs: number
}

/**
 * Makes what decides about a new version of a destination. To be called whenever its endpoints or its policy change.
 *
 * @param previous - `undefined`: the destination is new
 *
 * @example
 * const backend = createBackend({ policy, endpoints, nowUs }, known?.backend, { here, random: Math.random })
 * const target = targets[backend.balancer.pick({ nowUs, random, tried: undefined })]
 */
export function createBackend(
  { policy, endpoints, nowUs }: BackendVersion,
  previous: Backend | undefined,
  context: BalancerContext,
): Backend {
  const candidates = createCandidates(endpoints, previous?.candidates ?? [], nowUs)
  const outliers = keepOutliers(policy, previous)
  if (outliers === undefined) readmitAll(candidates, nowUs)
  outliers?.update(candidates, nowUs)
  const balancer = createBalancer(policy, candidates, context)
  const hashOn = balancer.needsHashKey ? (policy?.balancer?.hashOn ?? []) : []
  return { policy, candidates, balancer, hashOn, outliers, budget: keepBudget(policy, previous) }
}

function keepOutliers(
  policy: BackendPolicyJson | undefined,
  previous: Backend | undefined,
): OutlierDetector | undefined {
  const asked = policy?.outlierDetection
  if (asked === undefined) return undefined
  const isSame = isEqual(asked, previous?.policy?.outlierDetection)
  return isSame && previous?.outliers !== undefined ? previous.outliers : new OutlierDetector(toOutlierOptions(asked))
}

function keepBudget(policy: BackendPolicyJson | undefined, previous: Backend | undefined): RetryBudget {
  const isSame = previous !== undefined && isEqual(policy?.retryBudget, previous.policy?.retryBudget)
  return isSame ? previous.budget : new RetryBudget(toRetryBudgetOptions(policy?.retryBudget))
}

/** Nobody puts endpoints out any more. */
function readmitAll(candidates: readonly Candidate[], nowUs: number): void {
  for (const candidate of candidates) if (candidate.ejectedUntilUs > nowUs) putOut(candidate, nowUs, '')
}

/** Both come of the same encoder, which writes fields in one order. */
function isEqual(one: object | undefined, other: object | undefined): boolean {
  return JSON.stringify(one) === JSON.stringify(other)
}
