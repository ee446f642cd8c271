import type { Destination, DestinationDelta } from '@heddle/api/discovery'
import { SetsByKey } from '@heddle/base/sets-by-key'
import { topicOfKey } from '../model/topic.ts'

/** Hears that the meaning of keys it holds has changed. */
export interface KeyHolder {
  /** Who its proxy is as a client, as {@link formatClient} writes it. */
  readonly clients: string
  keyChanged(key: string): void
}

/** What a key means for some clients. A value, but for what is kept beside it. */
interface Meaning {
  readonly destination: Destination
  /** The newest delta asked for; most holders come from the same version and go to the same one. */
  delta: { readonly from: Destination; readonly delta: DestinationDelta | undefined } | undefined
}

/** Who of clients that are told the same whatever the key is holds one, and what it means to them. */
interface HoldersAlike {
  readonly holders: Set<KeyHolder>
  meaning: Meaning
}

interface HeldKey {
  readonly topic: string
  readonly byClients: Map<string, HoldersAlike>
  /** By the clients that stand for all who are told the same. */
  meanings: Map<string, Meaning>
}

/** The pure functions of translate, with model and context filled in. */
export interface KeyResolver {
  resolve(key: string, clients: string): Destination
  /** Those who stand for all who are told the same as `clients`. */
  clientsLike(clients: string, key: string): string
  deltaOf(from: Destination, to: Destination): DestinationDelta | undefined
}

/** What every key in use means, worked out once however many streams hold it, of all clients that are told the same. */
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
    const { clients } = holder
    const alike = held.byClients.get(clients) ?? {
      holders: new Set(),
      meaning: this.#meaningFor(clients, key, held),
    }
    held.byClients.set(clients, alike)
    alike.holders.add(holder)
    return alike.meaning.destination
  }

  release(key: string, holder: KeyHolder): void {
    const held = this.#keys.get(key)
    const alike = held?.byClients.get(holder.clients)
    if (held === undefined || alike === undefined) return
    alike.holders.delete(holder)
    if (alike.holders.size > 0) return
    held.byClients.delete(holder.clients)
    if (held.byClients.size === 0) this.#remove(key, held)
    else if (!isInUse(alike.meaning, held)) {
      for (const [clients, meaning] of held.meanings) if (meaning === alike.meaning) held.meanings.delete(clients)
    }
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
    return this.#keys.get(key)?.byClients.get(holder.clients)?.meaning
  }

  #add(key: string): HeldKey {
    const topic = topicOfKey(key)
    const added: HeldKey = { topic, byClients: new Map(), meanings: new Map() }
    this.#keys.set(key, added)
    this.#keysOfTopic.add(topic, key)
    return added
  }

  #remove(key: string, { topic }: HeldKey): void {
    this.#keys.delete(key)
    this.#keysOfTopic.remove(topic, key)
  }

  #meaningFor(holders: string, key: string, held: HeldKey): Meaning {
    const clients = this.#resolver.clientsLike(holders, key)
    const known = held.meanings.get(clients)
    if (known !== undefined) return known
    const made = { destination: this.#resolver.resolve(key, clients), delta: undefined }
    held.meanings.set(clients, made)
    return made
  }

  #refreshKey(key: string): void {
    const held = this.#keys.get(key)
    if (held === undefined) return
    const before = held.meanings
    const meanings = new Map<string, Meaning>()
    for (const [holders, alike] of held.byClients) {
      const clients = this.#resolver.clientsLike(holders, key)
      const meaning = meanings.get(clients) ?? this.#refreshed(key, clients, before.get(clients))
      meanings.set(clients, meaning)
      const isDifferent = meaning.destination.version !== alike.meaning.destination.version
      alike.meaning = meaning
      if (isDifferent) for (const holder of alike.holders) holder.keyChanged(key)
    }
    held.meanings = meanings
  }

  #refreshed(key: string, clients: string, before: Meaning | undefined): Meaning {
    const destination = this.#resolver.resolve(key, clients)
    return before?.destination.version === destination.version ? before : { destination, delta: undefined }
  }
}

/** Mostly the first one looked at tells, however many clients there are. */
function isInUse(meaning: Meaning, { byClients }: HeldKey): boolean {
  for (const alike of byClients.values()) if (alike.meaning === meaning) return true
  return false
}
