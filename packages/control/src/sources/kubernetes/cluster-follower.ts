import type { MeshObject } from '@heddle/api/kinds'
import { KINDS, type Kind } from '@heddle/api/kinds/table'
import type { Clock } from '@heddle/base/clock'
import type { Log } from '@heddle/base/log'
import { messageOf } from '@heddle/base/message-of'
import type { KubeClient, KubeObject, Resource } from '@heddle/kube/client'
import { createInformer } from '@heddle/kube/informer'
import { ENDPOINT_SLICES, NODES, PODS, resourceOf } from '@heddle/kube/resources'
import { type ClusterObject, readCoreObject, readCustomObject } from './cluster-object.ts'
import { FOREIGN_SLICES, type TrimmedSlice, trimSlice } from './endpoint-slice.ts'
import { type FollowedState, type FollowFailure, toFollowFailure } from './follow-failure.ts'
import { type TrimmedPod, trimPod } from './pod.ts'
import { type Place, trimNode } from './pod-set.ts'
import { findServed } from './served-resources.ts'

/** Hears what the API server has. `undefined`: it is gone. Names are `NAMESPACE/NAME`, or `NAME`. */
export interface ClusterListener {
  onObject(kind: MeshObject['kind'], name: string, object: ClusterObject | undefined): void
  onPod(name: string, pod: TrimmedPod | undefined): void
  onNode(name: string, place: Place | undefined): void
  onSlice(name: string, slice: TrimmedSlice | undefined): void
}

/** What follows needs from outside. */
export interface FollowerOptions {
  readonly client: Pick<KubeClient, 'listPages' | 'watch' | 'request'>
  readonly clock: Clock
  readonly log: Log
}

/** How often it is looked for kinds whose CRDs were not installed, and for newer versions. */
const FIND_MS = 10_000
const RETRY_MS = 1_000
const LASTING_MS = 3_000

interface Following extends FollowedState {
  readonly ended: AbortController
}

/** Follows all that the mesh makes use of: Kubernetes' own kinds from the start, those of CRDs as soon as they are there. */
export class ClusterFollower {
  readonly #options: FollowerOptions
  readonly #listener: ClusterListener
  readonly #following = new Map<string, Following>()
  #missing: readonly Kind[] = []
  #findFailure: string | undefined
  #wasFound = false
  #hasStarted = false
  #failingSince: ReadonlyMap<string, number> = new Map()

  constructor(options: FollowerOptions, listener: ClusterListener) {
    this.#options = options
    this.#listener = listener
  }

  /**
   * Resolves once everything that is there was told, however long the API server is away or RBAC refuses to let a kind be read: a replica that serves without
   * the routes or policies that others know would change in silence what they do. Goes on until `signal` is aborted.
   */
  async start(signal: AbortSignal): Promise<void> {
    const core = this.#followCore(signal)
    let custom = await this.#find(signal)
    while (custom === undefined && !signal.aborted) {
      await this.#options.clock.sleep(RETRY_MS, signal)
      custom = await this.#find(signal)
    }
    void this.#findForEver(signal)
    await Promise.all([core, ...(custom ?? [])])
    this.#hasStarted = true
  }

  /** Kinds whose CRDs are not installed. */
  get missing(): readonly Kind[] {
    return this.#missing
  }

  /** By which a kind is followed; `undefined`: its CRD is not installed. */
  resourceOf(kind: string): Resource | undefined {
    return this.#following.get(kind)?.resource
  }

  /** Those that have lasted: a connection that breaks now and then is made again at once. */
  failures(): FollowFailure[] {
    const nowMs = this.#options.clock.nowMs()
    const found = this.#failuresNow()
    const since = new Map(found.map(({ resource }) => [resource, this.#failingSince.get(resource) ?? nowMs]))
    this.#failingSince = since
    return found.filter(({ resource }) => nowMs - since.get(resource)! >= LASTING_MS)
  }

  #failuresNow(): FollowFailure[] {
    const found = [...this.#following.values()].flatMap((state) => toFollowFailure(state, this.#hasStarted) ?? [])
    if (this.#findFailure === undefined) return found
    const standing = this.#wasFound ? 'stale' : 'awaited'
    return [...found, { resource: 'the kinds that the cluster knows', message: this.#findFailure, standing }]
  }

  async #followCore(signal: AbortSignal): Promise<void> {
    const { onPod, onNode, onSlice } = this.#listener
    const core = KINDS.filter(({ apiVersion }) => apiVersion === 'v1')
    await Promise.all([
      ...core.map((kind) => this.#followKind(kind, resourceOf(kind.apiVersion, kind.kind)!, signal)),
      this.#follow({ resource: NODES, trim: trimNode, tell: onNode }, signal),
      this.#follow({ resource: PODS, trim: trimPod, tell: onPod }, signal),
      this.#follow(
        { resource: ENDPOINT_SLICES, labelSelector: FOREIGN_SLICES, trim: trimSlice, tell: onSlice },
        signal,
      ),
    ])
  }

  async #findForEver(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.#options.clock.sleep(FIND_MS, signal)
      if (!signal.aborted) await this.#find(signal)
    }
  }

  /** Begins to follow what appeared. @returns their first lists; `undefined`: the API server did not answer */
  async #find(signal: AbortSignal): Promise<readonly Promise<void>[] | undefined> {
    try {
      const served = await findServed(this.#options.client)
      if (signal.aborted) return []
      this.#missing = served.filter(({ resource }) => resource === undefined).map(({ kind }) => kind)
      this.#findFailure = undefined
      this.#wasFound = true
      return served.map(({ kind, resource }) => this.#serve(kind, resource, signal))
    } catch (error) {
      this.#findFailure = messageOf(error)
      return undefined
    }
  }

  /** What an API server says it does not know any more goes on to be followed: it tells what it removes, and may only be starting. */
  async #serve(kind: Kind, resource: Resource | undefined, signal: AbortSignal): Promise<void> {
    const known = this.#following.get(kind.kind)
    if (resource === undefined || known?.resource.version === resource.version) return
    known?.ended.abort()
    await this.#followKind(kind, resource, signal)
  }

  #followKind(kind: Kind, resource: Resource, signal: AbortSignal): Promise<void> {
    const read = kind.apiVersion === 'v1' ? readCoreObject : readCustomObject
    const trim = (object: KubeObject) => read(kind, object)
    const tell = (name: string, object: ClusterObject | undefined) => this.#listener.onObject(kind.kind, name, object)
    return this.#follow({ resource, trim, tell }, signal)
  }

  async #follow<T>(what: Followed<T>, signal: AbortSignal): Promise<void> {
    const { tell, ...followed } = what
    const { resource } = followed
    const informer = createInformer<T>({ ...this.#options, ...followed })
    const ended = new AbortController()
    this.#following.set(resource.kind, { resource, informer, ended })
    const onUpserted = (name: string, value: T) => tell(name, value)
    const onRemoved = (name: string) => tell(name, undefined)
    const either = AbortSignal.any([signal, ended.signal])
    await informer.start({ onUpserted, onRemoved }, either)
  }
}

interface Followed<T> {
  readonly resource: Resource
  readonly labelSelector?: string
  trim(object: KubeObject): T
  tell(name: string, value: T | undefined): void
}
