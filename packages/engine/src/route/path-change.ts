import type { PathChangeJson } from '@heddle/api/discovery/route'
import type { CompileContext } from './field-match.ts'

/** How a rewrite or a redirect changes the path. */
export type PathChange =
  | { readonly kind: 'full'; readonly path: string }
  /** `prefix` is what the rule matched, both without a slash at the end; `/` is the empty string. */
  | { readonly kind: 'prefix'; readonly prefix: string; readonly replacement: string }

/** What a request target may have, RFC 3986 §3.3 and §3.4: nothing that could end a line or a field. */
const PATH = /^[\x21\x22\x24-\x7e]*$/

/**
 * Compiles a path change.
 *
 * @param prefix - what all matches of the rule have as their prefix; `undefined`: they are not by one prefix
 */
export function compilePathChange(
  change: PathChangeJson | undefined,
  prefix: string | undefined,
  context: CompileContext,
): PathChange | undefined {
  const full = change?.replaceFullPath
  const path = full ?? change?.replacePrefixMatch
  if (path === undefined) return undefined
  if (!PATH.test(path)) context.onProblem(`${JSON.stringify(path)} cannot be a path`)
  if (full !== undefined) return { kind: 'full', path: withSlash(full) }
  if (prefix === undefined) context.onProblem('replacePrefixMatch needs a rule that matches by one path prefix')
  const replacement = withoutSlash(path)
  return { kind: 'prefix', prefix: prefix ?? '', replacement: replacement === '' ? '' : withSlash(replacement) }
}

/**
 * The path after `change`, with the query that it had; a path put in its place as a whole may bring a query of its own. `*` and the
 * empty path of CONNECT are no paths, and stay; so does a path without the prefix that is to be replaced.
 */
export function changePath(change: PathChange, path: string): string {
  if (!path.startsWith('/')) return path
  const question = path.indexOf('?')
  const query = question === -1 ? '' : path.slice(question)
  if (change.kind === 'full') return change.path.includes('?') ? change.path : change.path + query
  const end = question === -1 ? path.length : question
  // Another filter of the route may have changed the path since it was matched.
  if (!isUnderPrefix(change.prefix, path, end)) return path
  const changed = change.replacement + path.slice(change.prefix.length, end)
  return (changed === '' ? '/' : changed) + query
}

/**
 * Whether the segments of `prefix` are the first ones of a path.
 *
 * @param prefix - without a slash at its end
 * @param end - where the path ends and its query begins
 */
export function isUnderPrefix(prefix: string, path: string, end: number): boolean {
  if (prefix === '') return true
  if (end < prefix.length || !path.startsWith(prefix)) return false
  return end === prefix.length || path[prefix.length] === '/'
}

/** The prefix `/a/` is the prefix `/a`, and `/` is the empty one (Gateway API, PathPrefix). */
export function withoutSlash(path: string): string {
  return path.endsWith('/') ? path.slice(0, -1) : path
}

function withSlash(path: string): string {
  return path.startsWith('/') ? path : `/${path}`
}
