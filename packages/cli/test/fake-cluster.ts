import {
  type KubeClient,
  type KubeDraft,
  KubeError,
  type KubeObject,
  type KubeRequest,
  type ObjectName,
  type Resource,
} from '@heddle/kube/client'
import type { Cluster } from '../src/client/cluster.ts'

/** How the fake cluster behaves. */
export interface FakeBehaviour {
  /** Answers of calls that are not about stored objects, by method and path. */
  readonly answers?: Readonly<Record<string, unknown>>
  /** Refuses an object at apply, as a webhook or a schema would. */
  judge?(object: KubeDraft): KubeError | undefined
}

/** A cluster in memory: objects with generations, as an API server keeps them. Knows no watches and no access control. */
export class FakeCluster implements Cluster {
  readonly contextName = 'test'
  readonly server = 'https://127.0.0.1:1'
  readonly namespace = 'shop'
  readonly heddleNamespace = 'heddle'
  readonly access: Cluster['access']
  readonly kube: KubeClient
  readonly objects = new Map<string, KubeObject>()
  /** Dry runs are not in it. */
  readonly writes: string[] = []
  readonly #behaviour: FakeBehaviour

  constructor(behaviour: FakeBehaviour = {}) {
    this.#behaviour = behaviour
    this.access = {
      server: this.server,
      contextName: this.contextName,
      namespace: this.namespace,
      credentials: async () => {
        throw new Error('the fake cluster has no network')
      },
      forgetCredentials: () => undefined,
      close: () => undefined,
    }
    this.kube = this.#client()
  }

  put(resource: Resource, object: KubeObject): void {
    const { name, namespace } = object.metadata
    this.objects.set(keyOf({ resource, name, ...(namespace !== undefined && { namespace }) }), object)
  }

  find(resource: Resource, name: string, namespace?: string): KubeObject | undefined {
    return this.objects.get(keyOf({ resource, name, ...(namespace !== undefined && { namespace }) }))
  }

  #client(): KubeClient {
    const unused = (): never => {
      throw new Error('not part of the fake')
    }
    return {
      get: async <T extends KubeObject>(ref: ObjectName) => this.objects.get(keyOf(ref)) as T | undefined,
      list: async <T extends KubeObject>(resource: Resource, { namespace }: { readonly namespace?: string } = {}) => {
        const prefix = `${resource.plural}.${resource.group}/${namespace === undefined ? '' : `${namespace}/`}`
        const items = [...this.objects].filter(([key]) => key.startsWith(prefix)).map(([, object]) => object as T)
        return { items, resourceVersion: '1' }
      },
      listPages: unused,
      watch: unused,
      create: unused,
      update: unused,
      apply: async <T extends KubeObject>(
        resource: Resource,
        object: KubeDraft,
        { dryRun }: { readonly dryRun?: boolean },
      ) => this.#apply(resource, object, dryRun === true) as T,
      patch: async <T extends KubeObject>(ref: ObjectName, patch: unknown) => this.#patch(ref, patch) as T,
      delete: async (ref: ObjectName) => {
        this.writes.push(`delete ${ref.name}`)
        return this.objects.delete(keyOf(ref))
      },
      request: async <T>({ method, path }: KubeRequest) => {
        const answer = this.#behaviour.answers?.[`${method} ${path}`]
        if (answer instanceof Error) throw answer
        if (answer === undefined)
          throw new KubeError({ status: 404, reason: 'NotFound', message: `the server could not find ${path}` })
        return answer as T
      },
    }
  }

  #apply(resource: Resource, object: KubeDraft, isDry: boolean): KubeObject {
    const { namespace, name } = object.metadata
    const refusal = this.#behaviour.judge?.(object)
    if (refusal !== undefined) throw refusal
    if (
      namespace !== undefined &&
      this.find({ ...resource, plural: 'namespaces', group: '', namespaced: false }, namespace) === undefined
    ) {
      throw new KubeError({ status: 404, reason: 'NotFound', message: `namespaces "${namespace}" not found` })
    }
    const key = keyOf({ resource, name, ...(namespace !== undefined && { namespace }) })
    const before = this.objects.get(key)
    const isSame = JSON.stringify(before?.spec) === JSON.stringify(object.spec)
    const generation = (before?.metadata.generation ?? 0) + (isSame && before !== undefined ? 0 : 1)
    const after = { ...before, ...object, metadata: { ...before?.metadata, ...object.metadata, generation, uid: 'u' } }
    if (isDry) return after
    this.objects.set(key, after)
    this.writes.push(`apply ${name}`)
    return after
  }

  /** Only the operations that rollouts use. */
  #patch(ref: ObjectName, patch: unknown): KubeObject {
    const object = structuredClone(this.objects.get(keyOf(ref))) as unknown as Record<string, unknown>
    for (const { op, path, value } of patch as readonly {
      readonly op: string
      readonly path: string
      readonly value: unknown
    }[]) {
      const steps = path
        .slice(1)
        .split('/')
        .map((step) => step.replaceAll('~1', '/'))
      const last = steps.pop()!
      const holder = steps.reduce((at, step) => at[step] as Record<string, unknown>, object)
      if (op === 'test' && holder[last] !== value)
        throw new KubeError({ status: 422, reason: 'Invalid', message: `testing path ${path} value failed` })
      if (op !== 'test') holder[last] = value
    }
    const meta = object.metadata as { generation: number }
    meta.generation += 1
    const after = object as unknown as KubeObject
    this.objects.set(keyOf(ref), after)
    this.writes.push(`patch ${ref.name}`)
    return after
  }
}

function keyOf({ resource, namespace, name }: ObjectName): string {
  return `${resource.plural}.${resource.group}/${namespace === undefined ? '' : `${namespace}/`}${name}`
}
