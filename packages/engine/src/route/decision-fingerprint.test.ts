import type { RouteJson, RouteRuleJson } from '@heddle/api/discovery/route'
import { describe, expect, test } from 'vitest'
import { compileRoutes } from './compile-routes.ts'
import { decideRoute } from './decide-route.ts'
import { fingerprintDecision } from './decision-fingerprint.ts'
import { createRequestFacts } from './request-facts.ts'

function fingerprint(rule: RouteRuleJson | undefined, point = 0): string {
  const routes: RouteJson[] = rule === undefined ? [] : [{ kind: 'ROUTE_KIND_HTTP', namespace: 'ns', rules: [rule] }]
  const compiled = compileRoutes(routes, { regex: undefined })
  if (compiled.kind === 'refused') throw new Error(compiled.problems.join('\n'))
  const context = { random: () => point, nowMs: () => 0 }
  return fingerprintDecision(decideRoute(compiled.table, createRequestFacts({}), context), OWN)
}

const OWN = 'name:own.ns:80'
const A = { key: 'name:a.ns:80', weight: 1 }
const B = { key: 'name:b.ns:80', weight: 1 }

describe('fingerprintDecision()', () => {
  test.each<{ name: string; one: RouteRuleJson; other: RouteRuleJson }>([
    { name: 'the name of a rule', one: { name: 'x', backends: [A] }, other: { backends: [A] } },
    { name: 'matches', one: { matches: [{ method: 'GET' }], backends: [A] }, other: { backends: [A] } },
    {
      name: 'weights of the same shares',
      one: { backends: [A, B] },
      other: {
        backends: [
          { ...A, weight: 50 },
          { ...B, weight: 50 },
        ],
      },
    },
    { name: 'a backend of weight 0', one: { backends: [A, { ...B, weight: 0 }] }, other: { backends: [A] } },
  ])('overlooks $name', ({ one, other }) => {
    expect(fingerprint(one)).toBe(fingerprint(other))
    expect(fingerprint(one, 0.9)).toBe(fingerprint(other))
  })

  test('takes a rule that does no more than lead to the Service itself for no route', () => {
    expect(fingerprint({ backends: [{ key: OWN, weight: 7 }] })).toBe(fingerprint(undefined))
  })

  test.each<{ name: string; one: RouteRuleJson | undefined; other: RouteRuleJson | undefined }>([
    { name: 'whether there is a route', one: undefined, other: { backends: [A] } },
    { name: 'whether one fits', one: { matches: [{ method: 'PUT' }] }, other: undefined },
    { name: '404 and 500', one: { matches: [{ method: 'PUT' }] }, other: {} },
    { name: 'the backend', one: { backends: [A] }, other: { backends: [B] } },
    { name: 'the share', one: { backends: [A, B] }, other: { backends: [A, { ...B, weight: 2 }] } },
    {
      name: 'a backend that leads nowhere',
      one: { backends: [A] },
      other: { backends: [{ ...A, unresolved: 'gone' }] },
    },
    { name: 'a timeout', one: { backends: [A] }, other: { backends: [A], requestTimeoutMs: 1 } },
    {
      name: 'where a redirect leads',
      one: { filters: [{ redirect: { port: 81 } }] },
      other: { filters: [{ redirect: { port: 82 } }] },
    },
    {
      name: 'an origin',
      one: { backends: [A], filters: [{ cors: { allowOrigins: ['https://a'] } }] },
      other: { backends: [A], filters: [{ cors: { allowOrigins: ['https://b'] } }] },
    },
  ])('tells $name', ({ one, other }) => {
    expect(fingerprint(one)).not.toBe(fingerprint(other))
  })
})
