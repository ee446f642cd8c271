import type { Destination, DestinationDelta } from '@heddle/api/discovery'
import { SetsByKey } from '@heddle/base/sets-by-key'
import { topicOfKey } from '../model/topic.ts'

/** Hears that the meaning of keys it holds has changed. */
export interface KeyHolder {
  /** Of the proxy: routes of its own may apply to it. */
  readonly namespace: string
  keyChanged(key: string): void
}

/** What a key means for some clients. A value, but for what is kept beside it. */
interface Meaning {
  readonly destination: Destination
  /** The newest delta asked for; most holders come from the same version and go to the same one. */
  delta: { readonly from: Destination; readonly delta: DestinationDelta | undefined } | undefined
}

/** Who holds a key in one namespace, and what it means there. */
interface HoldersOfNamespace {
  readonly holders: Set<KeyHolder>
  meaning: Meaning
}

interface HeldKey {
  readonly topic: string
  readonly byNamespace: Map<string, HoldersOfNamespace>
  /** By the namespace that stands for all whose clients are told the same. */
  meanings: ReadonlyMap<string, Meaning>
}

/** The pure functions of translate, with model and context filled in. */
export interface KeyResolver {
  resolve(key: string, clientNamespace: string): Destination
  /** The namespace that stands for all whose clients are told the same as those of `namespace`. */
  clientsLike(namespace: string, key: string): string
  deltaOf(from: Destination, to: Destination): DestinationDelta | undefined
}

/** What every key in use means, worked out once however many streams hold it, of all namespaces that are told the same. */
export class ResolvedKeys {
  readonly #resolver: KeyResolver
  readonly #keys = new Map<string, HeldKey>()
  readonly #keysOfTopic = new SetsByKey<string>()

  constructor(resolver: KeyResolver) {
    this.#resolver = resolver
  }

  /** How many keys are held. */
  get size(): number {
    return this.#keys.size
  }

  /** Held keys whose meaning may change with one of the topics. */
  *keysOf(topics: Iterable<string>): Iterable<string> {
    for (const topic of topics) yield* this.#keysOfTopic.get(topic)
  }

  /** Tells what `key` means, and `holder` from now on when that changes. */
  hold(key: string, holder: KeyHolder): Destination {
    const held = this.#keys.get(key) ?? this.#add(key)
    const { namespace } = holder
    const space = held.byNamespace.get(namespace) ?? {
      holders: new Set(),
      meaning: this.#meaningFor(namespace, key, held),
    }
    held.byNamespace.set(namespace, space)
    space.holders.add(holder)
    return space.meaning.destination
  }

  release(key: string, holder: KeyHolder): void {
    const held = this.#keys.get(key)
    const space = held?.byNamespace.get(holder.namespace)
    if (held === undefined || space === undefined) return
    space.holders.delete(holder)
    if (space.holders.size > 0) return
    held.byNamespace.delete(holder.namespace)
    const inUse = new Set([...held.byNamespace.values()].map(({ meaning }) => meaning))
    held.meanings = new Map([...held.meanings].filter(([, meaning]) => inUse.has(meaning)))
    if (held.byNamespace.size === 0) this.#remove(key, held)
  }

  /** What a key means to one of its holders. */
  destination(key: string, holder: KeyHolder): Destination | undefined {
    return this.#meaning(key, holder)?.destination
  }

  /** Works out anew what concerns `topics`, and tells the holders of what became different. */
  refresh(topics: Iterable<string>): void {
    for (const key of [...this.keysOf(topics)]) this.#refreshKey(key)
  }

  /** The change from what a holder was sent to what the key means now; `undefined`: send the whole. */
  delta(key: string, holder: KeyHolder, from: Destination): DestinationDelta | undefined {
    const meaning = this.#meaning(key, holder)
    if (meaning === undefined) return undefined
    if (meaning.delta?.from !== from) {
      meaning.delta = { from, delta: this.#resolver.deltaOf(from, meaning.destination) }
    }
    return meaning.delta.delta
  }

  #meaning(key: string, holder: KeyHolder): Meaning | undefined {
    return this.#keys.get(key)?.byNamespace.get(holder.namespace)?.meaning
  }

  #add(key: string): HeldKey {
    const topic = topicOfKey(key)
    const added: HeldKey = { topic, byNamespace: new Map(), meanings: new Map() }
    this.#keys.set(key, added)
    this.#keysOfTopic.add(topic, key)
    return added
  }

  #remove(key: string, { topic }: HeldKey): void {
    this.#keys.delete(key)
    this.#keysOfTopic.remove(topic, key)
  }

  #meaningFor(namespace: string, key: string, held: HeldKey): Meaning {
    const clients = this.#resolver.clientsLike(namespace, key)
    const known = held.meanings.get(clients)
    if (known !== undefined) return known
    const made = { destination: this.#resolver.resolve(key, clients), delta: undefined }
    held.meanings = new Map(held.meanings).set(clients, made)
    return made
  }

  #refreshKey(key: string): void {
    const held = this.#keys.get(key)
    if (held === undefined) return
    const before = held.meanings
    const meanings = new Map<string, Meaning>()
    for (const [namespace, space] of held.byNamespace) {
      const clients = this.#resolver.clientsLike(namespace, key)
      const meaning = meanings.get(clients) ?? this.#refreshed(key, clients, before.get(clients))
      meanings.set(clients, meaning)
      const isDifferent = meaning.destination.version !== space.meaning.destination.version
      space.meaning = meaning
      if (isDifferent) for (const holder of space.holders) holder.keyChanged(key)
    }
    held.meanings = meanings
  }

  #refreshed(key: string, clients: string, before: Meaning | undefined): Meaning {
    const destination = this.#resolver.resolve(key, clients)
    return before?.destination.version === destination.version ? before : { destination, delta: undefined }
  }
}
