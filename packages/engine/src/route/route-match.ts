import type { GrpcMethodMatchJson, PathMatchJson, RouteMatchJson } from '@heddle/api/discovery/route'
import {
  compileHeaderMatches,
  compileQueryMatches,
  compileText,
  type FieldMatch,
  findHeaderMismatch,
  isFitting,
  type MatchContext,
  NO_FIELDS,
  type TextMatch,
} from './field-match.ts'
import { isUnderPrefix, withoutSlash } from './path-change.ts'
import { readQueryParam } from './query-param.ts'
import type { RequestFacts } from './request-facts.ts'

/** What a request has to be; all of it. */
export interface RequestMatch {
  readonly path: PathMatch
  readonly grpc: GrpcMatch | undefined
  /** `undefined`: any. */
  readonly method: string | undefined
  readonly headers: readonly FieldMatch[]
  readonly queryParams: readonly FieldMatch[]
}

/** `prefix` is without a slash at the end, so `/` is the empty string, which fits every path. */
export type PathMatch =
  | { readonly kind: 'exact'; readonly path: string }
  | { readonly kind: 'prefix'; readonly prefix: string }
  | { readonly kind: 'pattern'; readonly text: TextMatch }

/** Of a path `/SERVICE/METHOD`; `undefined`: any. */
export interface GrpcMatch {
  readonly service: TextMatch | undefined
  readonly method: TextMatch | undefined
}

/** Service and method of a gRPC request's path. */
export interface GrpcName {
  readonly service: string
  readonly method: string
}

/** The conditions of a match by number, in the order in which they are tried; query parameters follow the headers. */
export const CONDITION = { path: 0, service: 1, grpcMethod: 2, method: 3, firstHeader: 4 } as const

/** What a rule without matches has. */
export const MATCH_ALL: RequestMatch = {
  path: { kind: 'prefix', prefix: '' },
  grpc: undefined,
  method: undefined,
  headers: NO_FIELDS,
  queryParams: NO_FIELDS,
}

/** Compiles one match of a rule. */
export function compileMatch(json: RouteMatchJson, context: MatchContext): RequestMatch {
  const method = json.method ?? ''
  return {
    path: compilePath(json.path, context),
    grpc: compileGrpc(json.grpc, context),
    method: method === '' ? undefined : method,
    headers: compileHeaderMatches(json.headers, context),
    queryParams: compileQueryMatches(json.queryParams, context),
  }
}

/**
 * The first condition, counted from `from`, that `request` does not fulfil, or -1 when it fulfils all. `decide` asks for the
 * first one, `explain` goes on from there: so both see the same.
 */
export function findMismatch(match: RequestMatch, request: RequestFacts, from: number): number {
  if (from <= CONDITION.path && !isPathFitting(match.path, request.path)) return CONDITION.path
  if (from <= CONDITION.grpcMethod && match.grpc !== undefined) {
    const at = findGrpcMismatch(match.grpc, request.path, from)
    if (at !== -1) return at
  }
  if (from <= CONDITION.method && match.method !== undefined && match.method !== request.method) return CONDITION.method
  return findFieldMismatch(match, request, from)
}

/** What the request's path says of gRPC; `undefined` for a path that has not two parts. */
export function readGrpcName(path: string): GrpcName | undefined {
  const end = pathEnd(path)
  const slash = path.lastIndexOf('/', end - 1)
  if (slash <= 0 || !path.startsWith('/')) return undefined
  return { service: path.slice(1, slash), method: path.slice(slash + 1, end) }
}

/** Where the query begins, or the path ends. */
export function pathEnd(path: string): number {
  const question = path.indexOf('?')
  return question === -1 ? path.length : question
}

function isPathFitting(match: PathMatch, path: string): boolean {
  const end = pathEnd(path)
  switch (match.kind) {
    case 'exact':
      return end === match.path.length && path.startsWith(match.path)
    case 'prefix':
      return isUnderPrefix(match.prefix, path, end)
    case 'pattern':
      return isFitting(match.text, path.slice(0, end))
  }
}

function findGrpcMismatch(match: GrpcMatch, path: string, from: number): number {
  const name = readGrpcName(path)
  if (from <= CONDITION.service && match.service !== undefined && !isFitting(match.service, name?.service)) {
    return CONDITION.service
  }
  return match.method !== undefined && !isFitting(match.method, name?.method) ? CONDITION.grpcMethod : -1
}

function findFieldMismatch(match: RequestMatch, request: RequestFacts, from: number): number {
  const { headers, queryParams } = match
  if (headers.length === 0 && queryParams.length === 0) return -1
  let condition = Math.max(from, CONDITION.firstHeader)
  const afterHeaders = CONDITION.firstHeader + headers.length
  if (condition < afterHeaders) {
    const at = findHeaderMismatch(headers, request, condition - CONDITION.firstHeader)
    if (at !== -1) return CONDITION.firstHeader + at
    condition = afterHeaders
  }
  for (; condition < afterHeaders + queryParams.length; condition++) {
    const { name, text } = queryParams[condition - afterHeaders]!
    if (!isFitting(text, readQueryParam(request.path, name))) return condition
  }
  return -1
}

function compilePath(json: PathMatchJson | undefined, context: MatchContext): PathMatch {
  const value = json?.value ?? '/'
  if (json?.type === 'MATCH_TYPE_REGULAR_EXPRESSION')
    return { kind: 'pattern', text: compileText(value, true, { ...context, place: 'path' }) }
  if (!value.startsWith('/')) context.onProblem(`the path ${JSON.stringify(value)} does not begin with a slash`)
  if (json?.type === 'MATCH_TYPE_EXACT') return { kind: 'exact', path: value }
  return { kind: 'prefix', prefix: withoutSlash(value) }
}

function compileGrpc(json: GrpcMethodMatchJson | undefined, context: MatchContext): GrpcMatch | undefined {
  const { service = '', method = '' } = json ?? {}
  if (service === '' && method === '') return undefined
  const isRegex = json?.type === 'MATCH_TYPE_REGULAR_EXPRESSION'
  if (!isRegex && (service.includes('/') || method.includes('/'))) {
    context.onProblem(`no gRPC name has a slash: ${service} ${method}`)
  }
  return {
    service: service === '' ? undefined : compileText(service, isRegex, { ...context, place: 'path' }),
    method: method === '' ? undefined : compileText(method, isRegex, { ...context, place: 'path' }),
  }
}
