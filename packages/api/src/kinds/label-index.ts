import { SetsByKey } from '@heddle/base/sets-by-key'

type Labels = Readonly<Record<string, string>>

/** Whether all of the selector's labels are among `labels`. An empty selector selects nothing, as in a Service. */
export function selects(selector: Labels | undefined, labels: Labels): boolean {
  const wanted = Object.entries(selector ?? {})
  return wanted.length > 0 && wanted.every(([name, value]) => Object.hasOwn(labels, name) && labels[name] === value)
}

/** Labelled things by namespace and label, so that a selector looks only at the rarest of its labels. */
export class LabelIndex<T> {
  readonly #byLabel = new SetsByKey<T>()
  readonly #labelsOf: (item: T) => { readonly namespace: string; readonly labels: Labels }

  constructor(labelsOf: (item: T) => { readonly namespace: string; readonly labels: Labels }) {
    this.#labelsOf = labelsOf
  }

  add(item: T): void {
    for (const key of this.#keys(item)) this.#byLabel.add(key, item)
  }

  /** @param item - the very value that was added */
  remove(item: T): void {
    for (const key of this.#keys(item)) this.#byLabel.remove(key, item)
  }

  /** In the order in which they were added. */
  select(namespace: string, selector: Labels | undefined): T[] {
    let rarest: ReadonlySet<T> | undefined
    for (const [name, value] of Object.entries(selector ?? {})) {
      const items = this.#byLabel.get(labelKey(namespace, name, value))
      if (rarest === undefined || items.size < rarest.size) rarest = items
    }
    return [...(rarest ?? [])].filter((item) => selects(selector, this.#labelsOf(item).labels))
  }

  *#keys(item: T): Iterable<string> {
    const { namespace, labels } = this.#labelsOf(item)
    for (const [name, value] of Object.entries(labels)) yield labelKey(namespace, name, value)
  }
}

/** No part can hold a space. */
function labelKey(namespace: string, name: string, value: string): string {
  return `${namespace} ${name} ${value}`
}
