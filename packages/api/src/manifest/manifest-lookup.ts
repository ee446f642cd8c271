import { SetsByKey } from '@heddle/base/sets-by-key'
import { formatRef, isPolicy, type MeshObject, type Policy, targetsOf } from '../kinds/mesh-object.ts'
import { objectKey } from '../kinds/object-meta.ts'
import type { ReferenceGrant } from '../kinds/reference-grant.ts'
import { isRoute, parentKeys, type Route } from '../kinds/route.ts'
import type { Service } from '../kinds/service.ts'
import type { ObjectLookup } from '../kinds/status/object-lookup.ts'

/** The objects of a set of files, as far as the status of routes and policies depends on them. */
export class ManifestLookup implements ObjectLookup {
  readonly #byRef: ReadonlyMap<string, { readonly object: MeshObject }>
  readonly #grants = new SetsByKey<ReferenceGrant>()
  readonly #routes = new SetsByKey<Route>()
  readonly #policies = new SetsByKey<Policy>()

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
    return this.#grants.get(namespace)
  }

  routesOf(namespace: string, name: string): Iterable<Route> {
    return this.#routes.get(objectKey({ namespace, name }))
  }

  policiesOf(kind: string, namespace: string, name: string): Iterable<Policy> {
    return this.#policies.get(formatRef({ kind, namespace, name }))
  }

  #add(object: MeshObject): void {
    if (object.kind === 'ReferenceGrant') this.#grants.add(object.metadata.namespace, object)
    if (isRoute(object)) for (const key of parentKeys(object)) this.#routes.add(key, object)
    if (isPolicy(object)) for (const target of targetsOf(object)) this.#policies.add(formatRef(target), object)
  }
}
