import type { ObjectMeta } from './object-meta.ts'
import type { PolicyTargetRef } from './policy-target.ts'

/**
 * `heddle.dev/v1alpha1` TrafficPolicy: what the Gateway API has no word for, for the requests of a route, or of a Service.
 * Where a rule of a route says something itself, that counts. Defaults are filled in.
 */
export interface TrafficPolicy {
  readonly apiVersion: 'heddle.dev/v1alpha1'
  readonly kind: 'TrafficPolicy'
  readonly metadata: ObjectMeta
  readonly spec: TrafficPolicySpec
}

/** What is absent is as without a policy. */
export interface TrafficPolicySpec {
  readonly targetRefs: readonly PolicyTargetRef[]
  /** `0s`: none. */
  readonly timeouts: { readonly request?: string; readonly backendRequest?: string }
  readonly retry?: TrafficRetry
  readonly circuitBreaker?: CircuitBreakerSettings
  /** Endpoints that answer 429 or 503 with Retry-After get no request until then. */
  readonly honourRetryAfter: boolean
}

/** Words that stand for sets of failures, as `retry.conditions` spells them. */
export const RETRY_CONDITIONS = [
  '5xx',
  'gateway-error',
  'connect-failure',
  'reset-before-answer',
  'retriable-4xx',
  'cancelled',
  'deadline-exceeded',
  'internal',
  'resource-exhausted',
  'unavailable',
] as const

export type RetryCondition = (typeof RETRY_CONDITIONS)[number]

/** Which requests are tried again; codes and conditions add to each other. */
export interface TrafficRetry {
  /** Tries beyond the first. */
  readonly attempts: number
  readonly codes: readonly number[]
  readonly conditions: readonly RetryCondition[]
  /** Methods that may be sent twice beside those that are idempotent by RFC 9110; `*`: all. */
  readonly methods: readonly string[]
  readonly backoff?: string
}

/** When requests are refused at once because the backend does not keep up. Each client's proxy counts for itself. */
export interface CircuitBreakerSettings {
  /** Requests under way at a time; 0: not limited. */
  readonly maxRequests: number
  readonly maxPendingRequests: number
  readonly pendingTimeout: string
  /** After so many failures in a row the route is closed for `open`; 0: never. */
  readonly consecutiveFailures: number
  readonly open: string
}
