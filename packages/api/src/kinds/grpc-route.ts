import type { ValueMatch } from './http-route.ts'
import type { ObjectMeta } from './object-meta.ts'
import type { GrpcRouteFilter } from './route-filters.ts'
import type { BackendRef, ParentRef } from './route-refs.ts'
import type { SessionPersistence } from './session-persistence.ts'

/** Gateway API GRPCRoute. Defaults are filled in; `v1alpha2` is read as the same. */
export interface GrpcRoute {
  readonly apiVersion: 'gateway.networking.k8s.io/v1'
  readonly kind: 'GRPCRoute'
  readonly metadata: ObjectMeta
  readonly spec: GrpcRouteSpec
}

/** The rules in the order of the file, which decides between matches of equal precedence. */
export interface GrpcRouteSpec {
  readonly parentRefs: readonly ParentRef[]
  /** Without effect where the parent is a Service. */
  readonly hostnames: readonly string[]
  readonly rules: readonly GrpcRouteRule[]
}

/** Calls that match go through the filters, in the order of the file, to a backend that is drawn by weight. */
export interface GrpcRouteRule {
  readonly name?: string
  /** Any of these; none: every request. */
  readonly matches: readonly GrpcRouteMatch[]
  readonly filters: readonly GrpcRouteFilter[]
  readonly backendRefs: readonly GrpcBackendRef[]
  readonly sessionPersistence?: SessionPersistence
}

/** All that are there have to hold. */
export interface GrpcRouteMatch {
  readonly method?: GrpcMethodMatch
  readonly headers: readonly ValueMatch[]
}

/** At least one of `service` and `method` is there. */
export interface GrpcMethodMatch {
  readonly type: 'Exact' | 'RegularExpression'
  readonly service?: string
  readonly method?: string
}

/** Its filters are for what is sent to this backend, beside those of the rule. */
export interface GrpcBackendRef extends BackendRef {
  readonly filters: readonly GrpcRouteFilter[]
}
