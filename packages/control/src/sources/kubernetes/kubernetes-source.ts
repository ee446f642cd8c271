import { isDeepStrictEqual } from 'node:util'
import type { MeshObject } from '@heddle/api/kinds'
import type { ObjectRef } from '@heddle/api/kinds/meta'
import { MAX_PROBLEMS } from '@heddle/api/manifest'
import { formatProblem, type Problem } from '@heddle/api/manifest/problem'
import type { Clock, Timer } from '@heddle/base/clock'
import { compareTexts } from '@heddle/base/compare-texts'
import type { Resource } from '@heddle/kube/client'
import { EditError, type ObjectStore } from '../object-store.ts'
import type { Source, SourceListener, SourceStatus } from '../source.ts'
import { checkCluster } from './check-cluster.ts'
import { ClusterFollower, type FollowerOptions } from './cluster-follower.ts'
import { type ClusterObject, originOf } from './cluster-object.ts'
import { toFailureProblems, toMissingProblems } from './cluster-problems.ts'
import { ObjectSet } from './object-set.ts'
import { PodSet } from './pod-set.ts'
import { prepareClusterEdit } from './prepare-cluster-edit.ts'
import { SliceSet } from './slice-set.ts'

/** What a source of a cluster is made with. */
export interface KubernetesSourceOptions extends FollowerOptions {
  /** Events within this time are one change, in ms; default 10. */
  readonly gatherMs?: number
}

/** Objects as the API server has them, refused ones too, for whoever writes their statuses. */
export interface ClusterObjects {
  get(ref: ObjectRef): ClusterObject | undefined
  isInForce(ref: ObjectRef): boolean
  /** By which a kind is followed; `undefined`: its CRD is not installed. */
  resourceOf(kind: string): Resource | undefined
  /** Objects whose status is written here. */
  withStatus(): Iterable<ObjectRef>
  /** Calls `listener` for each object with a status that came, changed or went, after the change is in force. */
  onChange(listener: (ref: ObjectRef) => void, signal: AbortSignal): void
}

/** The API server of a cluster as a source. */
export interface KubernetesSource extends Source {
  readonly cluster: ClusterObjects
}

const GATHER_MS = 10
/** Objects are checked against each other when it was quiet for so long, or was not for the longer time. */
const CHECK_AFTER_MS = 1_000
const CHECK_AT_LATEST_MS = 5_000
const LOOK_MS = 1_000

/**
 * Configuration, Services and pods of a cluster. What cannot be taken is refused alone: the last good version of it stays in force.
 * While the API server is away everything stays as it was. `start` resolves when the first list of everything is complete, however long
 * that takes: to say that there is nothing before would take everything from everybody.
 */
export function kubernetesSource(options: KubernetesSourceOptions): KubernetesSource {
  return new ClusterSource(options)
}

class ClusterSource implements KubernetesSource {
  readonly refusesAlone = true
  readonly store: ObjectStore
  readonly cluster: ClusterObjects
  readonly #clock: Clock
  readonly #gatherMs: number
  readonly #follower: ClusterFollower
  readonly #objects = new ObjectSet()
  readonly #pods = new PodSet()
  readonly #slices = new SliceSet((node) => this.#pods.place(node))
  readonly #statusListeners = new Set<(ref: ObjectRef) => void>()
  readonly #touched = new Map<string, ObjectRef>()
  #status: SourceStatus = { problems: [], appliedMs: 0 }
  /** Of objects beside each other, as far as that was looked at. */
  #together: readonly Problem[] = []
  /** Of single objects; `undefined`: to be gathered anew. */
  #ofObjects: readonly Problem[] | undefined
  #listener: SourceListener | undefined
  #gathering: Timer | undefined
  #checking: Timer | undefined
  #checkDueMs = 0

