import { KubeError, type Resource } from '@heddle/kube/client'
import type { Informer } from '@heddle/kube/informer'
import { apiVersionOf } from '@heddle/kube/resources'

/** Something that cannot be read at present, and why. */
export interface FollowFailure {
  /** `pods (v1)`. */
  readonly resource: string
  readonly message: string
  readonly standing: Standing
  /** What RBAC does not allow: `list pods`; absent where it is not RBAC that refuses. */
  readonly lackingRight?: string
}

/** What a failure means: what was read last stays in force, nothing of it is in force, or the start waits for it. */
export type Standing = 'stale' | 'absent' | 'awaited'

/** What is known of a resource that is followed. */
export interface FollowedState {
  readonly resource: Resource
  readonly informer: Pick<Informer<unknown>, 'failure' | 'isSynced'>
}

/** Whether RBAC refuses to let a resource be read. */
function isForbidden(error: Error | undefined): error is KubeError {
  return error instanceof KubeError && error.status === 403
}

/**
 * What keeps a resource from being followed; `undefined`: nothing does.
 *
 * @param hasStarted - whether all that was there at the start was read
 */
export function toFollowFailure({ resource, informer }: FollowedState, hasStarted: boolean): FollowFailure | undefined {
  const { failure, isSynced } = informer
  if (failure === undefined) return undefined
  return {
    resource: `${resource.plural} (${apiVersionOf(resource)})`,
    message: failure.message,
    standing: isSynced ? 'stale' : hasStarted ? 'absent' : 'awaited',
    ...(isForbidden(failure) && { lackingRight: lackingRight(resource, failure) }),
  }
}

function lackingRight({ group, plural }: Resource, { message }: Error): string {
  const verb = /cannot (list|watch) /.exec(message)?.[1] ?? 'list and watch'
  return `${verb} ${plural}${group === '' ? '' : `.${group}`}`
}
