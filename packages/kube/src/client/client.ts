import { type Clock, systemClock } from '@heddle/base/clock'
import { Caller } from './caller.ts'
import { HttpKubeClient } from './http-kube-client.ts'
import { KubeError, KubeTransportError } from './kube-error.ts'
import type { ClusterAccess } from './kubeconfig.ts'

export { KubeError, KubeTransportError }

/** A kind as the API server's paths name it. The well-known ones are in `@heddle/kube/resources`. */
export interface Resource {
  /** Empty for the core group. */
  readonly group: string
  readonly version: string
  readonly plural: string
  readonly kind: string
  readonly namespaced: boolean
}

/** What owns an object, as `metadata.ownerReferences` says it. */
export interface OwnerReference {
  readonly apiVersion: string
  readonly kind: string
  readonly name: string
  readonly uid: string
  readonly controller?: boolean
  readonly blockOwnerDeletion?: boolean
}

/** An object's metadata. The API server sets `uid`, `resourceVersion`, `generation` and the times. */
export interface KubeMeta {
  readonly name: string
  readonly namespace?: string
  readonly labels?: Readonly<Record<string, string>>
  readonly annotations?: Readonly<Record<string, string>>
  readonly uid?: string
  readonly resourceVersion?: string
  readonly generation?: number
  /** RFC 3339. */
  readonly creationTimestamp?: string
  /** RFC 3339; set while the object waits for its finalizers or its grace period. */
  readonly deletionTimestamp?: string
  readonly ownerReferences?: readonly OwnerReference[]
  readonly finalizers?: readonly string[]
}

/** What every object of the API has. Kinds with other fields (a ConfigMap's `data`) extend it. */
export interface KubeObject {
  readonly apiVersion?: string
  readonly kind?: string
  readonly metadata: KubeMeta
  readonly spec?: unknown
  readonly status?: unknown
}

/** An object to write; it may have fields of its kind beside `spec` and `status`. */
export type KubeDraft = KubeObject | (KubeObject & Readonly<Record<string, unknown>>)

/** Names one object. */
export interface ObjectName {
  readonly resource: Resource
  /** Needed where the resource is namespaced. */
  readonly namespace?: string
  readonly name: string
}

/** Which objects of a resource, and how they are told. */
export interface ListOptions {
  /** All namespaces where it is left out. */
  readonly namespace?: string
  readonly labelSelector?: string
  readonly fieldSelector?: string
  /** Objects per page, 500 by default; 0 asks for all in one answer. */
  readonly pageSize?: number
}

/** All objects of a list, and the version of the world they were read at. */
export interface KubeList<T extends KubeObject> {
  readonly items: readonly T[]
  readonly resourceVersion: string
}

/** Where a watch begins and when it ends by itself. */
export interface WatchOptions {
  readonly namespace?: string
  readonly labelSelector?: string
  readonly fieldSelector?: string
  /** Changes after this version are told. */
  readonly resourceVersion: string
  /** The API server ends the watch after so long. */
  readonly timeoutSeconds?: number
  /** The watch fails with `deadline` when nothing came for so long; 120 s by default (bookmarks come about every minute). */
  readonly silenceMs?: number
  /** The API server has taken the watch; changes may be long in coming. */
  readonly onOpened?: () => void
}

/** A change as the API server tells it; a bookmark only moves the version to go on from. */
export interface WatchEvent {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK'
  readonly object: KubeObject
}

/** How a server-side apply is done. */
export interface ApplyOptions {
  readonly fieldManager: string
  /** Takes over fields that another manager owns, instead of failing with 409 `Conflict`. */
  readonly force?: boolean
  /** Everything happens but the write. */
  readonly dryRun?: boolean
  readonly subresource?: 'status'
}

/** How a patch is read: RFC 7396 (merge), RFC 6902 (json), or Kubernetes' strategic merge (its own kinds only). */
export interface PatchOptions {
  readonly type: 'merge' | 'json' | 'strategic'
  readonly subresource?: string
  readonly dryRun?: boolean
}

