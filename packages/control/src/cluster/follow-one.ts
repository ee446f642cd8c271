import type { Clock } from '@heddle/base/clock'
import type { Log } from '@heddle/base/log'
import type { KubeClient, KubeObject, Resource } from '@heddle/kube/client'
import { createInformer, type InformerListener } from '@heddle/kube/informer'

/** Which object is followed, and what of it is kept. */
export interface FollowOneOptions<T> {
  readonly client: Pick<KubeClient, 'listPages' | 'watch'>
  readonly resource: Resource
  readonly namespace?: string
  readonly name: string
  /** What is looked at; the object itself is not kept. */
  readonly trim: (object: KubeObject) => T
  readonly clock: Clock
  readonly log: Log
}

/**
 * Follows one object by its name, which is all that the control plane has the right to do with it.
 *
 * @param listener - hears what is there at first, and each change; `undefined`: there is none
 * @returns resolves when the listener has heard what is there at first, or when `signal` is aborted
 */
export async function followOne<T>(
  { name, namespace, trim, ...options }: FollowOneOptions<T>,
  listener: (value: T | undefined) => void,
  signal: AbortSignal,
): Promise<void> {
  const key = namespace === undefined ? name : `${namespace}/${name}`
  const place = namespace === undefined ? {} : { namespace }
  const informer = createInformer({ ...options, ...place, fieldSelector: `metadata.name=${name}`, trim })
  const heard: InformerListener<T> = {
    onUpserted: (one, value) => {
      if (one === key) listener(value)
    },
    onRemoved: (one) => {
      if (one === key) listener(undefined)
    },
  }
  await informer.start(heard, signal)
  if (informer.isSynced && informer.get(key) === undefined) listener(undefined)
}
