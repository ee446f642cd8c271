import { type KubeClient, type KubeDraft, KubeError, type KubeObject, type ObjectName } from '@heddle/kube/client'

/** Objects of one API server as far as a store of single objects needs them: versions, conflicts, and turns between them. */
export class FakeObjects implements Pick<KubeClient, 'get' | 'create' | 'update'> {
  readonly objects = new Map<string, KubeObject>()
  writes = 0
  #version = 0

  async get<T extends KubeObject>({ namespace, name }: ObjectName): Promise<T | undefined> {
    await turn()
    return structuredClone(this.objects.get(`${namespace}/${name}`)) as T | undefined
  }

  async create<T extends KubeObject>(_: unknown, object: KubeDraft): Promise<T> {
    await turn()
    if (this.objects.has(keyOf(object)))
      throw new KubeError({ status: 409, reason: 'AlreadyExists', message: 'exists' })
    return this.#put<T>(object)
  }

  async update<T extends KubeObject>(_: unknown, object: KubeDraft): Promise<T> {
    await turn()
    const present = this.objects.get(keyOf(object))
    if (present === undefined) throw new KubeError({ status: 404, reason: 'NotFound', message: 'gone' })
    if (present.metadata.resourceVersion !== object.metadata.resourceVersion) {
      throw new KubeError({ status: 409, reason: 'Conflict', message: 'changed' })
    }
    return this.#put<T>(object)
  }

  #put<T extends KubeObject>(object: KubeDraft): T {
    this.writes += 1
    this.#version += 1
    const metadata = { ...object.metadata, resourceVersion: `${this.#version}` }
    const kept = structuredClone({ ...object, metadata })
    this.objects.set(keyOf(object), kept)
    return structuredClone(kept) as unknown as T
  }
}

function keyOf({ metadata }: KubeDraft): string {
  return `${metadata.namespace}/${metadata.name}`
}

/** Others get their turn, as they would while a request is on its way. */
function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
