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

export interface ConnectionLimits {
  readonly maxConnectionsPerEndpoint?: number
  readonly maxRequestsPerEndpoint?: number
  readonly maxPendingRequests?: number
  readonly connectTimeout?: string
  readonly maxRequestsPerConnection?: number
}

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

export interface Hedging {
  readonly after: string
  readonly maxAttempts: number
}
