import type {
  CorsFilter,
  GrpcRouteFilter,
  HeaderModifier,
  HttpRouteFilter,
  RequestMirror,
  RequestRedirect,
  UrlRewrite,
} from './route-filters.ts'
import type { BackendObjectRef, ExtensionRef } from './route-refs.ts'

/** A filter as a file has it: the field that goes with its type is there, the others are not. */
export interface RawFilter {
  readonly type: HttpRouteFilter['type']
  readonly requestHeaderModifier?: Partial<HeaderModifier>
  readonly responseHeaderModifier?: Partial<HeaderModifier>
  readonly requestMirror?: Omit<RequestMirror, 'backendRef'> & {
    readonly backendRef: Omit<BackendObjectRef, 'namespace'> & { readonly namespace?: string }
  }
  readonly requestRedirect?: RequestRedirect
  readonly urlRewrite?: UrlRewrite
  readonly cors?: Partial<CorsFilter> & Pick<CorsFilter, 'allowCredentials' | 'maxAge'>
  readonly extensionRef?: ExtensionRef
}

/** @param namespace - the route's own, for a mirror that names none */
export function toFilter(raw: RawFilter, namespace: string): HttpRouteFilter {
  switch (raw.type) {
    case 'RequestRedirect':
      return { type: raw.type, requestRedirect: raw.requestRedirect! }
    case 'URLRewrite':
      return { type: raw.type, urlRewrite: raw.urlRewrite! }
    case 'CORS':
      return { type: raw.type, cors: toCors(raw.cors!) }
    case 'ExternalAuth':
      return { type: raw.type }
    default:
      return toGrpcFilter(raw, namespace)
  }
}

/** The same of a GRPCRoute, which has fewer types. */
export function toGrpcFilter(raw: RawFilter, namespace: string): GrpcRouteFilter {
  switch (raw.type) {
    case 'RequestHeaderModifier':
      return { type: raw.type, requestHeaderModifier: toModifier(raw.requestHeaderModifier!) }
    case 'ResponseHeaderModifier':
      return { type: raw.type, responseHeaderModifier: toModifier(raw.responseHeaderModifier!) }
    case 'RequestMirror': {
      const { backendRef, ...share } = raw.requestMirror!
      return { type: raw.type, requestMirror: { ...share, backendRef: { namespace, ...backendRef } } }
    }
    case 'ExtensionRef':
      return { type: raw.type, extensionRef: raw.extensionRef! }
    default:
      throw new RangeError(`a schema let filter ${raw.type} through`)
  }
}

function toModifier({ set = [], add = [], remove = [] }: Partial<HeaderModifier>): HeaderModifier {
  return { set, add, remove }
}

function toCors(raw: NonNullable<RawFilter['cors']>): CorsFilter {
  return { allowOrigins: [], allowMethods: [], allowHeaders: [], exposeHeaders: [], ...raw }
}
