import { create } from '@bufbuild/protobuf'
import { formatNameKey } from '@heddle/api/destination-key'
import { type RouteBackend, RouteBackendSchema } from '@heddle/api/discovery/route'
import type { Route } from '@heddle/api/kinds/route'
import type { BackendObjectRef } from '@heddle/api/kinds/route-refs'
import { findBackendFault } from '@heddle/api/kinds/status/backend-fault'
import type { ObjectLookup } from '@heddle/api/kinds/status/object-lookup'

/** Whose backends they are, and where what they refer to is looked up. */
export interface BackendContext {
  readonly route: Route
  readonly lookup: ObjectLookup
}

/** A backend as proxies are told: the key of a destination, or why there is none. Without filters. */
export function translateBackend(
  ref: BackendObjectRef & { readonly weight?: number },
  { route, lookup }: BackendContext,
): RouteBackend {
  const { port, weight = 1 } = ref
  const fault = findBackendFault(route, ref, lookup)
  if (fault !== undefined)
    return create(RouteBackendSchema, { weight, unresolved: `${fault.reason}: ${fault.message}` })
  return create(RouteBackendSchema, { weight, key: formatNameKey(ref, port!) })
}
