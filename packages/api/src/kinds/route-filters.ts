import type { BackendObjectRef, ExtensionRef } from './route-refs.ts'

/** Filters that HTTPRoute and GRPCRoute have in common. */
export type GrpcRouteFilter =
  | { readonly type: 'RequestHeaderModifier'; readonly requestHeaderModifier: HeaderModifier }
  | { readonly type: 'ResponseHeaderModifier'; readonly responseHeaderModifier: HeaderModifier }
  | { readonly type: 'RequestMirror'; readonly requestMirror: RequestMirror }
  | { readonly type: 'ExtensionRef'; readonly extensionRef: ExtensionRef }

/** A filter of an HTTPRoute, with the one field that its type has. */
export type HttpRouteFilter =
  | GrpcRouteFilter
  | { readonly type: 'RequestRedirect'; readonly requestRedirect: RequestRedirect }
  | { readonly type: 'URLRewrite'; readonly urlRewrite: UrlRewrite }
  | { readonly type: 'CORS'; readonly cors: CorsFilter }
  /** Refused in status: there is no filter of this sort yet. */
  | { readonly type: 'ExternalAuth' }

/** Applied in the order set, add, remove. Names as the file spells them. */
export interface HeaderModifier {
  readonly set: readonly HeaderValue[]
  readonly add: readonly HeaderValue[]
  readonly remove: readonly string[]
}

/** A header field, its name as the file spells it; case counts for nothing (RFC 9110 §5.1). */
export interface HeaderValue {
  readonly name: string
  readonly value: string
}

/** At most one of `percent` and `fraction` is there; neither: every request. See {@link shareOf}. */
export interface RequestMirror extends Share {
  readonly backendRef: BackendObjectRef
}

/** A part of the requests. */
export interface Share {
  readonly percent?: number
  readonly fraction?: { readonly numerator: number; readonly denominator: number }
}

/** What is absent is as the request has it, but for the port: a `scheme` brings its own, a `hostname` the port of the Service. */
export interface RequestRedirect {
  readonly scheme?: 'http' | 'https'
  readonly hostname?: string
  readonly path?: PathModifier
  readonly port?: number
  readonly statusCode: 301 | 302 | 303 | 307 | 308
}

/** What is absent stays as the request has it. */
export interface UrlRewrite {
  readonly hostname?: string
  readonly path?: PathModifier
}

/** `replacePrefixMatch` takes the place of what the rule's only match, a PathPrefix, has matched. */
export type PathModifier =
  | { readonly type: 'ReplaceFullPath'; readonly replaceFullPath: string }
  | { readonly type: 'ReplacePrefixMatch'; readonly replacePrefixMatch: string }

/** Who may read answers in a browser, and what it may send. `*` in a list: everything. */
export interface CorsFilter {
  readonly allowOrigins: readonly string[]
  readonly allowCredentials: boolean
  readonly allowMethods: readonly string[]
  readonly allowHeaders: readonly string[]
  readonly exposeHeaders: readonly string[]
  /** Seconds. */
  readonly maxAge: number
}

/** A share as numerator of denominator; all where nothing is said. */
export function shareOf({ percent, fraction }: Share): { readonly numerator: number; readonly denominator: number } {
  return fraction ?? { numerator: percent ?? 100, denominator: 100 }
}
