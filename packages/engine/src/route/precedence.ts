import type { TextMatch } from './field-match.ts'
import type { CompiledMatch } from './route-table.ts'

/** What decides between two matches that both fit, in this order. */
export type Precedence =
  | 'path-kind'
  | 'longer-prefix'
  | 'grpc-service'
  | 'grpc-method'
  | 'method'
  | 'headers'
  | 'query-params'
  | 'route-order'
  | 'rule-order'
  | 'match-order'

/** What ordering looks at. */
export type Ranked = Omit<CompiledMatch, 'rank'>

interface Criterion {
  readonly by: Precedence
  /** More comes first. */
  readonly weigh: (match: Ranked) => number
}

/**
 * Gateway API, HTTPRouteRule.matches and GRPCRouteRule.matches. Where the API leaves it open: an expression for the path comes
 * behind every prefix but `/`, so that a rule which takes everything does not hide it; so with expressions for service and
 * method, which come behind exact ones. Of two exact names or prefixes that fit one request, the longer one decides; two of one
 * length are the same.
 */
const CRITERIA: readonly Criterion[] = [
  { by: 'path-kind', weigh: weighPathKind },
  { by: 'longer-prefix', weigh: ({ path }) => (path.kind === 'prefix' ? path.prefix.length : 0) },
  { by: 'grpc-service', weigh: ({ grpc }) => weighText(grpc?.service) },
  { by: 'grpc-method', weigh: ({ grpc }) => weighText(grpc?.method) },
  { by: 'method', weigh: ({ method }) => (method === undefined ? 0 : 1) },
  { by: 'headers', weigh: ({ headers }) => headers.length },
  { by: 'query-params', weigh: ({ queryParams }) => queryParams.length },
  { by: 'route-order', weigh: ({ rule }) => -rule.routeIndex },
  { by: 'rule-order', weigh: ({ rule }) => -rule.ruleIndex },
  { by: 'match-order', weigh: ({ matchIndex }) => -matchIndex },
]

/** Best first. */
export function sortMatches(matches: readonly Ranked[]): readonly Ranked[] {
  const weighed = matches.map((match) => ({ match, weights: CRITERIA.map(({ weigh }) => weigh(match)) }))
  return weighed.sort((a, b) => compareWeights(a.weights, b.weights)).map(({ match }) => match)
}

function compareWeights(a: readonly number[], b: readonly number[]): number {
  for (let at = 0; at < a.length; at++) {
    const difference = b[at]! - a[at]!
    if (difference !== 0) return difference
  }
  return 0
}

/** The criterion by which `winner` has precedence over `loser`. */
export function precedenceOf(winner: Ranked, loser: Ranked): Precedence {
  return CRITERIA.find(({ weigh }) => weigh(winner) !== weigh(loser))?.by ?? 'match-order'
}

function weighPathKind({ path }: Ranked): number {
  switch (path.kind) {
    case 'exact':
      return 3
    case 'prefix':
      return path.prefix === '' ? 0 : 2
    case 'pattern':
      return 1
  }
}

function weighText(text: TextMatch | undefined): number {
  if (text === undefined) return 0
  return text.kind === 'exact' ? 2 : 1
}
