import type { StatusFault } from '../conditions.ts'
import { isGranted } from '../reference-grant.ts'
import { GATEWAY_GROUP, type Route } from '../route.ts'
import { type BackendObjectRef, isServiceRef } from '../route-refs.ts'
import type { ObjectLookup } from './object-lookup.ts'
import { describePorts } from './parent-ports.ts'

type Lookup = Pick<ObjectLookup, 'service' | 'grants'>

/**
 * Why there is nothing behind a backendRef of the route, in the words of its status.
 *
 * @returns `undefined` when it leads to a port of a Service, which may still be without endpoints
 */
export function findBackendFault(route: Route, ref: BackendObjectRef, lookup: Lookup): StatusFault | undefined {
  const { group, kind, namespace, name, port } = ref
  if (group !== '' || kind !== 'Service') {
    const message = `backends of kind ${kind}${group === '' ? '' : ` (${group})`} are not known; name a Service`
    return { reason: 'InvalidKind', message }
  }
  const from = { group: GATEWAY_GROUP, kind: route.kind, namespace: route.metadata.namespace }
  const to = { group: '', kind, namespace, name }
  if (!isParent(route, ref) && !isGranted({ from, to }, lookup.grants(namespace))) {
    const message = `no ReferenceGrant in namespace ${namespace} lets routes of kind ${route.kind} in namespace ${from.namespace} refer to Service ${namespace}/${name}`
    return { reason: 'RefNotPermitted', message }
  }
  const service = lookup.service(namespace, name)
  if (service === undefined) {
    return { reason: 'BackendNotFound', message: `there is no Service ${namespace}/${name}` }
  }
  if (service.spec.type === 'ExternalName') {
    const message = `Service ${namespace}/${name} is an ExternalName, which has no endpoints`
    return { reason: 'UnsupportedValue', message }
  }
  if (service.spec.ports.some((one) => one.protocol === 'TCP' && one.port === port)) return undefined
  const message = `Service ${namespace}/${name} has no TCP port ${port}; it has ${describePorts(service)}`
  return { reason: 'BackendNotFound', message }
}

/** Whose requests they are already: a client that asked for this very Service needs nobody's leave to be sent there. */
function isParent(route: Route, { namespace, name }: BackendObjectRef): boolean {
  return route.spec.parentRefs.some((ref) => isServiceRef(ref) && ref.namespace === namespace && ref.name === name)
}
