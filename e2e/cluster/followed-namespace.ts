import { randomBytes } from 'node:crypto'
import { systemClock } from '@heddle/base/clock'
import { createLog } from '@heddle/base/log'
import type { KubeClient, KubeDraft, KubeObject, Resource } from '@heddle/kube/client'
import { NAMESPACES, resourceOf } from '@heddle/kube/resources'
import { parseAllDocuments } from 'yaml'
import { createModel, type Model } from '../../packages/control/src/model/model.ts'
import {
  type KubernetesSource,
  kubernetesSource,
} from '../../packages/control/src/sources/kubernetes/kubernetes-source.ts'
import type { ObjectChange, Source, SourceStatus } from '../../packages/control/src/sources/source.ts'

export const LOG = createLog(() => undefined, 'off')
export const APPLY = { fieldManager: 'heddle-test', force: true } as const

/** A namespace that a source of its own follows, and the model of what that says. */
export interface FollowedNamespace extends AsyncDisposable {
  readonly namespace: ClusterNamespace
  readonly source: KubernetesSource
  readonly model: Model
  readonly signal: AbortSignal
  /** `NAME STATE ZONE` of the instances behind the Service `cart`. */
  behindCart(): readonly string[]
}

export async function follow(client: KubeClient): Promise<FollowedNamespace> {
  const namespace = await ClusterNamespace.open(client)
  const ended = new AbortController()
  const { signal } = ended
  const source = kubernetesSource({ client, clock: systemClock, log: LOG })
  const model = createModel({ clock: systemClock, instancesFrom: 'source', signal })
  await source.start({ onChange: (change) => model.applyObjects(change), onStatus: () => undefined }, signal)
  return {
    namespace,
    source,
    model,
    signal,
    behindCart() {
      const resolution = model.resolve(`name:cart.${namespace.name}:80`)
      if (resolution.kind !== 'service') return []
      return resolution.instances.map(({ instance, state, zone }) => `${instance} ${state} ${zone}`)
    },
    async [Symbol.asyncDispose]() {
      ended.abort()
      await namespace[Symbol.asyncDispose]()
    },
  }
}

/** A namespace of its own, in which objects of the namespace `contract` are put. */
export class ClusterNamespace implements AsyncDisposable {
  readonly name = `s-${randomBytes(4).toString('hex')}`
  readonly #client: KubeClient
  #known: readonly KubeObject[] = []

  private constructor(client: KubeClient) {
    this.#client = client
  }

  static async open(client: KubeClient): Promise<ClusterNamespace> {
    const namespace = new ClusterNamespace(client)
    await client.create(NAMESPACES, { metadata: { name: namespace.name } })
    return namespace
  }

  /** Makes what was put before what `yaml` says. */
  async write(yaml: string): Promise<void> {
    const wanted = parseAllDocuments(yaml).map((document) => this.#own(document.toJS()))
    const names = new Set(wanted.map(refOf))
    for (const object of this.#known) {
      if (!names.has(refOf(object))) await this.#client.delete({ ...object.metadata, resource: toResource(object) })
    }
    for (const object of wanted) await this.#client.apply(toResource(object), object, APPLY)
    this.#known = wanted
  }

  async put(object: KubeDraft): Promise<void> {
    await this.#client.apply(toResource(object), this.#own(object), APPLY)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#client.delete({ resource: NAMESPACES, name: this.name })
  }

  #own(object: KubeDraft): KubeDraft {
    return { ...object, metadata: { ...object.metadata, namespace: this.name } }
  }
}

/** The source, as far as it is about one namespace: there are others on a cluster. */
export function withinNamespace(whole: KubernetesSource, namespace: string): Source {
  const isOwn = (ref: { readonly namespace: string; readonly name: string }) => {
    return ref.namespace === namespace && ref.name !== 'default'
  }
  const ownStatus = (status: SourceStatus) => {
    return { ...status, problems: status.problems.filter(({ file }) => file.includes(` ${namespace}/`)) }
  }
  return {
    store: undefined,
    objects: () => whole.objects().filter(({ metadata }) => isOwn(metadata)),
    fileOf: (ref) => whole.fileOf(ref),
    status: () => ownStatus(whole.status()),
    start({ onChange, onStatus }, signal) {
      const ownChange = ({ upserted, removed }: ObjectChange) => {
        const own = { upserted: upserted.filter(({ metadata }) => isOwn(metadata)), removed: removed.filter(isOwn) }
        if (own.upserted.length + own.removed.length > 0) onChange(own)
      }
      return whole.start({ onChange: ownChange, onStatus: (status) => onStatus(ownStatus(status)) }, signal)
    },
  }
}

function toResource({ apiVersion = '', kind = '' }: KubeObject): Resource {
  return resourceOf(apiVersion, kind)!
}

function refOf({ kind, metadata }: KubeObject): string {
  return `${kind} ${metadata.name}`
}
