import type { RouteJson, RouteRuleJson } from '@heddle/api/discovery/route'
import { describe, expect, test } from 'vitest'
import { type ConnectionTable, compileConnectionRoutes, decideConnection } from './connection-table.ts'

function tableOf(kind: RouteJson['kind'], ...routes: RouteRuleJson[][]): ConnectionTable {
  const compiled = compileConnectionRoutes(
    routes.map((rules, n) => ({ kind: kind!, namespace: 'ns', name: `r${n}`, rules })),
  )
  if (compiled.kind === 'refused') throw new Error(compiled.problems.join('\n'))
  return compiled.table
}

function ruleFor(name: string, ...serverNames: string[]): RouteRuleJson {
  return { name, matches: [{ serverNames }], backends: [{ key: `name:${name}.ns:443`, weight: 1 }] }
}

function takenBy(table: ConnectionTable, serverName: string | undefined, point = 0): string {
  const decision = decideConnection(table, serverName, { random: () => point })
  return decision.kind === 'forward' ? decision.backend.key.slice(5, -7) : decision.kind
}

describe('decideConnection() by TLSRoutes', () => {
  const table = tableOf(
    'ROUTE_KIND_TLS',
    [ruleFor('wide', '*.example.com'), ruleFor('exact', 'a.b.example.com', 'Other.Example')],
    [ruleFor('narrow', '*.b.example.com'), ruleFor('late', 'a.b.example.com', '*.example.com')],
  )
  test.each([
    { serverName: 'a.b.example.com', rule: 'exact' },
    { serverName: 'A.B.Example.COM', rule: 'exact' },
    { serverName: 'a.b.example.com.', rule: 'exact' },
    { serverName: 'other.example', rule: 'exact' },
    { serverName: 'x.b.example.com', rule: 'narrow' },
    { serverName: 'x.y.b.example.com', rule: 'narrow' },
    { serverName: 'b.example.com', rule: 'wide' },
    { serverName: 'example.com', rule: 'refused' },
    { serverName: '.example.com', rule: 'refused' },
    { serverName: 'elsewhere', rule: 'refused' },
    { serverName: undefined, rule: 'refused' },
  ])('$serverName goes to $rule', ({ serverName, rule }) => {
    expect(takenBy(table, serverName)).toBe(rule)
  })

  test('takes a rule without names for all others', () => {
    const withAny = tableOf('ROUTE_KIND_TLS', [ruleFor('any'), ruleFor('exact', 'a.example')])
    expect(takenBy(withAny, 'a.example')).toBe('exact')
    expect(takenBy(withAny, 'b.example')).toBe('any')
    expect(takenBy(withAny, undefined)).toBe('any')
  })

  test('says what it has no rule for', () => {
    expect(decideConnection(table, 'elsewhere', { random: () => 0 })).toEqual({
      kind: 'refused',
      cause: 'no_match',
      reason: 'no rule of TLSRoute ns/r0 is for the server name elsewhere',
      rule: undefined,
    })
  })
})

describe('decideConnection() by TCPRoutes', () => {
  test('takes the first rule, by weight, whatever the server name', () => {
    const backends = [
      { key: 'name:a.ns:443', weight: 1 },
      { key: 'name:b.ns:443', weight: 3 },
      { unresolved: 'no grant', weight: 1 },
    ]
    const table = tableOf('ROUTE_KIND_TCP', [{ backends }], [ruleFor('late')])
    expect(takenBy(table, undefined, 0.1)).toBe('a')
    expect(takenBy(table, 'x.example', 0.3)).toBe('b')
    expect(decideConnection(table, undefined, { random: () => 0.9 })).toMatchObject({
      cause: 'unresolved_backend',
      reason: 'TCPRoute ns/r0, rule 1: backend 3 leads nowhere: no grant',
    })
  })

  test('refuses when nothing has a weight, and uses the own endpoints when nothing is attached', () => {
    const table = tableOf('ROUTE_KIND_TCP', [{ backends: [{ key: 'name:a.ns:443' }] }])
    expect(decideConnection(table, undefined, { random: () => 0 })).toMatchObject({ cause: 'no_backend' })
    expect(takenBy(tableOf('ROUTE_KIND_TCP'), undefined)).toBe('own-endpoints')
  })
})

test.each<{ name: string; routes: RouteJson[]; problem: RegExp }>([
  {
    name: 'routes for requests',
    routes: [{ kind: 'ROUTE_KIND_HTTP', namespace: 'ns', name: 'r' }],
    problem: /HTTPRoute ns\/r cannot be in a table/,
  },
  {
    name: 'a mixture',
    routes: [
      { kind: 'ROUTE_KIND_TLS', namespace: 'ns', name: 'r' },
      { kind: 'ROUTE_KIND_TCP', namespace: 'ns', name: 's' },
    ],
    problem: /TCPRoute ns\/s cannot be in a table of TLSRoutes/,
  },
  {
    name: 'what is no server name',
    routes: [{ kind: 'ROUTE_KIND_TLS', rules: [ruleFor('x', 'a.*.example')] }],
    problem: /"a\.\*\.example" cannot be a server name/,
  },
])('compileConnectionRoutes() refuses $name', ({ routes, problem }) => {
  expect(compileConnectionRoutes(routes)).toEqual({ kind: 'refused', problems: [expect.stringMatching(problem)] })
})
