import type { RewriteJson, RouteFilterJson } from '@heddle/api/discovery/route'
import { type Cors, compileCors } from './cors.ts'
import type { CompileContext } from './field-match.ts'
import { compileHeaderChange, type HeaderChange } from './header-change.ts'
import { compileHostname } from './hostname.ts'
import { compileMirror, type Mirror } from './mirror.ts'
import { compilePathChange, type PathChange } from './path-change.ts'
import { compileRedirect, type Redirect } from './redirect.ts'

/** Another host or path for the request on its way to the backend. */
export interface Rewrite {
  /** Replaces Host or `:authority` as a whole; `undefined`: stays. */
  readonly authority: string | undefined
  readonly path: PathChange | undefined
}

/** A change of the request before it goes on, in the order of the route's filters. */
export type RequestStep =
  | { readonly kind: 'headers'; readonly change: HeaderChange }
  | { readonly kind: 'rewrite'; readonly rewrite: Rewrite }

/** The filters of a rule, or of a rule and the backend that was drawn; compiled once. */
export interface RouteFilters {
  readonly requestSteps: readonly RequestStep[]
  readonly responseHeaders: readonly HeaderChange[]
  /** Answers the request; nothing goes to a backend. */
  readonly redirect: Redirect | undefined
  readonly mirrors: readonly Mirror[]
  readonly cors: Cors | undefined
}

/** What most rules have; one object, so that it costs nothing. */
export const NO_FILTERS: RouteFilters = {
  requestSteps: [],
  responseHeaders: [],
  redirect: undefined,
  mirrors: [],
  cors: undefined,
}

/**
 * Compiles the filters of a rule or of a backend.
 *
 * @param prefix - as in `compilePathChange`
 */
export function compileFilters(
  filters: readonly RouteFilterJson[] | undefined,
  prefix: string | undefined,
  context: CompileContext,
): RouteFilters {
  if (filters === undefined || filters.length === 0) return NO_FILTERS
  return filters.map((filter) => compileFilter(filter, prefix, context)).reduce(joinFilters)
}

/** Those of a rule, then those of its backend. Of redirects and CORS policies the first counts: there can be but one. */
export function joinFilters(first: RouteFilters, second: RouteFilters): RouteFilters {
  if (second === NO_FILTERS) return first
  return {
    requestSteps: [...first.requestSteps, ...second.requestSteps],
    responseHeaders: [...first.responseHeaders, ...second.responseHeaders],
    redirect: first.redirect ?? second.redirect,
    mirrors: [...first.mirrors, ...second.mirrors],
    cors: first.cors ?? second.cors,
  }
}

function compileFilter(json: RouteFilterJson, prefix: string | undefined, context: CompileContext): RouteFilters {
  const { requestHeaders, responseHeaders, redirect, rewrite, mirror, cors } = json
  if (requestHeaders !== undefined) {
    return { ...NO_FILTERS, requestSteps: [{ kind: 'headers', change: compileHeaderChange(requestHeaders, context) }] }
  }
  if (responseHeaders !== undefined) {
    return { ...NO_FILTERS, responseHeaders: [compileHeaderChange(responseHeaders, context)] }
  }
  if (redirect !== undefined) return { ...NO_FILTERS, redirect: compileRedirect(redirect, prefix, context) }
  if (rewrite !== undefined) {
    return { ...NO_FILTERS, requestSteps: [{ kind: 'rewrite', rewrite: compileRewrite(rewrite, prefix, context) }] }
  }
  if (mirror !== undefined) {
    const compiled = compileMirror(mirror)
    return { ...NO_FILTERS, mirrors: compiled === undefined ? [] : [compiled] }
  }
  if (cors !== undefined) return { ...NO_FILTERS, cors: compileCors(cors, context) }
  context.onProblem('a filter is of a kind that this version does not know, and no filter may be skipped')
  return NO_FILTERS
}

function compileRewrite(json: RewriteJson, prefix: string | undefined, context: CompileContext): Rewrite {
  return {
    authority: compileHostname(json.hostname ?? '', context),
    path: compilePathChange(json.path, prefix, context),
  }
}
