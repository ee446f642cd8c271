import type { Clock } from '@heddle/base/clock'
import type { KubeClient } from '@heddle/kube/client'
import { NAMESPACES } from '@heddle/kube/resources'

type Annotations = Readonly<Record<string, string>>

/** Annotations of a namespace as they are now; none for one that is not there. @throws {Error} when it cannot be told */
export type NamespaceReader = (namespace: string) => Promise<Annotations>

/** What a namespace reader asks, and how it tells the time. */
export interface NamespaceReaderDeps {
  readonly client: Pick<KubeClient, 'get'>
  readonly clock: Clock
}

/** An API server that is well answers within some milliseconds; a lost answer is not waited for by those who come after. */
const AHEAD_MS = 1_000

/**
 * Asks the API server for each pod, as a namespace and its pods are often made by the same command: a watch would hear of the namespace
 * too late. Hundreds of pods that are made at once share a few look-ups: who comes while one is under way shares the next, which
 * begins after all of them have come.
 */
export function namespaceReader(deps: NamespaceReaderDeps): NamespaceReader {
  const reader = new SharedReader(deps)
  return (namespace) => reader.read(namespace)
}

/** A look-up that is under way, and the one that follows it. */
interface LookUp {
  readonly found: Promise<Annotations>
  next: Promise<Annotations> | undefined
}

class SharedReader {
  readonly #deps: NamespaceReaderDeps
  readonly #underWay = new Map<string, LookUp>()

  constructor(deps: NamespaceReaderDeps) {
    this.#deps = deps
  }

  read(namespace: string): Promise<Annotations> {
    const current = this.#underWay.get(namespace)
    if (current === undefined) return this.#begin(namespace)
    current.next ??= this.#over(current.found).then(() => this.#begin(namespace))
    return current.next
  }

  #begin(namespace: string): Promise<Annotations> {
    const lookUp: LookUp = { found: this.#ask(namespace), next: undefined }
    this.#underWay.set(namespace, lookUp)
    const forget = () => {
      if (lookUp.next === undefined) this.#underWay.delete(namespace)
    }
    lookUp.found.then(forget, forget)
    return lookUp.found
  }

  async #ask(namespace: string): Promise<Annotations> {
    const found = await this.#deps.client.get({ resource: NAMESPACES, name: namespace })
    return found?.metadata.annotations ?? {}
  }

  /** Whether it brought anything is for those who asked it. */
  async #over(found: Promise<Annotations>): Promise<void> {
    const settled = Promise.withResolvers<void>()
    const goOn = () => settled.resolve()
    const late = this.#deps.clock.after(AHEAD_MS, goOn)
    found.then(goOn, goOn)
    await settled.promise
    late.cancel()
  }
}
