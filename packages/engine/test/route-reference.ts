import type { RouteJson, RouteMatchJson, ValueMatchJson } from '@heddle/api/discovery/route'
import type { RequestFacts } from '../src/route/request-facts.ts'

/** Which match of which rule wins. */
export interface ReferenceMatch {
  readonly route: number
  readonly rule: number
  /** -1: the rule names none. */
  readonly match: number
}

interface Candidate extends ReferenceMatch {
  /** Greater wins; compared item by item. */
  readonly weights: readonly number[]
}

/**
 * The best match by asking all of them, written from the Gateway API's words for comparison with the indexed lookup: slow, and
 * sharing no code with it. Expressions are JavaScript's, so that only such may be used as mean the same in both.
 */
export function findByReference(routes: readonly RouteJson[], request: RequestFacts): ReferenceMatch | undefined {
  const fitting = listCandidates(routes).filter(({ json }) => isFittingByReference(json, request))
  const [best] = fitting.map(({ place }) => place).sort(compare)
  return best === undefined ? undefined : { route: best.route, rule: best.rule, match: best.match }
}

function listCandidates(routes: readonly RouteJson[]): readonly { json: RouteMatchJson; place: Candidate }[] {
  return routes.flatMap(({ rules = [] }, route) =>
    rules.flatMap(({ matches = [] }, rule) => {
      const numbered = matches.length === 0 ? [[-1, {}] as const] : matches.map((json, at) => [at, json] as const)
      return numbered.map(([match, json]) => ({ json, place: { route, rule, match, weights: weigh(json) } }))
    }),
  )
}

function compare(a: Candidate, b: Candidate): number {
  const at = a.weights.findIndex((weight, index) => weight !== b.weights[index])
  if (at !== -1) return b.weights[at]! - a.weights[at]!
  return a.route - b.route || a.rule - b.rule || a.match - b.match
}

function weigh({ path, grpc, method, headers = [], queryParams = [] }: RouteMatchJson): readonly number[] {
  const prefix = path === undefined ? '' : trim(path.value ?? '/')
  const isPrefix = path === undefined || path.type === 'MATCH_TYPE_PREFIX'
  const isExact = path?.type === 'MATCH_TYPE_EXACT'
  const text = (value: string | undefined) => {
    if (value === undefined) return 0
    return grpc?.type === 'MATCH_TYPE_REGULAR_EXPRESSION' ? 1 : 2
  }
  return [
    isExact ? 1 : 0,
    isPrefix && prefix !== '' ? prefix.length : 0,
    isPrefix ? 0 : 1,
    text(grpc?.service),
    text(grpc?.method),
    method === undefined ? 0 : 1,
    new Set(headers.map(({ name }) => name?.toLowerCase())).size,
    new Set(queryParams.map(({ name }) => name)).size,
  ]
}

function isFittingByReference(match: RouteMatchJson, request: RequestFacts): boolean {
  const url = request.path.split('?')
  const path = url[0]!
  const query = new URLSearchParams(url.slice(1).join('?'))
  if (match.path !== undefined && !isPathFitting(match.path, path)) return false
  if (match.method !== undefined && match.method !== request.method) return false
  if (match.grpc !== undefined && !isGrpcFitting(match.grpc, path)) return false
  return (
    areFitting(match.headers?.map(inLowerCase), (name) => request.fields.getAll(name).join(', ') || undefined) &&
    areFitting(match.queryParams, (name) => query.get(name) ?? undefined)
  )
}

function isPathFitting({ type, value = '/' }: NonNullable<RouteMatchJson['path']>, path: string): boolean {
  if (type === 'MATCH_TYPE_EXACT') return path === value
  if (type === 'MATCH_TYPE_REGULAR_EXPRESSION') return new RegExp(`^(?:${value})$`).test(path)
  const wanted = trim(value)
  return wanted === '' || path === wanted || path.startsWith(`${wanted}/`)
}

function isGrpcFitting({ type, service, method }: NonNullable<RouteMatchJson['grpc']>, path: string): boolean {
  if (service === undefined && method === undefined) return true
  const parts = /^\/(.*)\/([^/]*)$/.exec(path)
  if (parts === null) return false
  const isFitting = (wanted: string | undefined, got: string) =>
    wanted === undefined ||
    (type === 'MATCH_TYPE_REGULAR_EXPRESSION' ? new RegExp(`^(?:${wanted})$`).test(got) : wanted === got)
  return isFitting(service, parts[1]!) && isFitting(method, parts[2]!)
}

function areFitting(matches: readonly ValueMatchJson[] = [], read: (name: string) => string | undefined): boolean {
  const firsts = new Map<string, ValueMatchJson>()
  for (const match of matches) if (!firsts.has(match.name!)) firsts.set(match.name!, match)
  return [...firsts.values()].every(({ type, name, value = '' }) => {
    const got = read(name!)
    if (got === undefined) return false
    return type === 'MATCH_TYPE_REGULAR_EXPRESSION' ? new RegExp(`^(?:${value})$`).test(got) : got === value
  })
}

function inLowerCase(match: ValueMatchJson): ValueMatchJson {
  return { ...match, name: match.name!.toLowerCase() }
}

function trim(path: string): string {
  return path.endsWith('/') ? path.slice(0, -1) : path
}
