import { isDeepStrictEqual } from 'node:util'
import {
  type KubeClient,
  KubeError,
  type KubeList,
  type KubeObject,
  type KubeRequest,
  KubeTransportError,
  type ObjectName,
  type Resource,
  type WatchEvent,
  type WatchOptions,
} from '@heddle/kube/client'
import { apiVersionOf, RESOURCES, resourceOf } from '@heddle/kube/resources'
import { isLabelSelected } from '@heddle/testkit/label-selector'

/** The part of the API that a source and its statuses use. */
type FakeClient = Pick<KubeClient, 'listPages' | 'watch' | 'request' | 'get' | 'patch'>

interface OpenWatch {
  readonly resource: Resource
  readonly labelSelector: string | undefined
  readonly push: (event: WatchEvent) => void
  readonly fail: () => void
}

/** The versions at which the kinds of CRDs are known, unless a test says otherwise. */
const CUSTOM = ['gateway.networking.k8s.io/v1', 'heddle.dev/v1alpha1']

/** An API server in memory, for tests: objects, versions, watches, and that it goes away. */
export class FakeCluster implements FakeClient {
  /** `apiVersion` of the groups with CRDs that are installed. */
  installed: readonly string[] = CUSTOM
  /** `VERB PLURAL` of what RBAC does not allow. */
  readonly forbidden = new Set<string>()
  readonly patches: { readonly ref: ObjectName; readonly patch: unknown }[] = []
  readonly #objects = new Map<string, KubeObject>()
  readonly #log: { readonly resource: Resource; readonly event: WatchEvent }[] = []
  readonly #watches = new Set<OpenWatch>()
  #version = 100
  #isDown = false

  /** Creates or replaces an object; nothing happens where it is the same already. */
  put(object: KubeObject & Readonly<Record<string, unknown>>): void {
    const resource = resourceOf(object.apiVersion ?? '', object.kind ?? '')
    if (resource === undefined) throw new Error(`no resource for ${object.apiVersion} ${object.kind}`)
    const key = keyOf(resource, object.metadata.namespace, object.metadata.name)
    const before = this.#objects.get(key)
    const stored = this.#store(object, before)
    if (stored === before) return
    this.#objects.set(key, stored)
    this.#tell(resource, before === undefined ? 'ADDED' : 'MODIFIED', stored)
  }

  remove({ apiVersion = '', kind = '', metadata }: KubeObject): void {
    const resource = resourceOf(apiVersion, kind)!
    const key = keyOf(resource, metadata.namespace, metadata.name)
    const before = this.#objects.get(key)
    if (before === undefined) return
    this.#objects.delete(key)
    this.#tell(resource, 'DELETED', withVersion(before, this.#nextVersion()))
  }

