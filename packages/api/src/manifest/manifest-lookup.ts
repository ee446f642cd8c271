import { formatRef, type MeshObject, type Policy } from '../kinds/mesh-object.ts'
import type { ReferenceGrant } from '../kinds/reference-grant.ts'
import { isRoute, type Route } from '../kinds/route.ts'
import { isServiceRef } from '../kinds/route-refs.ts'
import type { Service } from '../kinds/service.ts'
import type { ObjectLookup } from '../kinds/status/object-lookup.ts'

/** The objects of a set of files, as far as the status of routes and policies depends on them. */
export class ManifestLookup implements ObjectLookup {
  readonly #byRef: ReadonlyMap<string, { readonly object: MeshObject }>
  readonly #grants = new Map<string, Set<ReferenceGrant>>()
  readonly #routes = new Map<string, Set<Route>>()
  readonly #policies = new Map<string, Set<Policy>>()

  /** @param byRef - by `formatRef` */
  constructor(byRef: ReadonlyMap<string, { readonly object: MeshObject }>) {
    this.#byRef = byRef
    for (const { object } of byRef.values()) this.#add(object)
  }

  service(namespace: string, name: string): Service | undefined {
    const object = this.#byRef.get(formatRef({ kind: 'Service', namespace, name }))?.object
    return object?.kind === 'Service' ? object : undefined
  }

  route(kind: Route['kind'], namespace: string, name: string): Route | undefined {
    const object = this.#byRef.get(formatRef({ kind, namespace, name }))?.object
    return object !== undefined && isRoute(object) ? object : undefined
  }

  grants(namespace: string): Iterable<ReferenceGrant> {
    return this.#grants.get(namespace) ?? []
  }

  routesOf(namespace: string, name: string): Iterable<Route> {
    return this.#routes.get(`${namespace}/${name}`) ?? []
  }

  policiesOf(kind: string, namespace: string, name: string): Iterable<Policy> {
    return this.#policies.get(formatRef({ kind, namespace, name })) ?? []
  }

  #add(object: MeshObject): void {
    if (object.kind === 'ReferenceGrant') addTo(this.#grants, object.metadata.namespace, object)
    if (isRoute(object)) {
      for (const ref of object.spec.parentRefs) {
        if (isServiceRef(ref)) addTo(this.#routes, `${ref.namespace}/${ref.name}`, object)
      }
    }
    if (!isPolicy(object)) return
    const { namespace } = object.metadata
    for (const { kind, name } of object.spec.targetRefs) {
      addTo(this.#policies, formatRef({ kind, namespace, name }), object)
    }
  }
}

/** Whether the object is attached to others by `targetRefs`. */
export function isPolicy(object: MeshObject): object is Policy {
  return object.kind === 'BackendPolicy' || object.kind === 'FaultPolicy' || object.kind === 'TrafficPolicy'
}

function addTo<T>(sets: Map<string, Set<T>>, key: string, value: T): void {
  const set = sets.get(key)
  if (set === undefined) sets.set(key, new Set([value]))
  else set.add(value)
}
