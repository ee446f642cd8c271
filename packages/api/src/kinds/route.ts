import type { GrpcRoute } from './grpc-route.ts'
import type { HttpRoute } from './http-route.ts'
import { objectKey } from './object-meta.ts'
import { isServiceRef } from './route-refs.ts'
import type { TcpRoute, TlsRoute } from './stream-route.ts'

/** Every kind that says where requests for a Service go. */
export type Route = HttpRoute | GrpcRoute | TlsRoute | TcpRoute

/** The most specific kind first: of two kinds at one port of a Service the first one counts (GEP-1426). */
export const ROUTE_KINDS = [
  'GRPCRoute',
  'HTTPRoute',
  'TLSRoute',
  'TCPRoute',
] as const satisfies readonly Route['kind'][]

export const GATEWAY_GROUP = 'gateway.networking.k8s.io'

const KINDS: ReadonlySet<string> = new Set(ROUTE_KINDS)

/** Whether an object is one of {@link Route}, whatever union of kinds it comes from. */
export function isRoute<T extends { readonly kind: string }>(
  object: T,
): object is Extract<T, { readonly kind: Route['kind'] }> {
  return KINDS.has(object.kind)
}

/** `NAMESPACE/NAME` of the Services that a route names as parents, whether it is accepted there or not. */
export function parentKeys({ spec }: Route): Set<string> {
  return new Set(spec.parentRefs.filter(isServiceRef).map(objectKey))
}
