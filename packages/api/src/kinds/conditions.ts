/** One line of a status, as Kubernetes' `metav1.Condition`; the time and the generation are added by who keeps them. */
export interface Condition {
  readonly type: 'Accepted' | 'ResolvedRefs'
  readonly status: 'True' | 'False'
  readonly reason: ConditionReason
  /** What is the matter, and what to do about it. */
  readonly message: string
}

/** Words of the Gateway API, but for `Expired`: the end time of a FaultPolicy has come. */
export type ConditionReason =
  | 'Accepted'
  | 'ResolvedRefs'
  | 'NoMatchingParent'
  | 'UnsupportedValue'
  | 'Conflicted'
  | 'TargetNotFound'
  | 'Invalid'
  | 'InvalidKind'
  | 'BackendNotFound'
  | 'RefNotPermitted'
  | 'Expired'

/** Why something is not in force, or leads nowhere. */
export interface StatusFault {
  readonly reason: ConditionReason
  readonly message: string
}

/** `Accepted` is true. @param message - what holds now, one sentence */
export function accepted(message: string): Condition {
  return { type: 'Accepted', status: 'True', reason: 'Accepted', message }
}

/** `Accepted` is false: what the object says is not in force. */
export function notAccepted({ reason, message }: StatusFault): Condition {
  return { type: 'Accepted', status: 'False', reason, message }
}

/** @param fault - the first of the references that lead nowhere */
export function resolvedRefs(fault: StatusFault | undefined): Condition {
  if (fault === undefined) {
    return { type: 'ResolvedRefs', status: 'True', reason: 'ResolvedRefs', message: 'every reference leads somewhere' }
  }
  return { type: 'ResolvedRefs', status: 'False', ...fault }
}
