import type { ObjectMeta } from './object-meta.ts'
import type { PolicyTargetRef } from './policy-target.ts'

/**
 * `heddle.dev/v1alpha1` BackendPolicy: how clients treat the endpoints of a Service. Defaults are filled in within what the
 * file has; what it leaves out is the mesh's own default. Durations as text: `parseDurationMs`.
 */
export interface BackendPolicy {
  readonly apiVersion: 'heddle.dev/v1alpha1'
  readonly kind: 'BackendPolicy'
  readonly metadata: ObjectMeta
  readonly spec: BackendPolicySpec
}

/** What is absent is as without a policy. */
export interface BackendPolicySpec {
  /** Services only. */
  readonly targetRefs: readonly PolicyTargetRef[]
  readonly balancer?: Balancer
  readonly connections?: ConnectionLimits
  readonly outlierDetection?: OutlierDetection
  /** Time in which a new endpoint comes to its whole share. */
  readonly slowStart?: string
  readonly locality?: LocalityPreference
  readonly retryBudget?: RetryBudget
  readonly hedging?: Hedging
}

/** How one of the endpoints is chosen; `ringSize` counts points per unit of an endpoint's weight. */
export interface Balancer {
  readonly type: 'PeakEWMA' | 'LeastRequest' | 'RoundRobin' | 'Random' | 'RingHash' | 'Maglev'
  /** Only with RingHash and Maglev, which need it. */
  readonly hashOn: readonly HashSource[]
  /** Only with RingHash. */
  readonly ringSize?: number
}

/** Exactly one is there. */
export interface HashSource {
  readonly header?: string
  readonly cookie?: string
  readonly queryParam?: string
  readonly sourceAddress?: true
}

/** Of one client's proxy, for each endpoint where the name does not say otherwise; absent: the default in docs/reference/limits.md. */
export interface ConnectionLimits {
  readonly maxConnectionsPerEndpoint?: number
  readonly maxRequestsPerEndpoint?: number
  readonly maxPendingRequests?: number
  readonly connectTimeout?: string
  readonly maxRequestsPerConnection?: number
}

/** When an endpoint is passed over: for `baseEjection` the first time, the n-th for n times that, up to `maxEjection`. One always stays. */
export interface OutlierDetection {
  /** 0: not by this. */
  readonly consecutiveFailures: number
  /** Standard deviations below the mean, in thousandths; 0: not by this. */
  readonly successRateStdevThousandths: number
  readonly successRateMinimumRequests: number
  readonly interval: string
  readonly baseEjection: string
  readonly maxEjection: string
  readonly maxEjectionPercent: number
}

/**
 * Both percentages are shares of usable endpoints: below the first the next level gets part of the traffic, below the second, over
 * all levels, it does not matter any more whether endpoints are usable.
 */
export interface LocalityPreference {
  readonly mode: 'Anywhere' | 'PreferClose'
  readonly failoverBelowPercent: number
  /** 101: never. */
  readonly panicBelowPercent: number
}

/** Spelled as the Gateway API's retry constraint (GEP-3388). */
export interface RetryBudget {
  readonly percent: number
  readonly interval: string
  /** Retries that are allowed however few requests there are. */
  readonly minRetryRate: { readonly count: number; readonly interval: string }
}

/** A second try while the first is under way, for requests that may be sent twice; `maxAttempts` counts all tries. */
export interface Hedging {
  readonly after: string
  readonly maxAttempts: number
}
