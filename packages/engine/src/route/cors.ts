import type { CorsJson } from '@heddle/api/discovery/route'
import { compileOrigins, isOriginAllowed, type Origins } from './cors-origin.ts'
import type { CompileContext } from './field-match.ts'
import type { HeaderChange, HeaderLine } from './header-change.ts'
import type { RequestFacts } from './request-facts.ts'

/** A cross-origin policy. WHATWG Fetch, "CORS protocol"; Gateway API, HTTPCORSFilter. */
export interface Cors {
  readonly origins: Origins
  readonly allowCredentials: boolean
  /** `*` stands for all; empty: none is named. */
  readonly allowMethods: string
  readonly allowHeaders: string
  readonly exposeHeaders: string
  /** Seconds. */
  readonly maxAge: string
}

/** The proxy's own answer to a preflight, without a body. */
export interface PreflightAnswer {
  readonly status: 200 | 403
  readonly headers: readonly HeaderLine[]
}

const DEFAULT_MAX_AGE_SECONDS = 5
const NAME_LIST = /^[!#$%&'*+\-.^_`|~0-9A-Za-z, ]*$/
const VARY_ORIGIN: HeaderLine = { name: 'vary', value: 'origin' }
const VARY_PREFLIGHT: HeaderLine = {
  name: 'vary',
  value: 'origin, access-control-request-method, access-control-request-headers',
}

/** Compiles a CORS filter. */
export function compileCors(json: CorsJson, context: CompileContext): Cors {
  return {
    origins: compileOrigins(json.allowOrigins ?? [], context),
    allowCredentials: json.allowCredentials === true,
    allowMethods: compileList(json.allowMethods, context),
    allowHeaders: compileList(json.allowHeaders, context),
    exposeHeaders: compileList(json.exposeHeaders, context),
    maxAge: String((json.maxAge ?? 0) === 0 ? DEFAULT_MAX_AGE_SECONDS : json.maxAge),
  }
}

/** Whether a browser asks what it may send, rather than sends it. */
export function isPreflight(request: RequestFacts): boolean {
  if (request.method !== 'OPTIONS' || request.fields.get('origin') === undefined) return false
  return request.fields.get('access-control-request-method') !== undefined
}

/**
 * The answer to a preflight. An origin that is not let in gets 403 and none of the fields, which the API allows beside 200 and is
 * easier to understand in a browser's console.
 */
export function answerPreflight(cors: Cors, request: RequestFacts): PreflightAnswer {
  const origin = request.fields.get('origin') ?? ''
  if (!isLetIn(cors, origin)) return { status: 403, headers: [VARY_PREFLIGHT] }
  const method = request.fields.get('access-control-request-method') ?? ''
  // An empty line behind another one would leave a blank at the end, where no value may have any.
  const named = request.fields.getAll('access-control-request-headers').filter((line) => line !== '')
  const headers = [
    ...grantLines(cors, origin),
    ...listLine('access-control-allow-methods', nameOrEcho(cors, cors.allowMethods, method)),
    ...listLine('access-control-allow-headers', nameOrEcho(cors, cors.allowHeaders, named.join(', '))),
    { name: 'access-control-max-age', value: cors.maxAge },
    VARY_PREFLIGHT,
  ]
  return { status: 200, headers }
}

/**
 * What the answer to an actual request gets. What a backend says of origins itself is replaced, and is removed where the
 * policy does not let the origin in; requests of no origin only learn that the answer varies by it.
 */
export function corsResponseChange(cors: Cors, request: RequestFacts): HeaderChange {
  const origin = request.fields.get('origin')
  const add = isSameForAll(cors) ? [] : [VARY_ORIGIN]
  if (origin === undefined) return { set: [], add, remove: [] }
  const isAllowed = isLetIn(cors, origin)
  const set = isAllowed ? grantLines(cors, origin) : []
  return { set, add, remove: isAllowed && cors.allowCredentials ? [] : removedNames(isAllowed) }
}

/** Where the answer names no origin, it is the same for those that have none, such as `null`. */
function isLetIn(cors: Cors, origin: string): boolean {
  return isSameForAll(cors) || isOriginAllowed(cors.origins, origin)
}

function removedNames(isAllowed: boolean): readonly string[] {
  const credentials = 'access-control-allow-credentials'
  return isAllowed ? [credentials] : ['access-control-allow-origin', credentials]
}

/** Who is let in, with what, and what it may read. A `*` never goes together with credentials. */
function grantLines(cors: Cors, origin: string): readonly HeaderLine[] {
  const lines: HeaderLine[] = [{ name: 'access-control-allow-origin', value: isSameForAll(cors) ? '*' : origin }]
  if (cors.allowCredentials) lines.push({ name: 'access-control-allow-credentials', value: 'true' })
  const mayExpose = !cors.allowCredentials || cors.exposeHeaders !== '*'
  return mayExpose ? lines.concat(listLine('access-control-expose-headers', cors.exposeHeaders)) : lines
}

function isSameForAll(cors: Cors): boolean {
  return cors.origins.allowsAny && !cors.allowCredentials
}

/** With credentials a `*` is not a wildcard to browsers: then the answer says what was asked for. */
function nameOrEcho(cors: Cors, list: string, asked: string): string {
  if (list !== '*' || !cors.allowCredentials) return list
  return NAME_LIST.test(asked) ? asked : ''
}

function listLine(name: string, value: string): readonly HeaderLine[] {
  return value === '' ? [] : [{ name, value }]
}

function compileList(names: readonly string[] | undefined, context: CompileContext): string {
  const list = (names ?? []).join(', ')
  if (!NAME_LIST.test(list)) context.onProblem(`a CORS filter names what cannot be a method or header: ${list}`)
  return names?.includes('*') === true ? '*' : list
}
