import type { KubeObject } from './client.ts'
import type { InformerListener } from './informer.ts'

/** One object of the cache. The version is a number, which costs nothing beside the entry; a string would take 24 to 32 bytes. */
interface Entry<T> {
  readonly value: T
  readonly version: number
}

/** How objects become values, and what is done with one that cannot. */
export interface Trimming<T> {
  trim(object: KubeObject): T
  onUntrimmable(name: string, error: unknown): void
}

/** `NAMESPACE/NAME`, or `NAME`. */
export function nameOf({ metadata }: KubeObject): string {
  return metadata.namespace === undefined ? metadata.name : `${metadata.namespace}/${metadata.name}`
}

/** What is kept of a resource's objects; tells what changed. */
export class TrimmedCache<T> {
  readonly #trimming: Trimming<T>
  #entries = new Map<string, Entry<T>>()

  constructor(trimming: Trimming<T>) {
    this.#trimming = trimming
  }

  get size(): number {
    return this.#entries.size
  }

  get(name: string): T | undefined {
    return this.#entries.get(name)?.value
  }

  *values(): Iterable<T> {
    for (const { value } of this.#entries.values()) yield value
  }

  upsert(object: KubeObject, listener: InformerListener<T>): void {
    const name = nameOf(object)
    const before = this.#entries.get(name)
    const entry = this.#toEntry(name, object)
    if (entry === undefined) this.remove(name, listener)
    else {
      this.#entries.set(name, entry)
      listener.onUpserted(name, entry.value, before?.value)
    }
  }

  remove(name: string, listener: InformerListener<T>): void {
    const before = this.#entries.get(name)
    if (before === undefined) return
    this.#entries.delete(name)
    listener.onRemoved(name, before.value)
  }

  /** Begins a list, of which nothing is seen before it is complete. */
  startList(): ListInProgress<T> {
    const listed = new Map<string, Entry<T>>()
    return {
      add: (object) => {
        const name = nameOf(object)
        const held = this.#entries.get(name)
        // Keeps the value that is there, so that a list of what is known needs no second copy of it.
        const isKnown = held !== undefined && held.version === versionOf(object)
        const entry = isKnown ? held : this.#toEntry(name, object)
        if (entry !== undefined) listed.set(name, entry)
      },
      complete: (listener) => this.#replace(listed, listener),
    }
  }

  /** Those that are gone are told first: an address that has moved to another object is never in two at once. */
  #replace(listed: Map<string, Entry<T>>, listener: InformerListener<T>): void {
    const before = this.#entries
    this.#entries = listed
    for (const [name, entry] of before) if (!listed.has(name)) listener.onRemoved(name, entry.value)
    for (const [name, entry] of listed) {
      const held = before.get(name)
      if (held !== entry) listener.onUpserted(name, entry.value, held?.value)
    }
  }

  #toEntry(name: string, object: KubeObject): Entry<T> | undefined {
    try {
      return { value: this.#trimming.trim(object), version: versionOf(object) }
    } catch (error) {
      this.#trimming.onUntrimmable(name, error)
      return undefined
    }
  }
}

/** A list that is being read. */
export interface ListInProgress<T> {
  add(object: KubeObject): void
  /** The cache now is what was listed; the difference is told. */
  complete(listener: InformerListener<T>): void
}

/** NaN, which equals nothing, where a server's versions are not numbers. */
function versionOf({ metadata }: KubeObject): number {
  return Number(metadata.resourceVersion ?? Number.NaN)
}
