import type { GrpcStatusName } from '../grpc-status.ts'
import type { ValueMatch } from './http-route.ts'
import type { ObjectMeta } from './object-meta.ts'
import type { PolicyTargetRef } from './policy-target.ts'
import type { Share } from './route-filters.ts'

/** `heddle.dev/v1alpha1` FaultPolicy: what is made to go wrong, for a test. Defaults are filled in. */
export interface FaultPolicy {
  readonly apiVersion: 'heddle.dev/v1alpha1'
  readonly kind: 'FaultPolicy'
  readonly metadata: ObjectMeta
  readonly spec: FaultPolicySpec
}

/** Of each sort of fault the first one that applies to a request is used. */
export interface FaultPolicySpec {
  readonly targetRefs: readonly PolicyTargetRef[]
  /** RFC 3339; nothing is done from then on. */
  readonly until: string
  /** The same seed gives the same run. */
  readonly seed: number
  readonly faults: readonly Fault[]
}

/** Exactly one of the actions is there: `delay` and those behind it. */
export interface Fault extends Share {
  /** Exactly the share of each run of requests, evenly spread, instead of by chance. */
  readonly exact: boolean
  /** Only requests that match all of them. */
  readonly headers: readonly ValueMatch[]
  readonly delay?: string
  readonly abortStatus?: number
  readonly abortGrpcStatus?: GrpcStatusName
  readonly reset?: true
  readonly throttleBytesPerSecond?: number
  readonly truncateBodyBytes?: number
}
