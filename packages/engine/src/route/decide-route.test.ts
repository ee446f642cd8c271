import type { MatchTypeJson, RouteJson, RouteMatchJson, RouteRuleJson } from '@heddle/api/discovery/route'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { request as someRequest, routes as someRoutes } from '../../test/route-arbitraries.ts'
import { findByReference } from '../../test/route-reference.ts'
import { compileRoutes } from './compile-routes.ts'
import { decideRoute } from './decide-route.ts'
import { hashName } from './name-hash.ts'
import { compileRegex } from './regex.ts'
import { createRequestFacts, type RequestFactsParts } from './request-facts.ts'
import type { RouteDecision } from './route-decision.ts'
import type { RouteTable } from './route-table.ts'

const EXACT = 'MATCH_TYPE_EXACT'
const PREFIX = 'MATCH_TYPE_PREFIX'
const REGEX = 'MATCH_TYPE_REGULAR_EXPRESSION'

function tableOf(routes: readonly RouteJson[]): RouteTable {
  const compiled = compileRoutes(routes, { regex: compileRegex })
  if (compiled.kind === 'refused') throw new Error(compiled.problems.join('\n'))
  return compiled.table
}

function route(rules: RouteRuleJson[], kind: RouteJson['kind'] = 'ROUTE_KIND_HTTP', name = 'r'): RouteJson {
  return { kind, namespace: 'ns', name, rules }
}

/** Each match in a rule of its own, whose only backend is named after it. */
function ruleFor(name: string, ...matches: RouteMatchJson[]): RouteRuleJson {
  return { name, matches, backends: [{ key: `name:${name}.ns:80`, weight: 1 }] }
}

function decide(table: RouteTable, parts: RequestFactsParts, point = 0): RouteDecision {
  return decideRoute(table, createRequestFacts(parts), { random: () => point, nowMs: () => 1_000_000 })
}

function winner(table: RouteTable, parts: RequestFactsParts): string {
  const decision = decide(table, parts)
  return decision.kind === 'forward' ? decision.rule.name : decision.kind
}

describe('precedence of HTTP matches', () => {
  const path = (type: MatchTypeJson, value: string) => ({ path: { type, value } })
  test.each<{ name: string; better: RouteMatchJson; worse: RouteMatchJson; request: RequestFactsParts }>([
    { name: 'exact over prefix', better: path(EXACT, '/a'), worse: path(PREFIX, '/a'), request: { path: '/a' } },
    {
      name: 'exact over a prefix with all else',
      better: path(EXACT, '/a'),
      worse: { ...path(PREFIX, '/a'), method: 'GET', headers: [{ name: 'x', value: '1' }] },
      request: { path: '/a', headers: [['x', '1']] },
    },
    { name: 'longer prefix', better: path(PREFIX, '/a/b'), worse: path(PREFIX, '/a'), request: { path: '/a/b/c' } },
    {
      name: 'longer prefix over a method',
      better: path(PREFIX, '/a/b'),
      worse: { ...path(PREFIX, '/a'), method: 'GET' },
      request: { path: '/a/b' },
    },
    {
      name: 'prefix over expression',
      better: path(PREFIX, '/a'),
      worse: path(REGEX, '/a/.+'),
      request: { path: '/a/b' },
    },
    {
      name: 'expression over the prefix /',
      better: path(REGEX, '/a/.+'),
      worse: { ...path(PREFIX, '/'), method: 'GET', headers: [{ name: 'x', value: '1' }] },
      request: { path: '/a/b', headers: [['x', '1']] },
    },
    {
      name: 'method over headers',
      better: { method: 'GET' },
      worse: { headers: [{ name: 'x', value: '1' }] },
      request: { headers: [['x', '1']] },
    },
    {
      name: 'more headers',
      better: {
        headers: [
          { name: 'x', value: '1' },
          { name: 'y', value: '1' },
        ],
      },
      worse: { headers: [{ name: 'x', value: '1' }] },
      request: {
        headers: [
          ['x', '1'],
          ['y', '1'],
        ],
      },
    },
    {
      name: 'headers that differ, over more lines for one header',
      better: {
        headers: [
          { name: 'x', value: '1' },
          { name: 'y', value: '1' },
        ],
      },
      worse: {
        headers: [
          { name: 'x', value: '1' },
          { name: 'X', value: '2' },
          { name: 'x', value: '3' },
        ],
      },
      request: {
        headers: [
          ['x', '1'],
          ['y', '1'],
        ],
      },
    },
    {
      name: 'headers over query parameters',
      better: { headers: [{ name: 'x', value: '1' }] },
      worse: {
        queryParams: [
          { name: 'x', value: '1' },
          { name: 'y', value: '1' },
        ],
      },
      request: { path: '/?x=1&y=1', headers: [['x', '1']] },
    },
    {
      name: 'more query parameters',
      better: {
        queryParams: [
          { name: 'x', value: '1' },
          { name: 'y', value: '1' },
        ],
      },
      worse: { queryParams: [{ name: 'x', value: '1' }] },
      request: { path: '/?x=1&y=1' },
    },
  ])('prefers: $name', ({ better, worse, request }) => {
    const routes = [route([ruleFor('worse', worse)]), route([ruleFor('better', better)])]
    expect(winner(tableOf(routes), request)).toBe('better')
    expect(winner(tableOf(routes.toReversed()), request)).toBe('better')
  })

  test('settles ties by the order of routes, then of rules', () => {
    const first = route([ruleFor('one', {}), ruleFor('two', {})])
    const second = route([ruleFor('three', {}), ruleFor('four', {})])
    expect(winner(tableOf([first, second]), {})).toBe('one')
    expect(winner(tableOf([second, first]), {})).toBe('three')
  })

  test('takes a slash at the end of a prefix for nothing', () => {
    const table = tableOf([route([ruleFor('one', path(PREFIX, '/a/')), ruleFor('two', path(PREFIX, '/a'))])])
    expect(winner(table, { path: '/a' })).toBe('one')
    expect(winner(table, { path: '/a/b' })).toBe('one')
  })
})

