import { accepted, type Condition, notAccepted, resolvedRefs } from '../conditions.ts'
import type { Route } from '../route.ts'
import type { ParentRef } from '../route-refs.ts'
import { findBackendFault } from './backend-fault.ts'
import type { ObjectLookup } from './object-lookup.ts'
import { findParentFault } from './parent-fault.ts'
import { backendsOf } from './route-backends.ts'

/** `status.parents[]` of a route. */
export interface RouteParentStatus {
  readonly parentRef: ParentRef
  /** `Accepted`, then `ResolvedRefs`. */
  readonly conditions: readonly Condition[]
}

/** The status of a route: of each of its parents whether the route is in force there, and whether its backends are found. */
export function routeStatus(route: Route, lookup: Omit<ObjectLookup, 'policiesOf'>): readonly RouteParentStatus[] {
  const faults = backendsOf(route).flatMap(({ ref }) => findBackendFault(route, ref, lookup) ?? [])
  const resolved = resolvedRefs(faults[0])
  return route.spec.parentRefs.map((parentRef) => {
    const fault = findParentFault(route, parentRef, lookup)
    const condition = fault === undefined ? accepted(whereInForce(route, parentRef)) : notAccepted(fault)
    return { parentRef, conditions: [condition, resolved] }
  })
}

/** Whether the route is for clients of its own namespace only (GEP-1294): its parent is in another one. */
export function isConsumerRoute(route: Route, parentRef: ParentRef): boolean {
  return route.metadata.namespace !== parentRef.namespace
}

function whereInForce(route: Route, parentRef: ParentRef): string {
  const parent = `${parentRef.kind} ${parentRef.namespace}/${parentRef.name}`
  if (!isConsumerRoute(route, parentRef)) return `in force for every client of ${parent}`
  const { namespace } = route.metadata
  return `in force for clients of ${parent} in namespace ${namespace} only, in place of the routes in namespace ${parentRef.namespace}`
}
