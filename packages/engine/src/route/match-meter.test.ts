import type { RouteJson, RouteMatchJson, RouteRuleJson } from '@heddle/api/discovery/route'
import { describe, expect, test } from 'vitest'
import { decideFault } from '../fault/decide-fault.ts'
import { compileFaults } from '../fault/fault-table.ts'
import { compileRoutes } from './compile-routes.ts'
import { decideRoute } from './decide-route.ts'
import { MAX_MATCH_STEPS } from './match-meter.ts'
import { compileRegex } from './regex.ts'
import { createRequestFacts, type RequestFactsParts } from './request-facts.ts'
import type { RouteTable } from './route-table.ts'

const REGEX = 'MATCH_TYPE_REGULAR_EXPRESSION'

function tableOf(routes: readonly RouteJson[]): RouteTable {
  const compiled = compileRoutes(routes, { regex: compileRegex })
  if (compiled.kind === 'refused') throw new Error(compiled.problems.join('\n'))
  return compiled.table
}

function route(rules: RouteRuleJson[], name = 'r'): RouteJson {
  return { kind: 'ROUTE_KIND_HTTP', namespace: 'ns', name, rules }
}

function ruleFor(name: string, ...matches: RouteMatchJson[]): RouteRuleJson {
  return { name, matches, backends: [{ key: `name:${name}.ns:80`, weight: 1 }] }
}

describe('what expressions may cost', () => {
  const rules = (match: (at: number) => RouteMatchJson) =>
    Array.from({ length: 16 }, (_, at) => ruleFor(`rule-${at}`, match(at)))
  const path = tableOf([route(rules((at) => ({ path: { type: REGEX, value: `/v${at}/.*` } })))])
  const header = tableOf([route(rules((at) => ({ headers: [{ type: REGEX, name: 'x', value: `v${at}-.*` }] })))])
  const query = tableOf([route(rules((at) => ({ queryParams: [{ type: REGEX, name: 'x', value: `v${at}-.*` }] })))])
  const spent = (table: RouteTable, parts: RequestFactsParts, matchSteps: number) =>
    decideRoute(table, createRequestFacts(parts), { random: () => 0, nowMs: () => 0, matchSteps })

  test.each([
    { name: 'path', table: path, parts: { path: `/v15/${'a'.repeat(1000)}` }, cause: 'path_too_long' },
    {
      name: 'query',
      table: query,
      parts: { path: `/?x=v15-${'a'.repeat(1000)}` },
      cause: 'path_too_long',
    },
    {
      name: 'header',
      table: header,
      parts: { headers: [['x', `v15-${'a'.repeat(1000)}`]] },
      cause: 'header_too_long',
    },
  ] as const)('a $name that is too long for all of them is refused', ({ table, parts, cause }) => {
    expect(spent(table, parts, 1_000_000)).toMatchObject({ kind: 'forward', rule: { name: 'rule-15' } })
    expect(spent(table, parts, 10_000)).toMatchObject({ kind: 'refused', cause })
    // The next request has steps of its own, and whoever explains has no limit.
    expect(spent(table, parts, 1_000_000)).toMatchObject({ kind: 'forward' })
  })

  test('a rule that would have been preferred is never passed over for want of steps', () => {
    const open = ruleFor('open', {})
    const table = tableOf([route([ruleFor('closed', { path: { type: REGEX, value: '/admin/.*' } }), open])])
    expect(spent(table, { path: `/admin/${'a'.repeat(1000)}` }, 5000)).toMatchObject({ kind: 'refused' })
  })

  test('60 KB of path and 1,024 rules are too much by default, 300 characters are not', () => {
    const many = Array.from({ length: 64 }, (_, at) =>
      route(
        rules((rule) => ({ path: { type: REGEX, value: `/v${at}/${rule}/[a-z]+` } })),
        `r${at}`,
      ),
    )
    const table = tableOf(many)
    expect(spent(table, { path: `/v63/15/${'a'.repeat(60_000)}` }, MAX_MATCH_STEPS)).toMatchObject({
      cause: 'path_too_long',
    })
    expect(spent(table, { path: `/v63/15/${'a'.repeat(300)}` }, MAX_MATCH_STEPS)).toMatchObject({ kind: 'forward' })
  })

  test('a header that is too long for the expressions of faults is hit by none of them', () => {
    const fault = { policy: 'shop/slow', perMillion: 1_000_000, untilMs: '9', delayMs: 1 }
    const headers = [{ type: REGEX, name: 'x', value: '[a-z]{1,400}b?[a-z]*' }] as const
    const table = compileFaults([{ ...fault, headers: [...headers] }], undefined, {
      regex: compileRegex,
      onProblem: () => {},
    })
    const hit = (length: number) => decideFault(table, createRequestFacts({ headers: [['x', 'a'.repeat(length)]] }), 1)
    expect([hit(100)?.delayMs, hit(60_000)]).toEqual([1, undefined])
  })
})
