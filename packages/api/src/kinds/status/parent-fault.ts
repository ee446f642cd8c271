import { formatPath } from '../../manifest/finding.ts'
import type { StatusFault } from '../conditions.ts'
import { ROUTE_KINDS, type Route } from '../route.ts'
import { isServiceRef, type ParentRef } from '../route-refs.ts'
import type { Service } from '../service.ts'
import { compareAge } from './age.ts'
import type { ObjectLookup } from './object-lookup.ts'
import { describePorts, parentPorts } from './parent-ports.ts'
import { findUnsupported } from './unsupported.ts'

type Lookup = Pick<ObjectLookup, 'service' | 'routesOf'>

/**
 * Why a route is not in force at one of its parents, in the words of its status.
 *
 * @returns `undefined` when it is in force, at one port of the parent at least
 */
export function findParentFault(route: Route, ref: ParentRef, lookup: Lookup): StatusFault | undefined {
  const missing = findMissingParent(ref, lookup)
  if (missing !== undefined) return missing
  const [unsupported] = findUnsupported(route)
  if (unsupported !== undefined) {
    const { path, reason, remedy } = unsupported
    return { reason: 'UnsupportedValue', message: `${formatPath(path)}: ${reason} (${remedy})` }
  }
  return findOutranked(route, ref, lookup)
}

/** Why there is nothing at which the route could be in force. */
export function findMissingParent(ref: ParentRef, lookup: Pick<ObjectLookup, 'service'>): StatusFault | undefined {
  const { group, kind, namespace, name, sectionName, port } = ref
  const reason = 'NoMatchingParent'
  if (!isServiceRef(ref)) {
    const message = `only Services can be parents: there is no ${kind}${group === '' ? '' : ` (${group})`} here`
    return { reason, message }
  }
  const service = lookup.service(namespace, name)
  if (service === undefined) return { reason, message: `there is no Service ${namespace}/${name}` }
  if (service.spec.type === 'ExternalName') {
    return { reason, message: `Service ${namespace}/${name} is an ExternalName, whose clients go past the mesh` }
  }
  if (parentPorts(ref, service).length > 0) return undefined
  const number = port === undefined ? '' : ` ${port}`
  const named = sectionName === undefined ? '' : ` named ${sectionName}`
  const message = `Service ${namespace}/${name} has no TCP port${number}${named}; it has ${describePorts(service)}`
  return { reason, message }
}

/** At every port there is a route of a more specific kind: only one kind counts at a port (GEP-1426). */
function findOutranked(route: Route, ref: ParentRef, lookup: Lookup): StatusFault | undefined {
  const service = lookup.service(ref.namespace, ref.name)
  if (service === undefined) return undefined
  const rivals = parentPorts(ref, service).map(({ port }) => findRival(route, { service, port }, lookup))
  const [first] = rivals
  if (first === undefined || rivals.includes(undefined)) return undefined
  const { kind, metadata } = first
  const message = `${kind} ${metadata.namespace}/${metadata.name} is attached to Service ${ref.namespace}/${ref.name} as well; of two kinds of routes at one port ${kind} goes before ${route.kind}`
  return { reason: 'Conflicted', message }
}

/**
 * The route of a more specific kind that takes a port of a Service from `route`: the oldest of them.
 *
 * Routes of the Service's own namespace and those of a client's namespace do not meet: each client sees one sort.
 */
export function findRival(
  route: Route,
  { service, port }: { readonly service: Service; readonly port: number },
  lookup: Pick<ObjectLookup, 'routesOf'>,
): Route | undefined {
  const { namespace, name } = service.metadata
  const rank = RANKS[route.kind]
  let rival: Route | undefined
  for (const other of lookup.routesOf(namespace, name)) {
    // The rank first: of a Service with thousands of routes this is asked for each pair of them.
    if (RANKS[other.kind] >= rank || other.metadata.namespace !== route.metadata.namespace) continue
    if (!isAttachedTo(other, service, port) || findUnsupported(other).length > 0) continue
    if (rival === undefined || compareAge(other.metadata, rival.metadata) < 0) rival = other
  }
  return rival
}

const RANKS = Object.fromEntries(ROUTE_KINDS.map((kind, rank) => [kind, rank])) as Record<Route['kind'], number>

/** Whether one of the route's parentRefs covers the port of the Service. */
export function isAttachedTo(route: Route, service: Service, port: number): boolean {
  const { namespace, name } = service.metadata
  return route.spec.parentRefs.some(
    (ref) =>
      isServiceRef(ref) &&
      ref.namespace === namespace &&
      ref.name === name &&
      parentPorts(ref, service).some((one) => one.port === port),
  )
}
