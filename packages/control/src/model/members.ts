import type { LabelIndex } from '@heddle/api/kinds/label-index'
import { selects } from '@heddle/api/kinds/label-index'
import type { Service } from '@heddle/api/kinds/service'
import type { Workload } from '@heddle/api/kinds/workload'
import { compareTexts } from '@heddle/base/compare-texts'
import type { Instance } from './instance.ts'
import type { InstanceChange } from './instance-table.ts'

/**
 * What each Service selects, kept from the first question on and mended when one instance changes, so that a change
 * among thousands of instances costs no new selection.
 */
export class Members {
  readonly #instancesByLabel: LabelIndex<Instance>
  readonly #workloadsByLabel: LabelIndex<Workload>
  readonly #instances = new Map<Service, Instance[]>()
  readonly #workloads = new Map<Service, readonly Workload[]>()

  constructor(instancesByLabel: LabelIndex<Instance>, workloadsByLabel: LabelIndex<Workload>) {
    this.#instancesByLabel = instancesByLabel
    this.#workloadsByLabel = workloadsByLabel
  }

  /** Sorted by name. The list stays as it is: a change makes a new one. */
  instances(service: Service): readonly Instance[] {
    const known = this.#instances.get(service)
    if (known !== undefined) return known
    const { metadata, spec } = service
    const selected = this.#instancesByLabel.select(metadata.namespace, spec.selector)
    selected.sort((a, b) => compareTexts(a.instance, b.instance))
    this.#instances.set(service, selected)
    return selected
  }

  workloads(service: Service): readonly Workload[] {
    const known = this.#workloads.get(service)
    if (known !== undefined) return known
    const selected = this.#workloadsByLabel.select(service.metadata.namespace, service.spec.selector)
    this.#workloads.set(service, selected)
    return selected
  }

  /** To be called for each Service that selects the instance before or after. */
  instanceChanged(service: Service, { before, after }: InstanceChange): void {
    const known = this.#instances.get(service)
    if (known === undefined) return
    const name = (after ?? before)!.instance
    const at = positionOf(known, name)
    const isThere = known[at]?.instance === name
    const isMember = after !== undefined && selects(service.spec.selector, after.labels)
    this.#instances.set(service, known.toSpliced(at, isThere ? 1 : 0, ...(isMember ? [after] : [])))
  }

  workloadsChanged(service: Service): void {
    this.#workloads.delete(service)
  }

  forget(service: Service): void {
    this.#instances.delete(service)
    this.#workloads.delete(service)
  }
}

/** Where `name` is, or would be. */
function positionOf(sorted: readonly Instance[], name: string): number {
  let from = 0
  let to = sorted.length
  while (from < to) {
    const middle = (from + to) >> 1
    if (sorted[middle]!.instance < name) from = middle + 1
    else to = middle
  }
  return from
}
