import { toJson } from '@bufbuild/protobuf'
import { type Destination, DestinationSchema, type ServiceJson } from '@heddle/api/discovery'
import { compileRoutes } from '@heddle/engine/route/compile'
import { type ConnectionTable, compileConnectionRoutes } from '@heddle/engine/route/connection'
import { compileRegex } from '@heddle/engine/route/regex'
import type { RouteTable } from '@heddle/engine/route/table'

/** What a proxy makes of a destination that it is told, by the proxy's own engine. */
export type DestinationRouting =
  | { readonly kind: 'requests'; readonly service: ServiceJson; readonly table: RouteTable }
  | { readonly kind: 'connections'; readonly service: ServiceJson; readonly table: ConnectionTable }
  /** Routes have no say there; one sentence about what is there, and why where there is nothing. */
  | { readonly kind: 'elsewhere'; readonly sentence: string; readonly missing?: string }
  /** The proxy keeps what it had; one sentence each. */
  | { readonly kind: 'refused'; readonly problems: readonly string[] }

/** Compiles what is attached to a destination. */
export function compileDestination(destination: Destination | undefined): DestinationRouting {
  if (destination === undefined) return { kind: 'elsewhere', sentence: 'there is no such destination' }
  const { service, endpoint, notFound } = toJson(DestinationSchema, destination)
  if (service !== undefined) return compileService(service)
  if (endpoint !== undefined) {
    const { address = '', port = 0, id = '' } = endpoint
    return {
      kind: 'elsewhere',
      sentence: `goes to the endpoint ${id} at ${address}:${port}, which is addressed directly`,
    }
  }
  if (notFound !== undefined) {
    const missing = notFound.reason ?? 'it does not exist'
    return { kind: 'elsewhere', sentence: `is refused: ${missing}`, missing }
  }
  return { kind: 'elsewhere', sentence: 'leaves the mesh: the proxy connects as the application asked, in plain' }
}

function compileService(service: ServiceJson): DestinationRouting {
  const { routes = [] } = service
  const [first] = routes
  if (first?.kind === 'ROUTE_KIND_TLS' || first?.kind === 'ROUTE_KIND_TCP') {
    const compiled = compileConnectionRoutes(routes)
    return compiled.kind === 'refused' ? compiled : { kind: 'connections', service, table: compiled.table }
  }
  const compiled = compileRoutes(routes, { regex: compileRegex })
  return compiled.kind === 'refused' ? compiled : { kind: 'requests', service, table: compiled.table }
}
