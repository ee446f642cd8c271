import type { Clock } from '@heddle/base/clock'
import type { Log } from '@heddle/base/log'
import type { KubeClient, KubeObject, Resource } from './client.ts'
import { FollowingInformer } from './following-informer.ts'

/** What an informer follows, and what it keeps of it. */
export interface InformerOptions<T> {
  readonly client: Pick<KubeClient, 'listPages' | 'watch'>
  readonly resource: Resource
  readonly namespace?: string
  readonly labelSelector?: string
  readonly fieldSelector?: string
  /**
   * Makes the value that is kept; the object itself is let go at once. It must not keep a reference into the object that holds more
   * than is used. What it throws at is logged and treated as if it did not exist.
   */
  trim(object: KubeObject): T
  readonly clock: Clock
  readonly log: Log
  /** `empty`: a resource that the cluster does not know (its CRD is not installed) has no objects until it appears. */
  readonly ifMissing?: 'retry' | 'empty'
}

/** Is told each change, in order. A listener must not throw. */
export interface InformerListener<T> {
  /** @param name - `NAMESPACE/NAME`, or `NAME` of what has no namespace */
  onUpserted(name: string, value: T, before: T | undefined): void
  onRemoved(name: string, before: T): void
  /** The first list is complete. Told once. */
  onSynced?(): void
}

/** Counters since the start. */
export interface InformerCounters {
  /** Full lists that were read to their end, the first one included. */
  readonly lists: number
  /** Watches that were begun. */
  readonly watches: number
  readonly events: number
  readonly bookmarks: number
  /** Lists and watches that ended in a failure. */
  readonly failures: number
}

/** A cache that follows one resource. */
export interface Informer<T> {
  /** Resolves after the first full list, or when `signal` is aborted; goes on until then. To be called once. */
  start(listener: InformerListener<T>, signal: AbortSignal): Promise<void>
  get(name: string): T | undefined
  values(): Iterable<T>
  readonly size: number
  /** The first list was complete. */
  readonly isSynced: boolean
  /** Why the cache is not fed at present: the last failure since the last success. */
  readonly failure: Error | undefined
  readonly counters: InformerCounters
}

/**
 * A cache that follows one resource by list and watch, as client-go's reflectors do: a list in pages, then a watch from its version;
 * a watch that is cut goes on from the last version that it told, a version that the API server has forgotten (410) leads to a new
 * list, whose difference to the cache is told. Failures are tried again with growing waits, for ever.
 */
export function createInformer<T>(options: InformerOptions<T>): Informer<T> {
  return new FollowingInformer(options)
}
