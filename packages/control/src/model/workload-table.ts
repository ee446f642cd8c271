import { LabelIndex } from '@heddle/api/kinds/label-index'
import { type ObjectName, objectKey } from '@heddle/api/kinds/meta'
import type { Workload } from '@heddle/api/kinds/workload'

/** Workloads by name and by label. */
export class WorkloadTable {
  readonly byLabel = new LabelIndex<Workload>((workload) => workload.metadata)
  readonly #byName = new Map<string, Workload>()

  get(namespace: string, name: string): Workload | undefined {
    return this.#byName.get(objectKey({ namespace, name }))
  }

  all(): Iterable<Workload> {
    return this.#byName.values()
  }

  /** Puts `after` in the place of what has the name. @returns what had it */
  replace(ref: ObjectName, after: Workload | undefined): Workload | undefined {
    const key = objectKey(ref)
    const before = this.#byName.get(key)
    if (before !== undefined) this.byLabel.remove(before)
    this.#byName.delete(key)
    if (after === undefined) return before
    this.#byName.set(key, after)
    this.byLabel.add(after)
    return before
  }
}
