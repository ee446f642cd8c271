import type { RouteJson, RouteRuleJson } from '@heddle/api/discovery/route'
import { describe, expect, test } from 'vitest'
import { compileRoutes, needsRegex } from './compile-routes.ts'
import { compileRegex } from './regex.ts'

function route(rule: RouteRuleJson, kind: RouteJson['kind'] = 'ROUTE_KIND_HTTP'): RouteJson {
  return { kind: kind!, namespace: 'ns', name: 'r', rules: [{}, { name: 'it', ...rule }] }
}

describe('compileRoutes()', () => {
  test.each<{ name: string; routes: RouteJson[]; problem: string | RegExp }>([
    {
      name: 'an expression that does not compile',
      routes: [route({ matches: [{ path: { type: 'MATCH_TYPE_REGULAR_EXPRESSION', value: '/(' } }] })],
      problem: /^HTTPRoute ns\/r, rule 2 \(it\): the regular expression "\/\(" cannot be used: .*missing closing/,
    },
    {
      name: 'an expression in a header',
      routes: [
        route({ matches: [{ headers: [{ type: 'MATCH_TYPE_REGULAR_EXPRESSION', name: 'x', value: '(?=a)' }] }] }),
      ],
      problem: /unsupported Perl syntax/,
    },
    {
      name: 'an expression for a gRPC name',
      routes: [
        route({ matches: [{ grpc: { type: 'MATCH_TYPE_REGULAR_EXPRESSION', service: '[' } }] }, 'ROUTE_KIND_GRPC'),
      ],
      problem: /^GRPCRoute ns\/r, rule 2 \(it\): the regular expression "\["/,
    },
    {
      name: 'a path without a slash',
      routes: [route({ matches: [{ path: { type: 'MATCH_TYPE_EXACT', value: 'a' } }] })],
      problem: 'HTTPRoute ns/r, rule 2 (it): the path "a" does not begin with a slash',
    },
    {
      name: 'a prefix of a header',
      routes: [route({ matches: [{ headers: [{ type: 'MATCH_TYPE_PREFIX', name: 'x', value: 'a' }] }] })],
      problem: 'HTTPRoute ns/r, rule 2 (it): x cannot be matched by prefix: only paths can',
    },
    {
      name: 'a match of no header',
      routes: [route({ matches: [{ queryParams: [{ value: 'a' }] }] })],
      problem: 'HTTPRoute ns/r, rule 2 (it): a match has no name of a header or query parameter',
    },
    {
      name: 'a gRPC name with a slash',
      routes: [route({ matches: [{ grpc: { service: 'a/b' } }] }, 'ROUTE_KIND_GRPC')],
      problem: /no gRPC name has a slash/,
    },
    {
      name: 'a prefix that is replaced but not matched',
      routes: [
        route({
          matches: [
            { path: { type: 'MATCH_TYPE_PREFIX', value: '/a' } },
            { path: { type: 'MATCH_TYPE_PREFIX', value: '/b' } },
          ],
          filters: [{ rewrite: { path: { replacePrefixMatch: '/' } } }],
        }),
      ],
      problem: 'HTTPRoute ns/r, rule 2 (it): replacePrefixMatch needs a rule that matches by one path prefix',
    },
    {
      name: 'a filter of a backend',
      routes: [route({ backends: [{ key: 'k', filters: [{ rewrite: { hostname: 'a b' } }] }] })],
      problem: 'HTTPRoute ns/r, rule 2 (it): "a b" cannot be a host name',
    },
    {
      name: 'two kinds at once',
      routes: [route({}), route({}, 'ROUTE_KIND_GRPC')],
      problem: 'GRPCRoute ns/r cannot be in a table of HTTPRoutes for requests',
    },
    { name: 'a TCPRoute', routes: [route({}, 'ROUTE_KIND_TCP')], problem: /TCPRoute ns\/r cannot be in a table/ },
  ])('refuses $name, and says where', ({ routes, problem }) => {
    const problems = [typeof problem === 'string' ? problem : expect.stringMatching(problem)]
    expect(compileRoutes(routes, { regex: compileRegex })).toEqual({ kind: 'refused', problems })
  })

  test('refuses expressions when their compiler is not loaded', () => {
    const routes = [route({ matches: [{ path: { type: 'MATCH_TYPE_REGULAR_EXPRESSION', value: '/a' } }] })]
    expect(compileRoutes(routes, { regex: undefined })).toMatchObject({ kind: 'refused' })
  })

  test('tells all problems at once', () => {
    const rule = { matches: [{ path: { value: 'a' } }, { path: { value: 'b' } }], filters: [{}] }
    const compiled = compileRoutes([route(rule)], { regex: undefined })
    expect(compiled.kind === 'refused' && compiled.problems).toHaveLength(3)
  })
})

test.each<{ name: string; rule: RouteRuleJson; needs: boolean }>([
  { name: 'nothing', rule: {}, needs: false },
  { name: 'a prefix', rule: { matches: [{ path: { type: 'MATCH_TYPE_PREFIX', value: '/' } }] }, needs: false },
  { name: 'a path', rule: { matches: [{ path: { type: 'MATCH_TYPE_REGULAR_EXPRESSION', value: '/' } }] }, needs: true },
  { name: 'a header', rule: { matches: [{ headers: [{ type: 'MATCH_TYPE_REGULAR_EXPRESSION' }] }] }, needs: true },
  { name: 'a query', rule: { matches: [{ queryParams: [{ type: 'MATCH_TYPE_REGULAR_EXPRESSION' }] }] }, needs: true },
  { name: 'a gRPC name', rule: { matches: [{ grpc: { type: 'MATCH_TYPE_REGULAR_EXPRESSION' } }] }, needs: true },
  { name: 'a fault', rule: { faults: [{ headers: [{ type: 'MATCH_TYPE_REGULAR_EXPRESSION' }] }] }, needs: true },
])('needsRegex() for $name: $needs', ({ rule, needs }) => {
  expect(needsRegex([route(rule)])).toBe(needs)
})