/** What happens to an object's dependents, and whether only one incarnation of it is meant. */
export interface DeleteOptions {
  readonly propagation?: 'Foreground' | 'Background' | 'Orphan'
  /** Fails with 409 `Conflict` when the object of that name has another uid. */
  readonly uid?: string
}

/** Any call to the API server. */
export interface KubeRequest {
  readonly method: string
  /** From the server's root: `/version`, `/apis/authentication.k8s.io/v1/tokenreviews`. */
  readonly path: string
  readonly body?: unknown
  readonly query?: Readonly<Record<string, string>>
  /** `application/json` by default. */
  readonly contentType?: string
  /** The whole call, tries included; the client's own by default. */
  readonly deadlineMs?: number
  /** A POST that may be made twice, as reviews may be. Other methods are taken for idempotent, but for JSON patches. */
  readonly isIdempotent?: boolean
  readonly signal?: AbortSignal
}

/**
 * The API server, as one user. Every call throws {@link KubeError} where the API server refuses, and {@link KubeTransportError}
 * where no (usable) answer came.
 */
export interface KubeClient {
  /** `undefined` where there is none of that name. */
  get<T extends KubeObject>(ref: ObjectName): Promise<T | undefined>
  /** All objects, read in pages. Items have their `apiVersion` and `kind`. */
  list<T extends KubeObject>(resource: Resource, options?: ListOptions): Promise<KubeList<T>>
  /**
   * The same as it comes, so that a caller may keep less than it reads: parts with some items, whose `resourceVersion` is empty, and at
   * the end of each page one that has it. Fails with 410 `Expired` where it took longer than the API server remembers the version.
   */
  listPages<T extends KubeObject>(resource: Resource, options?: ListOptions): AsyncIterable<KubeList<T>>
  /** Changes in their order until the API server ends the watch. Fails with 410 `Expired` for a version that is forgotten. */
  watch(resource: Resource, options: WatchOptions, signal: AbortSignal): AsyncIterable<WatchEvent>
  /** Fails with 409 `AlreadyExists`. */
  create<T extends KubeObject>(resource: Resource, object: KubeDraft): Promise<T>
  /** Replaces the object; fails with 409 `Conflict` where `metadata.resourceVersion` is not the present one. */
  update<T extends KubeObject>(resource: Resource, object: KubeDraft): Promise<T>
  /** Server-side apply: creates the object or changes the fields that this manager owns. */
  apply<T extends KubeObject>(resource: Resource, object: KubeDraft, options: ApplyOptions): Promise<T>
  patch<T extends KubeObject>(ref: ObjectName, patch: unknown, options: PatchOptions): Promise<T>
  /** Whether there was one. */
  delete(ref: ObjectName, options?: DeleteOptions): Promise<boolean>
  /** Calls that are not about stored objects: TokenReview, SubjectAccessReview, TokenRequest, `/version`, `/apis`. */
  request<T>(options: KubeRequest): Promise<T>
}

/** How a client treats the API server. */
export interface KubeClientOptions {
  readonly clock?: Clock
  /** Sent as `User-Agent`; seen in audit logs. */
  readonly userAgent?: string
  /** A call, its tries and waits included; 30 s by default. Watches have none but their silence. */
  readonly deadlineMs?: number
  /** No answer, no object of a list and no event of a watch is larger; 64 MiB by default. */
  readonly maxAnswerBytes?: number
  /** Calls per second that this client makes at most in the long run; 50 by default. */
  readonly perSecond?: number
  /** Calls that may be made at once after a pause; 100 by default. */
  readonly burst?: number
}

/** A client of the cluster that `access` reaches. */
export function createKubeClient(access: ClusterAccess, options: KubeClientOptions = {}): KubeClient {
  const limits = {
    clock: systemClock,
    userAgent: 'heddle',
    deadlineMs: 30_000,
    maxAnswerBytes: 64 * 1024 * 1024,
    perSecond: 50,
    burst: 100,
    ...options,
  }
  return new HttpKubeClient(new Caller(access, limits))
}