describe('precedence of gRPC matches', () => {
  test.each([
    { name: 'service and method', path: '/s.A/M', wins: 'both' },
    { name: 'service over an expression', path: '/s.A/N', wins: 'service' },
    { name: 'expression for the service over the method alone', path: '/s.B/M', wins: 'service-expression' },
    { name: 'method alone', path: '/t/M', wins: 'method' },
    { name: 'expression for the method', path: '/t/Mx', wins: 'method-expression' },
    { name: 'whatever else', path: '/t/N', wins: 'any' },
    { name: 'whatever else, of a path that is not gRPC', path: '/', wins: 'any' },
  ])('$name', ({ path, wins }) => {
    const rules = [
      ruleFor('any'),
      ruleFor('method-expression', { grpc: { type: REGEX, method: 'M.*' } }),
      ruleFor('method', { grpc: { type: EXACT, method: 'M' } }),
      ruleFor('service-expression', { grpc: { type: REGEX, service: 's[.].' } }),
      ruleFor('service', { grpc: { type: EXACT, service: 's.A' } }),
      ruleFor('both', { grpc: { type: EXACT, service: 's.A', method: 'M' } }),
    ]
    for (const order of [rules, rules.toReversed()]) {
      expect(winner(tableOf([route(order, 'ROUTE_KIND_GRPC')]), { path })).toBe(wins)
    }
  })
})