  constructor({ gatherMs = GATHER_MS, ...options }: KubernetesSourceOptions) {
    this.#clock = options.clock
    this.#gatherMs = gatherMs
    this.#follower = new ClusterFollower(options, {
      onObject: (kind, name, object) => this.#onObject(toRef(kind, name), object),
      onPod: (name, pod) => this.#changed(() => this.#pods.setPod(name, pod)),
      onNode: (name, place) =>
        this.#changed(() => {
          if (this.#pods.setNode(name, place)) this.#slices.nodeMoved(name)
        }),
      onSlice: (name, slice) => this.#changed(() => this.#slices.set(name, slice)),
    })
    this.store = {
      isElsewhere: true,
      prepare: async (edit) => prepareClusterEdit(this.objects(), edit, this.#clock.nowMs()),
      commit: async () => {
        throw new EditError('objects of a cluster are written through its API server', { isStale: false })
      },
    }
    this.cluster = {
      get: (ref) => this.#objects.get(ref),
      isInForce: (ref) => this.#objects.isInForce(ref),
      resourceOf: (kind) => this.#follower.resourceOf(kind),
      withStatus: () => this.#objects.withStatus(),
      onChange: (listener, signal) => {
        this.#statusListeners.add(listener)
        signal.addEventListener('abort', () => this.#statusListeners.delete(listener), { once: true })
      },
    }
  }

  objects(): readonly MeshObject[] {
    return this.#objects.inForce()
  }

  fileOf(ref: ObjectRef): string | undefined {
    return this.#objects.isInForce(ref) ? originOf(ref.kind, ref) : undefined
  }

  generationOf(ref: ObjectRef): number | undefined {
    return this.#objects.get(ref)?.status?.generation
  }

  status(): SourceStatus {
    return this.#status
  }

  awaited(): readonly string[] {
    return toFailureProblems(this.#follower.failures()).map(formatProblem)
  }

  async start(listener: SourceListener, signal: AbortSignal): Promise<void> {
    const end = () => {
      this.#listener = undefined
      this.#gathering?.cancel()
      this.#checking?.cancel()
    }
    signal.addEventListener('abort', end, { once: true })
    void this.#lookForEver(listener, signal)
    await this.#follower.start(signal)
    if (signal.aborted) return
    this.#listener = listener
    this.#apply()
  }

  #onObject(ref: ObjectRef, object: ClusterObject | undefined): void {
    const before = this.#objects.get(ref)
    if ((object ?? before)?.status !== undefined) this.#touched.set(originOf(ref.kind, ref), ref)
    this.#ofObjects = undefined
    this.#changed(() => this.#objects.set(ref, object))
    if (before?.object === undefined || !isDeepStrictEqual(before.object, object?.object)) this.#checkLater()
  }

  #changed(set: () => void): void {
    set()
    if (this.#listener === undefined) return
    this.#gathering ??= this.#clock.after(this.#gatherMs, () => this.#apply())
  }

  #apply(): void {
    this.#gathering = undefined
    const objects = this.#objects.take()
    const instances = this.#pods.take()
    const addresses = this.#slices.take()
    const count =
      objects.upserted.length +
      objects.removed.length +
      instances.upserted.length +
      instances.removed.length +
      addresses.length
    const isFirst = this.#status.appliedMs === 0
    if (isFirst) this.#check()
    if (count > 0 || isFirst) {
      this.#status = { ...this.#findProblems(), appliedMs: this.#clock.nowMs() }
      this.#listener?.onChange({ ...objects, instances, addresses })
      this.#listener?.onStatus(this.#status)
    } else this.#statusChanged(this.#listener)
    const touched = [...this.#touched.values()]
    this.#touched.clear()
    for (const listener of this.#statusListeners) for (const ref of touched) listener(ref)
  }

  #statusChanged(listener: SourceListener | undefined): void {
    const found = this.#findProblems()
    if (isDeepStrictEqual(found.problems, this.#status.problems)) return
    this.#status = { ...found, appliedMs: this.#status.appliedMs }
    listener?.onStatus(this.#status)
  }

  /** What is wrong with the connection has no event. */
  async #lookForEver(listener: SourceListener, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.#clock.sleep(LOOK_MS, signal)
      if (!signal.aborted) this.#statusChanged(listener)
    }
  }

  #findProblems(): Pick<SourceStatus, 'problems' | 'unread'> {
    const unread = toFailureProblems(this.#follower.failures())
    // Pods come and go all the time, and nothing can be wrong with them.
    this.#ofObjects ??= [...this.#objects.problems()]
    const problems = [...unread, ...this.#ofObjects, ...this.#together, ...toMissingProblems(this.#follower.missing)]
    return { problems: problems.toSorted(compareProblems).slice(0, MAX_PROBLEMS), unread }
  }

  #checkLater(): void {
    if (this.#listener === undefined) return
    const nowMs = this.#clock.nowMs()
    if (this.#checking === undefined) this.#checkDueMs = nowMs + CHECK_AT_LATEST_MS
    this.#checking?.cancel()
    this.#checking = this.#clock.after(Math.max(0, Math.min(CHECK_AFTER_MS, this.#checkDueMs - nowMs)), () => {
      this.#check()
      this.#statusChanged(this.#listener)
    })
  }

  #check(): void {
    this.#checking = undefined
    this.#together = checkCluster(this.objects(), this.#objects.refused(), this.#clock.nowMs())
  }
}

function toRef(kind: MeshObject['kind'], name: string): ObjectRef {
  const slash = name.indexOf('/')
  return { kind, namespace: slash < 0 ? '' : name.slice(0, slash), name: name.slice(slash + 1) }
}

/** Errors first; of those the same order each time. */
function compareProblems(a: Problem, b: Problem): number {
  if (a.severity !== b.severity) return a.severity === 'error' ? -1 : 1
  return compareTexts(a.file, b.file)
}
