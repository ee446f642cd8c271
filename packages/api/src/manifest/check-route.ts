import type { HttpRouteRule } from '../kinds/http-route.ts'
import type { MeshObject } from '../kinds/mesh-object.ts'
import { GATEWAY_GROUP, isRoute, type Route } from '../kinds/route.ts'
import type { HttpRouteFilter, RequestRedirect } from '../kinds/route-filters.ts'
import { isServiceRef, type ParentRef } from '../kinds/route-refs.ts'
import {
  backendsOf,
  filtersOf,
  type PlacedBackend,
  type PlacedFilter,
  rulesOf,
} from '../kinds/status/route-backends.ts'
import { findUnsupported } from '../kinds/status/unsupported.ts'
import { errorAt, type Finding, type Path, warningAt } from './finding.ts'

/** What a route says, whatever else there is: what the mesh cannot do is an error, what surely serves nobody a warning. */
export function checkRoute(object: MeshObject): Finding[] {
  if (!isRoute(object)) return []
  return [
    ...findUnsupported(object).map(({ path, reason, remedy }) => errorAt(path, reason, remedy)),
    ...checkParents(object),
    ...backendsOf(object).flatMap(checkBackendKind),
    ...checkRules(object),
    ...filtersOf(object).flatMap(checkFilter),
  ]
}

function checkParents({ spec }: Route): Finding[] {
  if (spec.parentRefs.length === 0) {
    return [
      warningAt(['spec'], 'there are no parentRefs, so the route is attached to nothing', 'name a Service in them'),
    ]
  }
  return spec.parentRefs.flatMap((ref, i) => checkParent(ref, ['spec', 'parentRefs', i]))
}

const GATEWAY_KINDS: ReadonlySet<string> = new Set(['Gateway', 'ListenerSet'])

function checkParent(ref: ParentRef, path: Path): Finding[] {
  if (isServiceRef(ref)) return []
  const { group, kind } = ref
  if (kind === 'Service') {
    return [errorAt([...path, 'group'], `there is no Service in group ${group}`, 'write group: ""')]
  }
  if (group === GATEWAY_GROUP && GATEWAY_KINDS.has(kind)) {
    const remedy = 'for the requests of a Service write group: "" and kind: Service'
    return [warningAt(path, `has no effect: there are no gateways yet, so no ${kind}`, remedy)]
  }
  return [errorAt([...path, 'kind'], `a route cannot be attached to a ${kind}`, 'name a Service, with group: ""')]
}

function checkBackendKind({ ref, path }: PlacedBackend): Finding[] {
  const { group, kind } = ref
  if (group === '' && kind === 'Service') return []
  if (kind === 'Service') return [errorAt([...path, 'group'], `there is no Service in group ${group}`, 'leave it out')]
  return [errorAt([...path, 'kind'], `a backend cannot be a ${kind}`, 'name a Service')]
}

function checkRules(route: Route): Finding[] {
  const findings = rulesOf(route).flatMap(({ backendRefs, filters = [] }, i) => {
    const path: Path = ['spec', 'rules', i]
    if (backendRefs.length === 0) {
      if (filters.some(({ type }) => type === 'RequestRedirect')) return []
      return [
        warningAt(
          path,
          'there are no backendRefs: what it matches is answered with an error',
          'name a Service in them',
        ),
      ]
    }
    if (backendRefs.some(({ weight }) => weight > 0)) return []
    return [warningAt([...path, 'backendRefs'], 'every weight is 0: what it matches is answered with an error')]
  })
  if (route.kind !== 'HTTPRoute') return findings
  return [...findings, ...route.spec.rules.flatMap(checkRedirect)]
}

/** A redirect to where the same rule redirects again. */
function checkRedirect({ filters, matches }: HttpRouteRule, index: number): Finding[] {
  return filters.flatMap((filter, i) => {
    if (filter.type !== 'RequestRedirect' || leavesHost(filter.requestRedirect)) return []
    const at: Path = ['spec', 'rules', index, 'filters', i, 'requestRedirect']
    const { path } = filter.requestRedirect
    if (path === undefined) {
      const remedy = 'set at least one of scheme, hostname, port and path'
      return [warningAt(at, 'redirects each request to itself, without end', remedy)]
    }
    const target = path.type === 'ReplaceFullPath' ? path.replaceFullPath : path.replacePrefixMatch
    const loops = matches.some((match) => {
      const isPlain = match.headers.length + match.queryParams.length === 0 && match.method === undefined
      return isPlain && isWithin(target, match.path)
    })
    if (!loops) return []
    return [
      warningAt(
        [...at, 'path'],
        'leads to a path that the same rule redirects again',
        'let the match leave that path out',
      ),
    ]
  })
}

function leavesHost({ scheme, hostname, port }: RequestRedirect): boolean {
  return (scheme ?? hostname ?? port) !== undefined
}

function isWithin(path: string, { type, value }: HttpRouteRule['matches'][number]['path']): boolean {
  if (type === 'Exact') return path === value
  const prefix = value.endsWith('/') ? value : `${value}/`
  return type === 'PathPrefix' && `${path}/`.startsWith(prefix)
}

function checkFilter({ filter, path }: PlacedFilter): Finding[] {
  const field = idleField(filter)
  return field === undefined ? [] : [warningAt([...path, field], 'has no effect: it says nothing')]
}

function idleField(filter: HttpRouteFilter): string | undefined {
  switch (filter.type) {
    case 'RequestHeaderModifier':
      return isIdle(filter.requestHeaderModifier) ? 'requestHeaderModifier' : undefined
    case 'ResponseHeaderModifier':
      return isIdle(filter.responseHeaderModifier) ? 'responseHeaderModifier' : undefined
    case 'URLRewrite':
      return isIdle(filter.urlRewrite) ? 'urlRewrite' : undefined
    case 'CORS':
      return filter.cors.allowOrigins.length === 0 ? 'cors' : undefined
    default:
      return undefined
  }
}

function isIdle(fields: object): boolean {
  return Object.values(fields).every((field) => Array.isArray(field) && field.length === 0)
}
