/** One line of a status, as Kubernetes' `metav1.Condition`; the time and the generation are added by who keeps them. */
export interface Condition {
  readonly type: ConditionType
  readonly status: 'True' | 'False'
  /** One word of {@link CONDITION_REASONS}. */
  readonly reason: ConditionReason
  /** One sentence: what is the matter and what to do about it. */
  readonly message: string
}

/** `PartiallyInvalid` is there only where it is true. */
export type ConditionType = 'Accepted' | 'ResolvedRefs' | 'PartiallyInvalid'

/** Words of the Gateway API, but for `Expired`. */
export const CONDITION_REASONS = [
  'Accepted',
  'ResolvedRefs',
  'NoMatchingParent',
  'NotAllowedByListeners',
  'UnsupportedValue',
  'Conflicted',
  'TargetNotFound',
  'Invalid',
  'InvalidKind',
  'BackendNotFound',
  'RefNotPermitted',
  'UnsupportedProtocol',
  'Expired',
] as const

export type ConditionReason = (typeof CONDITION_REASONS)[number]
