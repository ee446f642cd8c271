import type { Path } from '../../manifest/finding.ts'
import type { HttpRouteRetry, HttpRouteTimeouts } from '../http-route.ts'
import type { Route } from '../route.ts'
import type { GrpcRouteFilter, HttpRouteFilter } from '../route-filters.ts'
import type { BackendObjectRef, BackendRef } from '../route-refs.ts'
import type { SessionPersistence } from '../session-persistence.ts'

/** A backendRef with its place in the route. */
export interface PlacedBackend {
  readonly ref: BackendObjectRef
  readonly path: Path
  readonly isMirror: boolean
}

type Filter = HttpRouteFilter | GrpcRouteFilter

/** A filter with its place in the route. */
export interface PlacedFilter {
  readonly filter: Filter
  readonly path: Path
}

/** Every backendRef of the route, those of its mirrors too. */
export function backendsOf(route: Route): readonly PlacedBackend[] {
  const backends = rulesOf(route).flatMap(({ backendRefs }, rule) =>
    backendRefs.map((ref, i) => ({ ref, path: ['spec', 'rules', rule, 'backendRefs', i], isMirror: false })),
  )
  const mirrors = filtersOf(route).flatMap(({ filter, path }) => {
    if (filter.type !== 'RequestMirror') return []
    return { ref: filter.requestMirror.backendRef, path: [...path, 'requestMirror', 'backendRef'], isMirror: true }
  })
  return [...backends, ...mirrors]
}

/** Every filter of the route, those of its backends too. */
export function filtersOf(route: Route): readonly PlacedFilter[] {
  return rulesOf(route).flatMap((rule, i) => {
    const path: Path = ['spec', 'rules', i]
    const own = placed(rule.filters, path)
    return [...own, ...rule.backendRefs.flatMap((ref, j) => placed(ref.filters, [...path, 'backendRefs', j]))]
  })
}

interface AnyRule {
  readonly name?: string
  readonly filters?: readonly Filter[]
  readonly backendRefs: readonly (BackendRef & { readonly filters?: readonly Filter[] })[]
  readonly timeouts?: HttpRouteTimeouts
  readonly retry?: HttpRouteRetry
  readonly sessionPersistence?: SessionPersistence
}

/** The rules of a route of any kind, with what those have in common. */
export function rulesOf(route: Route): readonly AnyRule[] {
  return route.spec.rules
}

function placed(filters: readonly Filter[] = [], path: Path): readonly PlacedFilter[] {
  return filters.map((filter, i) => ({ filter, path: [...path, 'filters', i] }))
}
