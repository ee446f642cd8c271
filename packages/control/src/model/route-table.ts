import { formatRef, refOf } from '@heddle/api/kinds'
import { type ObjectRef, objectKey } from '@heddle/api/kinds/meta'
import { parentKeys, type Route } from '@heddle/api/kinds/route'
import type { BackendObjectRef } from '@heddle/api/kinds/route-refs'
import { SetsByKey } from '@heddle/base/sets-by-key'

/** Routes by what they are attached to, and by what they refer to. */
export class RouteTable {
  readonly #byRef = new Map<string, Route>()
  /** By `NAMESPACE/NAME` of the Service. */
  readonly #byParent = new SetsByKey<Route>()
  readonly #byBackend = new SetsByKey<Route>()
  /** Routes of other namespaces, by the namespace that they need a grant of. */
  readonly #byGrantor = new SetsByKey<Route>()

  get(ref: ObjectRef): Route | undefined {
    return this.#byRef.get(formatRef(ref))
  }

  /** Those that name the Service as a parent, whether they are accepted there or not. */
  ofParent(serviceKey: string): ReadonlySet<Route> {
    return this.#byParent.get(serviceKey)
  }

  /** Those that send requests to the Service. */
  ofBackend(serviceKey: string): ReadonlySet<Route> {
    return this.#byBackend.get(serviceKey)
  }

  /** Those of other namespaces that refer to something in `namespace`. */
  ofGrantor(namespace: string): ReadonlySet<Route> {
    return this.#byGrantor.get(namespace)
  }

  set(route: Route): void {
    this.#byRef.set(formatRef(refOf(route)), route)
    for (const key of parentKeys(route)) this.#byParent.add(key, route)
    for (const backend of backendsOf(route)) {
      this.#byBackend.add(objectKey(backend), route)
      if (backend.namespace !== route.metadata.namespace) this.#byGrantor.add(backend.namespace, route)
    }
  }

  remove(ref: ObjectRef): void {
    const route = this.get(ref)
    if (route === undefined) return
    this.#byRef.delete(formatRef(ref))
    for (const key of parentKeys(route)) this.#byParent.remove(key, route)
    for (const backend of backendsOf(route)) {
      this.#byBackend.remove(objectKey(backend), route)
      this.#byGrantor.remove(backend.namespace, route)
    }
  }
}

/** All that a route sends requests or copies of them to. */
function backendsOf(route: Route): BackendObjectRef[] {
  if (route.kind === 'TLSRoute' || route.kind === 'TCPRoute')
    return route.spec.rules.flatMap((rule) => rule.backendRefs)
  return route.spec.rules.flatMap((rule) => {
    const filters = [...rule.filters, ...rule.backendRefs.flatMap((backend) => backend.filters)]
    const mirrors = filters.flatMap((filter) =>
      filter.type === 'RequestMirror' ? filter.requestMirror.backendRef : [],
    )
    return [...rule.backendRefs, ...mirrors]
  })
}
