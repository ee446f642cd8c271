import type { RouteJson } from '@heddle/api/discovery/route'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { request as someRequest, routes as someRoutes } from '../../test/route-arbitraries.ts'
import { compileRoutes } from './compile-routes.ts'
import { decideRoute } from './decide-route.ts'
import { explainRoute } from './explain-route.ts'
import { formatExplanation } from './format-explanation.ts'
import { compileRegex } from './regex.ts'
import { createRequestFacts, type RequestFactsParts } from './request-facts.ts'
import type { RouteTable } from './route-table.ts'

function tableOf(routes: readonly RouteJson[]): RouteTable {
  const compiled = compileRoutes(routes, { regex: compileRegex })
  if (compiled.kind === 'refused') throw new Error(compiled.problems.join('\n'))
  return compiled.table
}

function explain(routes: readonly RouteJson[], parts: RequestFactsParts, point = 0) {
  const context = { random: () => point, nowMs: () => 0 }
  return explainRoute(tableOf(routes), createRequestFacts(parts), context).explanation
}

const ROUTE: RouteJson = {
  kind: 'ROUTE_KIND_HTTP',
  namespace: 'emojivote',
  name: 'voting',
  rules: [
    {
      name: 'alice',
      matches: [
        {
          path: { type: 'MATCH_TYPE_PREFIX', value: '/api' },
          headers: [{ name: 'X-User', value: 'alice' }],
          queryParams: [{ type: 'MATCH_TYPE_REGULAR_EXPRESSION', name: 'v', value: '[0-9]+' }],
        },
      ],
      backends: [{ key: 'name:alice.emojivote:80', weight: 1 }],
    },
    {
      name: 'split',
      matches: [{ path: { type: 'MATCH_TYPE_PREFIX', value: '/api' } }],
      filters: [{ rewrite: { path: { replacePrefixMatch: '/' } } }],
      backends: [
        { key: 'name:v1.emojivote:80', weight: 9 },
        { key: 'name:v2.emojivote:80', weight: 1 },
      ],
      requestTimeoutMs: 5000,
    },
    { matches: [{ path: { type: 'MATCH_TYPE_PREFIX', value: '/' }, method: 'GET' }] },
  ],
}

describe('explainRoute()', () => {
  test('decides as decideRoute(), and agrees with it about every rule', () => {
    const property = fc.property(
      someRoutes,
      someRequest,
      fc.double({ min: 0, max: 0.999, noNaN: true }),
      (routes, request, point) => {
        const table = tableOf(routes)
        const context = { random: () => point, nowMs: () => 0 }
        const { decision, explanation } = explainRoute(table, request, context)
        expect(decision).toBe(decideRoute(table, request, context))
        expect(explanation.outcome.kind).toBe(decision.kind)
        const trials = explanation.rules.flatMap((rule) => rule.matches)
        const chosen = trials.filter(({ outcome }) => outcome === 'chosen')
        expect(chosen).toHaveLength('match' in decision && decision.match !== undefined ? 1 : 0)
        const fitting = trials.filter(({ outcome }) => outcome === 'outranked')
        if (chosen.length === 0) expect(fitting).toEqual([])
        // Whatever fits and was not chosen is known to come behind.
        for (const trial of fitting) expect(trial.outrankedBy).toBeDefined()
        expect(() => JSON.stringify(explanation)).not.toThrow()
        expect(formatExplanation(explanation).length).toBeGreaterThan(1)
      },
    )
    fc.assert(property, { numRuns: 300 })
  })

  test('names the first mismatch of each rule, and all that it would need', () => {
    const { rules, alternatives } = explain([ROUTE], { method: 'POST', path: '/web?v=a', headers: [['x-user', 'bob']] })
    expect(rules.map(({ outcome }) => outcome)).toEqual(['mismatch', 'mismatch', 'mismatch'])
    expect(rules[0]?.matches[0]?.mismatches).toEqual([
      { field: 'path', name: '', wanted: 'prefix "/api"', got: '/web' },
      { field: 'header', name: 'x-user', wanted: 'exactly "alice"', got: 'bob' },
      { field: 'query', name: 'v', wanted: 'expression "[0-9]+"', got: 'a' },
    ])
    expect(alternatives.map(({ name, needs }) => [name, needs.length])).toEqual([
      ['split', 1],
      ['', 1],
      ['alice', 3],
    ])
  })

  test('says why another rule has precedence', () => {
    const { rules } = explain([ROUTE], { path: '/api/vote?v=1', headers: [['x-user', 'alice']] })
    expect(rules.map(({ outcome }) => outcome)).toEqual(['chosen', 'outranked', 'outranked'])
    expect(rules.map(({ matches }) => matches[0]?.outrankedBy)).toEqual([undefined, 'headers', 'path-kind'])
  })

  test('shows the draw with its weights', () => {
    const { draw } = explain([ROUTE], { path: '/api' }, 0.95)
    expect(draw).toMatchObject({
      by: 'weight',
      point: 0.95,
      backends: [
        { key: 'name:v1.emojivote:80', share: 0.9, isChosen: false },
        { key: 'name:v2.emojivote:80', share: 0.1, isChosen: true },
      ],
    })
  })
})

