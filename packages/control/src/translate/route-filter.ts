import { create, type MessageInitShape } from '@bufbuild/protobuf'
import {
  type CorsSchema,
  type HeaderChangeSchema,
  type MirrorSchema,
  type PathChangeSchema,
  type RedirectSchema,
  type RewriteSchema,
  type RouteFilter,
  RouteFilterSchema,
} from '@heddle/api/discovery/route'
import {
  type CorsFilter,
  type GrpcRouteFilter,
  type HeaderModifier,
  type HttpRouteFilter,
  type PathModifier,
  type RequestMirror,
  type RequestRedirect,
  shareOf,
  type UrlRewrite,
} from '@heddle/api/kinds/route-filters'
import { type BackendContext, translateBackend } from './route-backend.ts'

/** Filters in their order. Those that the mesh does not have are no part of an accepted route. */
export function translateFilters(
  filters: readonly (HttpRouteFilter | GrpcRouteFilter)[],
  context: BackendContext,
): RouteFilter[] {
  return filters.flatMap((one) => {
    const filter = toFilter(one, context)
    return filter === undefined ? [] : create(RouteFilterSchema, { filter })
  })
}

type FilterInit = MessageInitShape<typeof RouteFilterSchema>['filter']

function toFilter(filter: HttpRouteFilter | GrpcRouteFilter, context: BackendContext): FilterInit {
  switch (filter.type) {
    case 'RequestHeaderModifier':
      return { case: 'requestHeaders', value: toHeaderChange(filter.requestHeaderModifier) }
    case 'ResponseHeaderModifier':
      return { case: 'responseHeaders', value: toHeaderChange(filter.responseHeaderModifier) }
    case 'RequestRedirect':
      return { case: 'redirect', value: toRedirect(filter.requestRedirect) }
    case 'URLRewrite':
      return { case: 'rewrite', value: toRewrite(filter.urlRewrite) }
    case 'RequestMirror':
      return { case: 'mirror', value: toMirror(filter.requestMirror, context) }
    case 'CORS':
      return { case: 'cors', value: toCors(filter.cors) }
    case 'ExtensionRef':
    case 'ExternalAuth':
      return undefined
  }
}

function toHeaderChange({ set, add, remove }: HeaderModifier): MessageInitShape<typeof HeaderChangeSchema> {
  const toLower = ({ name, value }: { readonly name: string; readonly value: string }) => {
    return { name: name.toLowerCase(), value }
  }
  return { set: set.map(toLower), add: add.map(toLower), remove: remove.map((name) => name.toLowerCase()) }
}

function toRedirect(redirect: RequestRedirect): MessageInitShape<typeof RedirectSchema> {
  const { scheme = '', hostname = '', port = 0, path, statusCode } = redirect
  return { scheme, hostname, port, status: statusCode, ...(path && { path: toPathChange(path) }) }
}

function toRewrite({ hostname = '', path }: UrlRewrite): MessageInitShape<typeof RewriteSchema> {
  return { hostname, ...(path && { path: toPathChange(path) }) }
}

function toPathChange(path: PathModifier): MessageInitShape<typeof PathChangeSchema> {
  if (path.type === 'ReplaceFullPath') return { change: { case: 'replaceFullPath', value: path.replaceFullPath } }
  return { change: { case: 'replacePrefixMatch', value: path.replacePrefixMatch } }
}

function toMirror(mirror: RequestMirror, context: BackendContext): MessageInitShape<typeof MirrorSchema> {
  return { backend: translateBackend(mirror.backendRef, context), ...shareOf(mirror) }
}

function toCors(cors: CorsFilter): MessageInitShape<typeof CorsSchema> {
  const { allowOrigins, allowMethods, allowHeaders, exposeHeaders, ...rest } = cors
  return {
    ...rest,
    allowOrigins: [...allowOrigins],
    allowMethods: [...allowMethods],
    allowHeaders: [...allowHeaders],
    exposeHeaders: [...exposeHeaders],
  }
}
