import { randomUUID } from 'node:crypto'
import type { FakeObject, FakeTarget } from './fake-object.ts'

/** A change, as a watch tells it. */
export interface FakeEvent {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'
  readonly collection: string
  readonly version: number
  readonly object: FakeObject
}

/** Objects with versions, and the changes that are still remembered. */
export class FakeStore {
  readonly #objects = new Map<string, FakeObject>()
  #events: FakeEvent[] = []
  #version = 100
  /** Changes up to this version are forgotten. */
  #floor = 100
  readonly #listeners = new Set<(event: FakeEvent) => void>()

  get version(): number {
    return this.#version
  }

  get(target: FakeTarget): FakeObject | undefined {
    return this.#objects.get(keyOf(target))
  }

  /** Sorted by key, as etcd has them. */
  list({ collection, namespace }: FakeTarget): readonly FakeObject[] {
    const prefix = namespace === undefined ? `${collection} ` : `${collection} ${namespace}/`
    const keys = [...this.#objects.keys()].filter((key) => key.startsWith(prefix)).sort()
    return keys.map((key) => this.#objects.get(key)!)
  }

  write(target: FakeTarget, object: FakeObject): FakeObject {
    const before = this.get(target)
    this.#version += 1
    const isSame = JSON.stringify(before?.spec) === JSON.stringify(object.spec)
    const written = {
      ...object,
      metadata: {
        ...object.metadata,
        ...(target.namespace === undefined ? {} : { namespace: target.namespace }),
        uid: before?.metadata.uid ?? randomUUID(),
        creationTimestamp: before?.metadata.creationTimestamp ?? new Date().toISOString().replace(/\.\d+/, ''),
        generation: before === undefined ? 1 : before.metadata.generation! + (isSame ? 0 : 1),
        resourceVersion: String(this.#version),
      },
    }
    this.#objects.set(keyOf(target), written)
    this.#tell(target, before === undefined ? 'ADDED' : 'MODIFIED', written)
    return written
  }

  delete(target: FakeTarget): FakeObject | undefined {
    const before = this.get(target)
    if (before === undefined) return undefined
    this.#objects.delete(keyOf(target))
    this.#version += 1
    const gone = { ...before, metadata: { ...before.metadata, resourceVersion: String(this.#version) } }
    this.#tell(target, 'DELETED', gone)
    return gone
  }

  /** The changes after a version; `undefined` when they are forgotten. */
  after(version: number): readonly FakeEvent[] | undefined {
    return version < this.#floor ? undefined : this.#events.filter((event) => event.version > version)
  }

  isForgotten(version: number): boolean {
    return version < this.#floor
  }

  /** As an API server does after five minutes: nobody can go on from an older version. */
  forget(): void {
    this.#version += 1
    this.#floor = this.#version
    this.#events = []
  }

  listen(listener: (event: FakeEvent) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  #tell({ collection }: FakeTarget, type: FakeEvent['type'], object: FakeObject): void {
    const event = { type, collection, version: this.#version, object }
    this.#events.push(event)
    for (const listener of this.#listeners) listener(event)
  }
}

function keyOf({ collection, namespace, name }: FakeTarget): string {
  return namespace === undefined ? `${collection} ${name}` : `${collection} ${namespace}/${name}`
}
