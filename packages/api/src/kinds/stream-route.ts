import type { ObjectMeta } from './object-meta.ts'
import type { BackendRef, ParentRef } from './route-refs.ts'

/** Gateway API TLSRoute: connections by the server name that they ask for. `v1alpha2` and `v1alpha3` are read as the same. */
export interface TlsRoute {
  readonly apiVersion: 'gateway.networking.k8s.io/v1'
  readonly kind: 'TLSRoute'
  readonly metadata: ObjectMeta
  readonly spec: TlsRouteSpec
}

/** Where connections go that ask for one of these names; what they carry stays encrypted. */
export interface TlsRouteSpec {
  readonly parentRefs: readonly ParentRef[]
  /** Any of these, each exact or with a leading `*.`. */
  readonly hostnames: readonly string[]
  /** Exactly one. */
  readonly rules: readonly StreamRouteRule[]
}

/** Gateway API TCPRoute: connections. `v1alpha2` is read as the same. */
export interface TcpRoute {
  readonly apiVersion: 'gateway.networking.k8s.io/v1'
  readonly kind: 'TCPRoute'
  readonly metadata: ObjectMeta
  readonly spec: TcpRouteSpec
}

/** Where all connections of its parents go. */
export interface TcpRouteSpec {
  readonly parentRefs: readonly ParentRef[]
  /** Exactly one. */
  readonly rules: readonly StreamRouteRule[]
}

/** Each connection goes to one of these, drawn by weight. */
export interface StreamRouteRule {
  readonly name?: string
  readonly backendRefs: readonly BackendRef[]
}