describe('what matches', () => {
  const matches = (match: RouteMatchJson, request: RequestFactsParts) =>
    winner(tableOf([route([ruleFor('it', match)])]), request) === 'it'

  test.each([
    { type: PREFIX, value: '/abc', path: '/abc', fits: true },
    { type: PREFIX, value: '/abc', path: '/abc/', fits: true },
    { type: PREFIX, value: '/abc', path: '/abc/def', fits: true },
    { type: PREFIX, value: '/abc', path: '/abcd', fits: false },
    { type: PREFIX, value: '/abc', path: '/ABC', fits: false },
    { type: PREFIX, value: '/abc', path: '/abc?x', fits: true },
    { type: PREFIX, value: '/abc', path: '/abc?x=/y', fits: true },
    { type: PREFIX, value: '/abc', path: '/abc/d?x=/y', fits: true },
    { type: PREFIX, value: '/abc', path: '/?/abc', fits: false },
    { type: PREFIX, value: '/abc/', path: '/abc', fits: true },
    { type: PREFIX, value: '/abc', path: '/abc//', fits: true },
    { type: PREFIX, value: '/', path: '*', fits: true },
    { type: PREFIX, value: '/', path: '', fits: true },
    { type: PREFIX, value: '/a', path: '*', fits: false },
    { type: EXACT, value: '/abc', path: '/abc', fits: true },
    { type: EXACT, value: '/abc', path: '/abc?x=/y', fits: true },
    { type: EXACT, value: '/abc', path: '/abc/', fits: false },
    { type: EXACT, value: '/abc/', path: '/abc', fits: false },
    { type: EXACT, value: '/abc', path: '/Abc', fits: false },
    { type: EXACT, value: '/a%62c', path: '/abc', fits: false },
    { type: REGEX, value: '/v[0-9]+', path: '/v12', fits: true },
    { type: REGEX, value: '/v[0-9]+', path: '/v12?x', fits: true },
    { type: REGEX, value: '/v[0-9]+', path: '/v12/x', fits: false },
  ] as const)('$type $value on $path: $fits', ({ type, value, path, fits }) => {
    expect(matches({ path: { type, value } }, { path })).toBe(fits)
  })

  test.each<{ name: string; match: RouteMatchJson; request: RequestFactsParts; fits: boolean }>([
    {
      name: 'header names in any case',
      match: { headers: [{ name: 'X-User', value: 'alice' }] },
      request: { headers: [['x-uSER', 'alice']] },
      fits: true,
    },
    {
      name: 'header values in their case only',
      match: { headers: [{ name: 'x-user', value: 'alice' }] },
      request: { headers: [['x-user', 'Alice']] },
      fits: false,
    },
    {
      name: 'the first of two conditions on one header',
      match: {
        headers: [
          { name: 'x', value: '1' },
          { name: 'X', value: '2' },
        ],
      },
      request: { headers: [['x', '1']] },
      fits: true,
    },
    {
      name: 'a header of two lines as one value',
      match: { headers: [{ name: 'x', value: '1, 2' }] },
      request: {
        headers: [
          ['x', '1'],
          ['x', '2'],
        ],
      },
      fits: true,
    },
    {
      name: 'cookies in several fields as one value',
      match: { headers: [{ type: REGEX, name: 'cookie', value: '(.*; )?b=2(;.*)?' }] },
      request: {
        headers: [
          ['cookie', 'a=1'],
          ['cookie', 'b=2'],
        ],
      },
      fits: true,
    },
    {
      name: 'host as the authority',
      match: { headers: [{ name: 'Host', value: 'shop.example:8080' }] },
      request: { authority: 'shop.example:8080' },
      fits: true,
    },
    {
      name: 'an expression on the whole header only',
      match: { headers: [{ type: REGEX, name: 'x', value: 'v[0-9]' }] },
      request: { headers: [['x', 'v12']] },
      fits: false,
    },
    {
      name: 'a method',
      match: { method: 'GET' },
      request: { method: 'get' },
      fits: false,
    },
    {
      name: 'the first value of a query parameter',
      match: { queryParams: [{ name: 'x', value: '1' }] },
      request: { path: '/a?x=1&x=2' },
      fits: true,
    },
    {
      name: 'not the second one',
      match: { queryParams: [{ name: 'x', value: '2' }] },
      request: { path: '/a?x=1&x=2' },
      fits: false,
    },
    {
      name: 'any of the matches of a rule',
      match: {},
      request: { path: '/whatever' },
      fits: true,
    },
  ])('$name: $fits', ({ match, request, fits }) => {
    expect(matches(match, request)).toBe(fits)
  })
})

