import type { Destination, DestinationDelta } from '@heddle/api/discovery'
import { topicOfKey } from '../model/topic.ts'

/** Hears that the meaning of keys it holds has changed. */
export interface KeyHolder {
  keyChanged(key: string): void
}

interface ResolvedKey {
  readonly topic: string
  readonly holders: Set<KeyHolder>
  destination: Destination
  /** The newest delta asked for; most holders come from the same version and go to the same one. */
  delta:
    | { readonly from: Destination; readonly to: Destination; readonly delta: DestinationDelta | undefined }
    | undefined
}

/** The pure functions of translate, with model and context filled in. */
export interface KeyResolver {
  resolve(key: string): Destination
  deltaOf(from: Destination, to: Destination): DestinationDelta | undefined
}

/** What every key in use means, worked out once however many streams hold it. */
export class ResolvedKeys {
  readonly #resolver: KeyResolver
  readonly #keys = new Map<string, ResolvedKey>()
  readonly #keysOfTopic = new Map<string, Set<string>>()

  constructor(resolver: KeyResolver) {
    this.#resolver = resolver
  }

  /** How many keys are held. */
  get size(): number {
    return this.#keys.size
  }

  /** Tells what `key` means, and `holder` from now on when that changes. */
  hold(key: string, holder: KeyHolder): Destination {
    const known = this.#keys.get(key) ?? this.#add(key)
    known.holders.add(holder)
    return known.destination
  }

  release(key: string, holder: KeyHolder): void {
    const known = this.#keys.get(key)
    if (known === undefined) return
    known.holders.delete(holder)
    if (known.holders.size > 0) return
    this.#keys.delete(key)
    const keys = this.#keysOfTopic.get(known.topic)
    keys?.delete(key)
    if (keys?.size === 0) this.#keysOfTopic.delete(known.topic)
  }

  /** What a held key means. */
  destination(key: string): Destination | undefined {
    return this.#keys.get(key)?.destination
  }

  /** Works out anew what concerns `topics`, and tells the holders of what became different. */
  refresh(topics: Iterable<string>): void {
    for (const topic of topics) {
      for (const key of this.#keysOfTopic.get(topic) ?? []) this.#refreshKey(key)
    }
  }

  /** The change from what a holder was sent to what the key means now; `undefined`: send the whole. */
  delta(key: string, from: Destination): DestinationDelta | undefined {
    const known = this.#keys.get(key)
    if (known === undefined) return undefined
    const to = known.destination
    if (known.delta?.from !== from || known.delta.to !== to) {
      known.delta = { from, to, delta: this.#resolver.deltaOf(from, to) }
    }
    return known.delta.delta
  }

  #add(key: string): ResolvedKey {
    const topic = topicOfKey(key)
    const added = { topic, holders: new Set<KeyHolder>(), destination: this.#resolver.resolve(key), delta: undefined }
    this.#keys.set(key, added)
    const keys = this.#keysOfTopic.get(topic)
    if (keys === undefined) this.#keysOfTopic.set(topic, new Set([key]))
    keys?.add(key)
    return added
  }

  #refreshKey(key: string): void {
    const known = this.#keys.get(key)
    if (known === undefined) return
    const destination = this.#resolver.resolve(key)
    if (destination.version === known.destination.version) return
    known.destination = destination
    for (const holder of known.holders) holder.keyChanged(key)
  }
}
