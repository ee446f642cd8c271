import { isDeepStrictEqual } from 'node:util'
import { formatRef, type MeshObject, refOf } from '@heddle/api/kinds'
import type { ObjectRef } from '@heddle/api/kinds/meta'
import type { Problem } from '@heddle/api/manifest/problem'
import { findWorkloadConflicts } from './check-cluster.ts'
import type { ClusterObject } from './cluster-object.ts'

/** What became different among the objects in force. */
export interface ObjectSetChange {
  readonly upserted: readonly MeshObject[]
  readonly removed: readonly ObjectRef[]
}

interface Known extends ClusterObject {
  readonly ref: ObjectRef
}

/**
 * The objects of the API server, and which of them are in force. One that cannot be taken is refused alone: its last good version stays
 * in force, and its problems are kept beside it.
 */
export class ObjectSet {
  /** By `formatRef`. */
  readonly #known = new Map<string, Known>()
  readonly #inForce = new Map<string, MeshObject>()
  readonly #dirty = new Set<string>()
  /** Workloads that contradict others, with what is wrong. */
  readonly #conflicts = new Map<string, readonly Problem[]>()

  set(ref: ObjectRef, object: ClusterObject | undefined): void {
    const key = formatRef(ref)
    if (object === undefined) this.#known.delete(key)
    else this.#known.set(key, { ...object, ref })
    this.#dirty.add(key)
  }

  /** All that are in force. */
  inForce(): readonly MeshObject[] {
    return [...this.#inForce.values()]
  }

  isInForce(ref: ObjectRef): boolean {
    return this.#inForce.has(formatRef(ref))
  }

  get(ref: ObjectRef): ClusterObject | undefined {
    const key = formatRef(ref)
    const known = this.#known.get(key)
    const conflicts = this.#conflicts.get(key)
    return known === undefined || conflicts === undefined
      ? known
      : { ...known, problems: [...known.problems, ...conflicts] }
  }

  /** Objects whose status is written here. */
  *withStatus(): Iterable<ObjectRef> {
    for (const { ref, status } of this.#known.values()) if (status !== undefined) yield ref
  }

  /** What is wrong with single objects, and with Workloads beside others. */
  *problems(): Iterable<Problem> {
    for (const { problems } of this.#known.values()) yield* problems
    for (const problems of this.#conflicts.values()) yield* problems
  }

  /** Those that are there and not in force. */
  *refused(): Iterable<ObjectRef> {
    for (const { ref, object, isOurs } of this.#known.values()) if (isOurs && object === undefined) yield ref
  }

  /** What became different since the last call. */
  take(): ObjectSetChange {
    this.#judgeWorkloads()
    const upserted: MeshObject[] = []
    const removed: ObjectRef[] = []
    for (const key of this.#dirty) {
      const before = this.#inForce.get(key)
      const after = this.#wanted(key, before)
      if (before === after || isDeepStrictEqual(before, after)) continue
      if (after === undefined) {
        this.#inForce.delete(key)
        removed.push(refOf(before!))
        continue
      }
      this.#inForce.set(key, after)
      upserted.push(after)
    }
    this.#dirty.clear()
    return { upserted, removed }
  }

  #wanted(key: string, before: MeshObject | undefined): MeshObject | undefined {
    const known = this.#known.get(key)
    if (known === undefined || !known.isOurs) return undefined
    if (known.object === undefined || this.#conflicts.has(key)) return before
    return known.object
  }

  /** Of Workloads that contradict each other or a Service, those that came later are refused. */
  #judgeWorkloads(): void {
    const isTouched = [...this.#dirty].some((key) => key.startsWith('Workload/') || key.startsWith('Service/'))
    if (!isTouched) return
    for (const key of this.#conflicts.keys()) this.#dirty.add(key)
    this.#conflicts.clear()
    const changed = [...this.#dirty].flatMap((key) => this.#known.get(key)?.object ?? [])
    const later = changed.filter(({ kind }) => kind === 'Workload')
    if (later.length === 0) return
    const kept = this.inForce().filter((one) => !this.#dirty.has(formatRef(refOf(one))))
    const first = [...kept, ...changed].filter(({ kind }) => kind === 'Service')
    const workloads = [...kept.filter(({ kind }) => kind === 'Workload'), ...later]
    const laterKeys = new Set(later.map((one) => formatRef(refOf(one))))
    for (const [key, problems] of findWorkloadConflicts([...first, ...workloads])) {
      if (laterKeys.has(key)) this.#conflicts.set(key, problems)
    }
  }
}
