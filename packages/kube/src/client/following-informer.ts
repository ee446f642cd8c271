import { Backoff } from '@heddle/base/backoff'
import { KubeError, type WatchEvent } from './client.ts'
import type { Informer, InformerCounters, InformerListener, InformerOptions } from './informer.ts'
import { nameOf, TrimmedCache } from './trimmed-cache.ts'

/** Waits after failures. All informers of all replicas see an API server go at the same moment: half of each wait is chance. */
const RETRY = { firstMs: 500, lastMs: 10_000, jitter: 0.5 }
/** Whatever it asks for, it is not left alone for longer. */
const LONGEST_ASKED_MS = 60_000
/** How often a resource that the cluster does not know is looked for. */
const MISSING_MS = 30_000
/** A watch that ends itself sooner is no success: a server that only closes is asked with growing waits. */
const GOOD_WATCH_US = 1e6
/**
 * The API server ends watches after 50 to 100 s: sooner than a client takes silence for a broken connection, since where nothing changes not even
 * bookmarks come; and not those of many informers, begun together, together.
 */
const SHORTEST_WATCH_SECONDS = 50

/** The life of an informer: list, watch, watch, ..., list, ... */
export class FollowingInformer<T> implements Informer<T> {
  readonly #options: InformerOptions<T>
  readonly #cache: TrimmedCache<T>
  readonly #backoff = new Backoff(RETRY)
  readonly #counters = { lists: 0, watches: 0, events: 0, bookmarks: 0, failures: 0 }
  /** What the cache holds; `undefined` when only a list can tell. */
  #version: string | undefined
  #failure: Error | undefined
  /** The next version that is forgotten is the first one since a watch that went well, or at all. */
  #wasFollowing = true
  #isSynced = false
  #sayReady = (): void => {}

  constructor(options: InformerOptions<T>) {
    const kind = options.resource.kind
    this.#options = options
    this.#cache = new TrimmedCache({
      trim: options.trim,
      onUntrimmable: (name, error) => options.log.warn('object not understood', { kind, name, error }),
    })
  }

  get isSynced(): boolean {
    return this.#isSynced
  }

  get failure(): Error | undefined {
    return this.#failure
  }

  get counters(): InformerCounters {
    return this.#counters
  }

  get size(): number {
    return this.#cache.size
  }

  get(name: string): T | undefined {
    return this.#cache.get(name)
  }

  values(): Iterable<T> {
    return this.#cache.values()
  }

  async start(listener: InformerListener<T>, signal: AbortSignal): Promise<void> {
    const ready = new Promise<void>((resolve) => {
      this.#sayReady = resolve
    })
    // Never rejects: every failure is one to try again after.
    void this.#follow(listener, signal).then(this.#sayReady)
    await ready
  }

  async #follow(listener: InformerListener<T>, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        if (this.#version === undefined) await this.#list(listener, signal)
        if (!signal.aborted) await this.#watch(listener, signal)
      } catch (error) {
        if (!signal.aborted) await this.#recover(error as Error, listener, signal)
      }
    }
  }

  async #list(listener: InformerListener<T>, signal: AbortSignal): Promise<void> {
    const { client, resource } = this.#options
    const list = this.#cache.startList()
    let version = ''
    // The second list in a row that took longer than the API server remembers its version is asked for in one piece.
    const size = isForgotten(this.#failure) && this.#backoff.failures > 1 ? { pageSize: 0 } : {}
    for await (const page of client.listPages(resource, { ...this.#selection(), ...size })) {
      if (signal.aborted) return
      for (const object of page.items) list.add(object)
      if (page.resourceVersion !== '') version = page.resourceVersion
    }
    this.#counters.lists += 1
    this.#version = version
    this.#failure = undefined
    list.complete(listener)
    this.#synced(listener)
  }

  #synced(listener: InformerListener<T>): void {
    if (this.#isSynced) return
    this.#isSynced = true
    listener.onSynced?.()
    this.#sayReady()
  }

  async #watch(listener: InformerListener<T>, signal: AbortSignal): Promise<void> {
    const { client, resource, clock } = this.#options
    const startedUs = clock.monotonicUs()
    this.#counters.watches += 1
    const timeoutSeconds = Math.round(SHORTEST_WATCH_SECONDS * (1 + Math.random()))
    const onOpened = () => {
      this.#failure = undefined
    }
    const options = { ...this.#selection(), resourceVersion: this.#version!, timeoutSeconds, onOpened }
    for await (const event of client.watch(resource, options, signal)) {
      if (signal.aborted) return
      this.#take(event, listener)
      this.#succeeded()
    }
    if (clock.monotonicUs() - startedUs < GOOD_WATCH_US) throw new Error('the API server ended the watch at once')
    this.#succeeded()
  }

  #succeeded(): void {
    this.#backoff.reset()
    this.#wasFollowing = true
    this.#failure = undefined
  }

  #take({ type, object }: WatchEvent, listener: InformerListener<T>): void {
    this.#version = object.metadata.resourceVersion
    if (type === 'BOOKMARK') {
      this.#counters.bookmarks += 1
      return
    }
    this.#counters.events += 1
    if (type === 'DELETED') this.#cache.remove(nameOf(object), listener)
    else this.#cache.upsert(object, listener)
  }

  async #recover(error: Error, listener: InformerListener<T>, signal: AbortSignal): Promise<void> {
    const { clock, log, resource, ifMissing } = this.#options
    this.#counters.failures += 1
    this.#failure = error
    if (ifMissing === 'empty' && isUnknown(error)) {
      this.#version = undefined
      this.#cache.startList().complete(listener)
      this.#synced(listener)
      return clock.sleep(MISSING_MS, signal)
    }
    if (isForgotten(error)) this.#forget()
    const retryMs = askedFor(error) ?? Math.round(this.#backoff.nextMs())
    log.warn('resource not followed', { kind: resource.kind, error: error.message, retryMs })
    return clock.sleep(retryMs, signal)
  }

  /** An API server that is back says so by this answer: the wait is not that for one which is away. It is so again only after a watch. */
  #forget(): void {
    this.#version = undefined
    if (this.#wasFollowing) this.#backoff.reset()
    this.#wasFollowing = false
  }

  #selection() {
    const { namespace, labelSelector, fieldSelector } = this.#options
    return {
      ...(namespace === undefined ? {} : { namespace }),
      ...(labelSelector === undefined ? {} : { labelSelector }),
      ...(fieldSelector === undefined ? {} : { fieldSelector }),
    }
  }
}

/** How long the API server wants to be left alone, as while it sets up the storage of a kind that has just come. */
function askedFor(error: Error): number | undefined {
  const seconds = error instanceof KubeError && error.status === 429 ? error.details.retryAfterSeconds : undefined
  // To ask again at once, for ever, would be what it complains of; and a timer of more than 24 days fires at once.
  return seconds === undefined || seconds <= 0 ? undefined : Math.min(seconds * 1000, LONGEST_ASKED_MS)
}

/** Whether the API server no longer knows what came after a version, or after a page. */
function isForgotten(error: Error | undefined): boolean {
  return error instanceof KubeError && (error.status === 410 || error.reason === 'Expired' || error.reason === 'Gone')
}

/** Whether the API server does not know the resource. */
function isUnknown(error: Error): boolean {
  return error instanceof KubeError && error.status === 404
}
