import type { Policy } from '../mesh-object.ts'
import type { ReferenceGrant } from '../reference-grant.ts'
import type { Route } from '../route.ts'
import type { Service } from '../service.ts'

/** What the status of an object depends on. Whoever holds the objects indexes them so that no call goes through all. */
export interface ObjectLookup {
  service(namespace: string, name: string): Service | undefined
  route(kind: Route['kind'], namespace: string, name: string): Route | undefined
  /** ReferenceGrants in the namespace. */
  grants(namespace: string): Iterable<ReferenceGrant>
  /** Routes of every kind and namespace with a parentRef to the Service. */
  routesOf(namespace: string, name: string): Iterable<Route>
  /** Policies of every kind in the namespace with a targetRef to an object of this kind and name. */
  policiesOf(kind: string, namespace: string, name: string): Iterable<Policy>
}