describe('the indexed lookup', () => {
  test('finds what asking all matches finds', () => {
    fc.assert(
      fc.property(someRoutes, fc.array(someRequest, { minLength: 1, maxLength: 8 }), (routes, requests) => {
        const table = tableOf(routes)
        for (const request of requests) {
          const decision = decideRoute(table, request, { random: () => 0.5, nowMs: () => 0 })
          const match = 'match' in decision ? decision.match : undefined
          const found = match && { route: match.rule.routeIndex, rule: match.rule.ruleIndex, match: match.matchIndex }
          expect(found).toEqual(findByReference(routes, request))
        }
      }),
      { numRuns: 400 },
    )
  })

  test.each<{ name: string; matchOf: (n: number) => RouteMatchJson; request: RequestFactsParts }>([
    { name: 'exact paths', matchOf: (n) => ({ path: { type: EXACT, value: `/p${n}` } }), request: { path: '/p77' } },
    { name: 'prefixes', matchOf: (n) => ({ path: { type: PREFIX, value: `/p${n}` } }), request: { path: '/p77/x' } },
    {
      name: 'headers',
      matchOf: (n) => ({ headers: [{ name: 'x', value: `${n}` }] }),
      request: { headers: [['x', '77']] },
    },
    { name: 'queries', matchOf: (n) => ({ queryParams: [{ name: 'x', value: `${n}` }] }), request: { path: '/?x=77' } },
  ])('reads as little of a request with 1000 routes as with 100, by $name', ({ matchOf, request }) => {
    const readsOf = (count: number) => {
      const table = tableOf(Array.from({ length: count }, (_, n) => route([ruleFor(`r${n}`, matchOf(n))])))
      const facts = createRequestFacts(request)
      let reads = 0
      const counted = new Proxy(facts, {
        get(target, key, receiver) {
          reads += 1
          return Reflect.get(target, key, receiver)
        },
      })
      const decision = decideRoute(table, counted, { random: () => 0, nowMs: () => 0 })
      expect(decision).toMatchObject({ kind: 'forward', rule: { name: 'r77' } })
      return reads
    }
    expect(readsOf(1000)).toBe(readsOf(100))
  })
})

