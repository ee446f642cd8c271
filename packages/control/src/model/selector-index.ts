import { selects } from '@heddle/api/kinds/label-index'
import type { Service } from '@heddle/api/kinds/service'
import { SetsByKey } from '@heddle/base/sets-by-key'

type Labels = Readonly<Record<string, string>>

/** Services by what they select: finds those that select given labels without looking at all. */
export class SelectorIndex {
  /** Each Service is under one label of its selector, the one that had the fewest Services when it came. */
  readonly #byLabel = new SetsByKey<Service>()
  readonly #labelOf = new Map<Service, string>()

  add(service: Service): void {
    const { namespace } = service.metadata
    let best: string | undefined
    for (const [name, value] of Object.entries(service.spec.selector ?? {})) {
      const key = `${namespace} ${name} ${value}`
      if (best === undefined || this.#byLabel.get(key).size < this.#byLabel.get(best).size) best = key
    }
    if (best === undefined) return
    this.#labelOf.set(service, best)
    this.#byLabel.add(best, service)
  }

  /** @param service - the very value that was added */
  remove(service: Service): void {
    const key = this.#labelOf.get(service)
    if (key === undefined) return
    this.#labelOf.delete(service)
    this.#byLabel.remove(key, service)
  }

  /** The Services of `namespace` whose selectors match `labels`. */
  *selecting(namespace: string, labels: Labels): Iterable<Service> {
    for (const [name, value] of Object.entries(labels)) {
      for (const service of this.#byLabel.get(`${namespace} ${name} ${value}`)) {
        if (selects(service.spec.selector, labels)) yield service
      }
    }
  }
}