describe('formatExplanation()', () => {
  test('tells of a forwarded request', () => {
    const lines = formatExplanation(explain([ROUTE], { path: '/api/vote', authority: 'voting' }, 0.95))
    expect(lines).toEqual([
      'GET /api/vote to voting',
      'goes to name:v2.emojivote:80 by HTTPRoute emojivote/voting, rule 2 (split), match 1',
      '  drawn by weight, at 95 %:',
      '    - name:v1.emojivote:80: weight 9, 90 % of the requests',
      '    * name:v2.emojivote:80: weight 1, 10 % of the requests',
      '  rewrites the path prefix /api to /',
      '  ends the whole exchange after 5000 ms',
      'Rules that were not chosen:',
      '  HTTPRoute emojivote/voting, rule 1 (alice): header x-user: exactly "alice" is wanted, the request has none',
      '  HTTPRoute emojivote/voting, rule 3: fits as well, but the chosen one has precedence: exact paths come first, then prefixes, then expressions, then rules that say nothing of the path',
      'For another rule:',
      '  HTTPRoute emojivote/voting, rule 3, match 1: HTTPRoute emojivote/voting, rule 2 (split) must not fit or must not have precedence: exact paths come first, then prefixes, then expressions, then rules that say nothing of the path',
      '  HTTPRoute emojivote/voting, rule 1 (alice), match 1: the header x-user must be exactly "alice"; the request has none',
      '    and the query parameter v must be expression "[0-9]+"; the request has none',
    ])
  })

  test('tells of a request that no rule takes', () => {
    const lines = formatExplanation(explain([ROUTE], { method: 'POST', path: '/web' }))
    expect(lines.slice(0, 3)).toEqual([
      'POST /web',
      'is refused with status 404: no rule of HTTPRoute emojivote/voting fits the request',
      '  Change the request or a rule as below, or add a rule without matches, which takes everything else.',
    ])
    expect(lines).toContain('  HTTPRoute emojivote/voting, rule 3: method: GET is wanted, the request has "POST"')
  })

  test('tells a call that no rule takes by its status of gRPC', () => {
    const call = { method: 'POST', path: '/web', headers: [['content-type', 'application/grpc+proto']] } as const
    expect(formatExplanation(explain([ROUTE], call))[1]).toBe(
      'is refused with gRPC status UNIMPLEMENTED (12), HTTP status 200: no rule of HTTPRoute emojivote/voting fits the request',
    )
  })

  test('tells of a backend that leads nowhere', () => {
    const rules = [{ backends: [{ unresolved: 'there is no Service emojivote/v3', weight: 1 }] }]
    const lines = formatExplanation(explain([{ ...ROUTE, rules }], {}))
    expect(lines).toEqual([
      'GET /',
      'is refused with status 500: HTTPRoute emojivote/voting, rule 1: backend 1 of 1 leads nowhere: there is no Service emojivote/v3',
      '  See the conditions of the route for what is missing: a Service, its port, or a ReferenceGrant.',
    ])
  })

  test('tells of a Service without routes', () => {
    expect(formatExplanation(explain([], {}))).toEqual([
      'GET /',
      'goes to the endpoints of the Service itself: no route is attached to it',
    ])
  })

  test('lists a few of many rules', () => {
    const rules = Array.from({ length: 100 }, (_, n) => ({ matches: [{ path: { value: `/p${n}` } }] }))
    const lines = formatExplanation(explain([{ ...ROUTE, rules }], { path: '/x' }))
    expect(lines.length).toBeLessThan(40)
    expect(lines).toContain('  and 80 more')
  })
})
