import type { RouteBackendJson, RouteJson, RouteMatchJson, ValueMatchJson } from '@heddle/api/discovery/route'
import fc from 'fast-check'
import { createRequestFacts, type RequestFacts } from '../src/route/request-facts.ts'

/** Few words, so that random tables and requests meet often. */
const segment = fc.constantFrom('a', 'b', 'ab', 'a%62')
const path = fc.array(segment, { maxLength: 3 }).map((segments) => `/${segments.join('/')}`)
const method = fc.constantFrom('GET', 'POST', 'PUT')
const word = fc.constantFrom('1', '2', '12')
const expression = fc.constantFrom('1', '1|2', '.*', '[12]+')
const grpcName = fc.constantFrom('s.A', 's.B', 'M')

const fieldMatch: fc.Arbitrary<ValueMatchJson> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ name: fc.constantFrom('x', 'y', 'X'), value: word }) },
  {
    weight: 1,
    arbitrary: fc.record({
      type: fc.constant('MATCH_TYPE_REGULAR_EXPRESSION' as const),
      name: fc.constantFrom('x', 'y'),
      value: expression,
    }),
  },
)

const pathMatch = fc.oneof(
  fc.record({ type: fc.constantFrom('MATCH_TYPE_EXACT' as const, 'MATCH_TYPE_PREFIX' as const), value: path }),
  fc.record({
    type: fc.constant('MATCH_TYPE_PREFIX' as const),
    value: path.map((text) => (text === '/' ? text : `${text}/`)),
  }),
  fc.record({
    type: fc.constant('MATCH_TYPE_REGULAR_EXPRESSION' as const),
    value: fc.constantFrom('/a.*', '/(a|b)', '.*', '/[^/]+/b'),
  }),
)

const httpMatch: fc.Arbitrary<RouteMatchJson> = fc.record(
  {
    path: pathMatch,
    method,
    headers: fc.array(fieldMatch, { maxLength: 3 }),
    queryParams: fc.array(
      fieldMatch.map((match) => ({ ...match, name: match.name!.toLowerCase() })),
      { maxLength: 2 },
    ),
  },
  { requiredKeys: [] },
)

const grpcMatch: fc.Arbitrary<RouteMatchJson> = fc.record(
  {
    grpc: fc.oneof(
      fc.record({ service: grpcName, method: grpcName }),
      fc.record({ service: grpcName }),
      fc.record({ method: grpcName }),
      fc.record(
        {
          type: fc.constant('MATCH_TYPE_REGULAR_EXPRESSION' as const),
          service: fc.constantFrom('s[.].', '.*'),
          method: fc.constantFrom('M', '.*'),
        },
        { requiredKeys: ['type'] },
      ),
    ),
    headers: fc.array(fieldMatch, { maxLength: 3 }),
  },
  { requiredKeys: [] },
)

const backend: fc.Arbitrary<RouteBackendJson> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ key: fc.constantFrom('name:a.ns:80', 'name:b.ns:80'), weight: fc.nat(3) }) },
  { weight: 1, arbitrary: fc.record({ unresolved: fc.constant('there is no Service c'), weight: fc.nat(3) }) },
)

function routesOf(
  kind: 'ROUTE_KIND_HTTP' | 'ROUTE_KIND_GRPC',
  match: fc.Arbitrary<RouteMatchJson>,
): fc.Arbitrary<RouteJson[]> {
  const rule = fc.record({ matches: fc.array(match, { maxLength: 5 }), backends: fc.array(backend, { maxLength: 3 }) })
  const route = fc.record({
    kind: fc.constant(kind),
    namespace: fc.constant('ns'),
    name: fc.constantFrom('r', 's'),
    rules: fc.array(rule, { minLength: 1, maxLength: 5 }),
  })
  // Tables come small and large: only the large ones have buckets that are split.
  return fc.oneof(fc.array(route, { maxLength: 3 }), fc.array(route, { minLength: 8, maxLength: 12 }))
}

/** Routes of one kind. */
export const routes: fc.Arbitrary<RouteJson[]> = fc.oneof(
  routesOf('ROUTE_KIND_HTTP', httpMatch),
  routesOf('ROUTE_KIND_GRPC', grpcMatch),
)

/** A request that such routes are about. */
export const request: fc.Arbitrary<RequestFacts> = fc
  .record({
    method,
    path: fc.oneof(
      path,
      path.map((text) => `${text}/`),
      fc.tuple(grpcName, grpcName).map(([s, m]) => `/${s}/${m}`),
    ),
    query: fc.array(fc.tuple(fc.constantFrom('x', 'y'), fc.oneof(word, path)), { maxLength: 2 }),
    headers: fc.array(fc.tuple(fc.constantFrom('x', 'y'), word), { maxLength: 3 }),
  })
  .map(({ query, path: before, ...parts }) => {
    const text = query.map((pair) => pair.join('=')).join('&')
    return createRequestFacts({ ...parts, path: text === '' ? before : `${before}?${text}` })
  })