  all(): readonly KubeObject[] {
    return [...this.#objects.values()]
  }

  /** Ends all watches and refuses every call, until it is up again. */
  goDown(): void {
    this.#isDown = true
    for (const { fail } of this.#watches) fail()
  }

  comeUp(): void {
    this.#isDown = false
  }

  async *listPages<T extends KubeObject>(
    resource: Resource,
    { labelSelector }: { readonly labelSelector?: string } = {},
  ): AsyncGenerator<KubeList<T>> {
    this.#requireUp()
    this.#requireRight('list', resource)
    const items = this.#of(resource).filter((object) => isLabelSelected(object.metadata.labels, labelSelector))
    yield { items: structuredClone(items) as unknown as T[], resourceVersion: String(this.#version) }
  }

  async *watch(resource: Resource, options: WatchOptions, signal: AbortSignal): AsyncGenerator<WatchEvent> {
    this.#requireUp()
    this.#requireRight('watch', resource)
    const queue: WatchEvent[] = this.#since(resource, options)
    options.onOpened?.()
    let wake = () => {}
    let isCut = false
    const push = (event: WatchEvent) => {
      queue.push(event)
      wake()
    }
    const fail = () => {
      isCut = true
      wake()
    }
    const open = { resource, labelSelector: options.labelSelector, push, fail }
    this.#watches.add(open)
    signal.addEventListener('abort', () => wake(), { once: true })
    try {
      while (!signal.aborted) {
        const event = queue.shift()
        if (event !== undefined) yield structuredClone(event)
        else if (isCut) throw new KubeTransportError('connection', 'the connection was cut')
        else await new Promise<void>((resolve) => (wake = resolve))
      }
    } finally {
      this.#watches.delete(open)
    }
  }

  async request<T>({ path }: KubeRequest): Promise<T> {
    this.#requireUp()
    const known = this.installed.filter((version) => path === `/apis/${version.split('/')[0]}`)
    if (known.length > 0) return { versions: known.map((one) => ({ version: one.split('/')[1] })) } as T
    const version = this.installed.find((one) => path === `/apis/${one}`)
    if (version === undefined)
      throw new KubeError({
        status: 404,
        reason: 'NotFound',
        message: 'the server could not find the requested resource',
      })
    return { resources: RESOURCES.filter((one) => one.group === version.split('/')[0]).map(toName) } as T
  }

  async get<T extends KubeObject>({ resource, namespace, name }: ObjectName): Promise<T | undefined> {
    this.#requireUp()
    return structuredClone(this.#objects.get(keyOf(resource, namespace, name))) as T | undefined
  }

  /** Merges `status` only, and minds `metadata.resourceVersion` as the API server does. */
  async patch<T extends KubeObject>(ref: ObjectName, patch: unknown): Promise<T> {
    this.#requireUp()
    const { resource, namespace, name } = ref
    const before = this.#objects.get(keyOf(resource, namespace, name))
    if (before === undefined) throw new KubeError({ status: 404, reason: 'NotFound', message: `${name} not found` })
    const { metadata, status } = patch as { metadata?: { resourceVersion?: string }; status?: object }
    const version = metadata?.resourceVersion
    if (version !== undefined && version !== before.metadata.resourceVersion) {
      throw new KubeError({ status: 409, reason: 'Conflict', message: 'the object has been modified' })
    }
    this.patches.push({ ref, patch: structuredClone(patch) })
    this.put({ ...before, status: { ...(before.status as object | undefined), ...status } })
    return this.#objects.get(keyOf(resource, namespace, name)) as T
  }

  #store(object: KubeObject, before: KubeObject | undefined): KubeObject {
    const { generation = 0, resourceVersion, ...known } = before?.metadata ?? { name: '' }
    const metadata = {
      uid: `uid-${this.#version}`,
      creationTimestamp: '2026-01-01T00:00:00Z',
      ...known,
      ...object.metadata,
    }
    const isSameSpec = before !== undefined && isDeepStrictEqual(before.spec, object.spec)
    const status = object.status ?? before?.status
    const stored = {
      ...object,
      metadata: { ...metadata, generation: isSameSpec ? generation : generation + 1 },
      ...(status !== undefined && { status }),
    }
    const same = before && isDeepStrictEqual(withVersion(before, ''), withVersion(stored, ''))
    return same === true ? before : withVersion(stored, this.#nextVersion())
  }

  #since(resource: Resource, { resourceVersion, labelSelector }: WatchOptions): WatchEvent[] {
    return this.#log
      .filter((one) => isOf(one.resource, resource) && isLabelSelected(one.event.object.metadata.labels, labelSelector))
      .map(({ event }) => event)
      .filter(({ object }) => Number(object.metadata.resourceVersion) > Number(resourceVersion))
  }

  #of(resource: Resource): KubeObject[] {
    const prefix = `${resource.group}/${resource.plural} `
    return [...this.#objects].filter(([key]) => key.startsWith(prefix)).map(([, object]) => object)
  }

  #tell(resource: Resource, type: WatchEvent['type'], object: KubeObject): void {
    this.#log.push({ resource, event: { type, object } })
    for (const watch of this.#watches) {
      if (isOf(watch.resource, resource) && isLabelSelected(object.metadata.labels, watch.labelSelector))
        watch.push({ type, object })
    }
  }

  #nextVersion(): string {
    this.#version += 1
    return String(this.#version)
  }

  #requireRight(verb: string, { group, plural }: Resource): void {
    if (!this.forbidden.has(`${verb} ${plural}`)) return
    const message = `${plural} is forbidden: User "control" cannot ${verb} resource "${plural}" in API group "${group}" at the cluster scope`
    throw new KubeError({ status: 403, reason: 'Forbidden', message })
  }

  #requireUp(): void {
    if (this.#isDown) throw new KubeTransportError('connection', 'connect ECONNREFUSED')
  }
}

function keyOf({ group, plural }: Resource, namespace: string | undefined, name: string): string {
  return `${group}/${plural} ${namespace ?? ''}/${name}`
}

function isOf(a: Resource, b: Resource): boolean {
  return a.plural === b.plural && a.group === b.group
}

function toName(resource: Resource) {
  return { name: resource.plural, groupVersion: apiVersionOf(resource) }
}

function withVersion(object: KubeObject, resourceVersion: string): KubeObject {
  return { ...object, metadata: { ...object.metadata, resourceVersion } }
}
