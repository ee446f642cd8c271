import { isPolicy, type MeshObject, type Policy, targetsOf } from '@heddle/api/kinds'
import { type ObjectMeta, type ObjectRef, objectKey } from '@heddle/api/kinds/meta'
import type { ReferenceGrant } from '@heddle/api/kinds/reference-grant'
import { isRoute, parentKeys, type Route } from '@heddle/api/kinds/route'
import type { Service } from '@heddle/api/kinds/service'
import type { ObjectLookup } from '@heddle/api/kinds/status/object-lookup'
import { SetsByKey } from '@heddle/base/sets-by-key'
import { PolicyTable } from './policy-table.ts'
import { RouteTable } from './route-table.ts'
import type { ServiceTable } from './service-table.ts'

/**
 * Routes, policies and grants, with the Services that they are about: says at which Services something else is in force
 * after a change, and nothing of the others.
 */
export class TrafficTables implements ObjectLookup {
  readonly #services: ServiceTable
  readonly #routes = new RouteTable()
  readonly #policies = new PolicyTable()
  readonly #grants = new SetsByKey<ReferenceGrant>()

  constructor(services: ServiceTable) {
    this.#services = services
  }

  service(namespace: string, name: string): Service | undefined {
    return this.#services.get(namespace, name)?.service
  }

  route(kind: Route['kind'], namespace: string, name: string): Route | undefined {
    return this.#routes.get({ kind, namespace, name })
  }

  grants(namespace: string): Iterable<ReferenceGrant> {
    return this.#grants.get(namespace)
  }

  routesOf(namespace: string, name: string): Iterable<Route> {
    return this.#routes.ofParent(objectKey({ namespace, name }))
  }

  policiesOf(kind: string, namespace: string, name: string): Iterable<Policy> {
    return this.#policies.ofTarget({ kind, namespace, name })
  }

  /**
   * Takes over objects after those that are removed are gone; kinds that it does not keep are passed over.
   *
   * @param before - objects that were replaced or removed
   * @returns `NAMESPACE/NAME` of the Services at which something else may be in force now
   */
  apply(before: readonly MeshObject[], upserted: readonly MeshObject[]): Set<string> {
    const touched = new Set<string>()
    // Twice, because what an object concerns depends on the others, as they were and as they are.
    for (const object of [...before, ...upserted]) this.#touch(object, touched)
    for (const object of before) this.#remove(object)
    for (const object of upserted) this.#set(object)
    for (const object of [...before, ...upserted]) this.#touch(object, touched)
    return touched
  }

  /** `NAMESPACE/NAME` of the Services at which an object says what is in force. */
  touched(object: MeshObject): Set<string> {
    const touched = new Set<string>()
    this.#touch(object, touched)
    return touched
  }

  /** What else depends on a Service whose object has changed: parents of the routes that lead to it. */
  dependents(service: ObjectMeta): Set<string> {
    const touched = new Set<string>()
    for (const route of this.#routes.ofBackend(objectKey(service))) touchParents(route, touched)
    return touched
  }

  #remove(object: MeshObject): void {
    const ref: ObjectRef = { kind: object.kind, namespace: object.metadata.namespace, name: object.metadata.name }
    if (isRoute(object)) this.#routes.remove(ref)
    else if (isPolicy(object)) this.#policies.remove(ref)
    else if (object.kind === 'ReferenceGrant') this.#grants.remove(ref.namespace, object)
  }

  #set(object: MeshObject): void {
    if (isRoute(object)) this.#routes.set(object)
    else if (isPolicy(object)) this.#policies.set(object)
    else if (object.kind === 'ReferenceGrant') this.#grants.add(object.metadata.namespace, object)
  }

  #touch(object: MeshObject, touched: Set<string>): void {
    if (isRoute(object)) touchParents(object, touched)
    else if (isPolicy(object)) this.#touchTargets(object, touched)
    else if (object.kind === 'ReferenceGrant') {
      for (const route of this.#routes.ofGrantor(object.metadata.namespace)) touchParents(route, touched)
    }
  }

  #touchTargets(policy: Policy, touched: Set<string>): void {
    for (const target of targetsOf(policy)) {
      if (target.kind === 'Service') touched.add(objectKey(target))
      const route = this.#routes.get(target)
      if (route !== undefined) touchParents(route, touched)
    }
  }
}

function touchParents(route: Route, touched: Set<string>): void {
  for (const key of parentKeys(route)) touched.add(key)
}
