import type { ObjectMeta } from './object-meta.ts'
import type { HttpRouteFilter } from './route-filters.ts'
import type { BackendRef, ParentRef } from './route-refs.ts'
import type { SessionPersistence } from './session-persistence.ts'

/** Gateway API HTTPRoute. Defaults are filled in; `v1beta1` is read as the same. Durations as text: `parseDurationMs`. */
export interface HttpRoute {
  readonly apiVersion: 'gateway.networking.k8s.io/v1'
  readonly kind: 'HTTPRoute'
  readonly metadata: ObjectMeta
  readonly spec: HttpRouteSpec
}

/** The rules in the order of the file, which decides between matches of equal precedence. */
export interface HttpRouteSpec {
  readonly parentRefs: readonly ParentRef[]
  /** Without effect where the parent is a Service. */
  readonly hostnames: readonly string[]
  readonly rules: readonly HttpRouteRule[]
}

/** Requests that match go through the filters, in the order of the file, to a backend that is drawn by weight. */
export interface HttpRouteRule {
  readonly name?: string
  /** Any of these; there is at least one. */
  readonly matches: readonly HttpRouteMatch[]
  readonly filters: readonly HttpRouteFilter[]
  readonly backendRefs: readonly HttpBackendRef[]
  readonly timeouts: HttpRouteTimeouts
  readonly retry?: HttpRouteRetry
  readonly sessionPersistence?: SessionPersistence
}

/** All that are there have to hold. */
export interface HttpRouteMatch {
  readonly path: HttpPathMatch
  readonly headers: readonly ValueMatch[]
  readonly queryParams: readonly ValueMatch[]
  readonly method?: string
}

/** `PathPrefix` goes by whole segments: `/a` takes `/a/b`, not `/ab`. `RegularExpression`: RE2, on the whole path. */
export interface HttpPathMatch {
  readonly type: 'Exact' | 'PathPrefix' | 'RegularExpression'
  readonly value: string
}

/** Of a header, whose name is as the file spells it, or of a query parameter. */
export interface ValueMatch {
  readonly type: 'Exact' | 'RegularExpression'
  readonly name: string
  readonly value: string
}

/** Its filters are for what is sent to this backend, beside those of the rule. */
export interface HttpBackendRef extends BackendRef {
  readonly filters: readonly HttpRouteFilter[]
}

/** `0s`: none. */
export interface HttpRouteTimeouts {
  readonly request?: string
  readonly backendRequest?: string
}

/** GEP-1731. What is absent is the TrafficPolicy's, then the mesh's, to say. */
export interface HttpRouteRetry {
  readonly codes: readonly number[]
  readonly attempts?: number
  readonly backoff?: string
}