describe('decideRoute()', () => {
  test('sends requests to the own endpoints where no route is attached', () => {
    expect(decide(tableOf([]), {})).toEqual({ kind: 'own-endpoints' })
  })

  test('refuses what fits no rule', () => {
    const table = tableOf([route([ruleFor('it', { path: { type: EXACT, value: '/a' } })]), route([])])
    expect(decide(table, { path: '/b' })).toMatchObject({
      kind: 'refused',
      cause: 'no_match',
      reason: 'no rule of HTTPRoute ns/r nor of 1 more fits the request',
    })
  })

  test('draws backends by their weights, and never one of weight 0', () => {
    const backends = [
      { key: 'name:a.ns:80', weight: 1 },
      { key: 'name:b.ns:80', weight: 0 },
      { key: 'name:c.ns:80', weight: 3 },
    ]
    const table = tableOf([route([{ backends }])])
    const drawn = Array.from({ length: 100 }, (_, n) => {
      const decision = decide(table, {}, n / 100)
      return decision.kind === 'forward' ? decision.backend.key : decision.kind
    })
    expect(drawn.filter((key) => key === 'name:a.ns:80')).toHaveLength(25)
    expect(drawn.filter((key) => key === 'name:c.ns:80')).toHaveLength(75)
  })

  test('gives the same object for the same way', () => {
    const table = tableOf([route([ruleFor('it', {})])])
    expect(decide(table, { path: '/a' })).toBe(decide(table, { path: '/b' }))
  })

  test.each<{ name: string; rule: RouteRuleJson; cause: string; reason: string }>([
    {
      name: 'no backend',
      rule: {},
      cause: 'no_backend',
      reason: 'HTTPRoute ns/r, rule 1 takes the request, but it has no backend',
    },
    {
      name: 'weights of 0',
      rule: { name: 'canary', backends: [{ key: 'name:a.ns:80' }] },
      cause: 'no_backend',
      reason: 'HTTPRoute ns/r, rule 1 (canary) takes the request, but all of its backends have a weight of 0',
    },
    {
      name: 'a backend without a Service',
      rule: { backends: [{ unresolved: 'there is no Service ns/a', weight: 1 }] },
      cause: 'unresolved_backend',
      reason: 'HTTPRoute ns/r, rule 1: backend 1 of 1 leads nowhere: there is no Service ns/a',
    },
  ])('refuses for $name', ({ rule, cause, reason }) => {
    expect(decide(tableOf([route([rule])]), {})).toMatchObject({ kind: 'refused', cause, reason })
  })

  test('refuses only the share of a backend that leads nowhere', () => {
    const backends = [
      { unresolved: 'no grant', weight: 1 },
      { key: 'name:a.ns:80', weight: 1 },
    ]
    const table = tableOf([route([{ backends }])])
    expect(decide(table, {}, 0.49)).toMatchObject({ kind: 'refused', cause: 'unresolved_backend' })
    expect(decide(table, {}, 0.5)).toMatchObject({ kind: 'forward', backend: { key: 'name:a.ns:80' } })
  })

  test('redirects before any backend is drawn, or by the backend that was', () => {
    const redirect = { hostname: 'example.org' }
    expect(decide(tableOf([route([{ filters: [{ redirect }] }])]), {})).toMatchObject({ kind: 'redirect' })
    const backends = [
      { key: 'name:a.ns:80', weight: 1, filters: [{ redirect }] },
      { key: 'name:b.ns:80', weight: 1 },
    ]
    const table = tableOf([route([{ backends }])])
    expect(decide(table, {}, 0)).toMatchObject({ kind: 'redirect', filters: { redirect } })
    expect(decide(table, {}, 0.9)).toMatchObject({ kind: 'forward', filters: { redirect: undefined } })
  })

  test('answers preflights by the CORS filter of the rule, also when its backend leads nowhere', () => {
    const rule = { filters: [{ cors: { allowOrigins: ['*'] } }], backends: [{ unresolved: 'gone', weight: 1 }] }
    const table = tableOf([route([rule])])
    const headers = [
      ['origin', 'https://a.example'],
      ['access-control-request-method', 'PUT'],
    ] as const
    expect(decide(table, { method: 'OPTIONS', headers })).toMatchObject({ kind: 'preflight' })
    expect(decide(table, { method: 'PUT', headers })).toMatchObject({ kind: 'refused' })
  })

  test('answers preflights by the CORS filter of the backend that was drawn', () => {
    const backends = [{ key: 'name:a.ns:80', weight: 1, filters: [{ cors: { allowOrigins: ['*'] } }] }]
    const table = tableOf([route([{ backends }])])
    const headers = [
      ['origin', 'https://a.example'],
      ['access-control-request-method', 'PUT'],
    ] as const
    expect(decide(table, { method: 'PUT', headers })).toMatchObject({ kind: 'forward' })
    expect(decide(table, { method: 'OPTIONS', headers })).toMatchObject({ kind: 'preflight' })
  })

  test('puts the filters of a rule before those of its backend', () => {
    const change = (value: string) => ({ requestHeaders: { set: [{ name: 'X', value }] } })
    const rule = {
      filters: [change('rule'), { responseHeaders: { remove: ['Server'] } }],
      backends: [{ key: 'name:a.ns:80', weight: 1, filters: [change('backend')] }],
    }
    const decision = decide(tableOf([route([rule])]), {})
    expect(decision).toMatchObject({
      filters: {
        requestSteps: [
          { kind: 'headers', change: { set: [{ name: 'x', value: 'rule' }] } },
          { kind: 'headers', change: { set: [{ name: 'x', value: 'backend' }] } },
        ],
        responseHeaders: [{ remove: ['server'] }],
      },
    })
  })

  test('keeps a session at its backend, also at weight 0, and draws anew when that is gone', () => {
    const sessionPersistence = { sessionName: 's', type: 'SESSION_TYPE_HEADER' } as const
    const backends = [
      { key: 'name:a.ns:80', weight: 1 },
      { key: 'name:b.ns:80', weight: 0 },
    ]
    const table = tableOf([route([{ sessionPersistence, backends }])])
    const scope = 'HTTPRoute ns/r'
    const at = (key: string) => ({ headers: [['s', `${hashName(scope, key)}.${hashName('e', 'e')}.rs.rs`]] }) as const
    expect(decide(table, at('name:b.ns:80'))).toMatchObject({ backend: { key: 'name:b.ns:80' } })
    expect(decide(table, at('name:gone.ns:80'))).toMatchObject({ backend: { key: 'name:a.ns:80' } })
    expect(decide(table, {})).toMatchObject({ backend: { key: 'name:a.ns:80' } })
  })

  test('lets a session name no other backend than those of its rule', () => {
    const session = { sessionName: 's', type: 'SESSION_TYPE_HEADER' } as const
    const open = { matches: [{ path: { value: '/' } }], backends: [{ key: 'name:a.ns:80', weight: 1 }] }
    const closed = { matches: [{ path: { value: '/admin' } }], backends: [{ key: 'name:admin.ns:80', weight: 1 }] }
    const table = tableOf([route([open, closed].map((rule) => ({ ...rule, sessionPersistence: session })))])
    const token = `${hashName('HTTPRoute ns/r', 'name:admin.ns:80')}.${hashName('e', 'e')}.rs.rs`
    expect(decide(table, { path: '/', headers: [['s', token]] })).toMatchObject({ backend: { key: 'name:a.ns:80' } })
  })
})
