import type { FaultJson, RouteJson } from '@heddle/api/discovery/route'
import { compileRegex } from '@heddle/engine/route/regex'
import { expect, test } from 'vitest'
import { compileRouting, faultsOf, needsExpressions, type Routing } from './routing.ts'

const CART = { namespace: 'shop', name: 'cart', port: 80 }
const FAULT: FaultJson = { policy: 'shop/slow', perMillion: 1_000_000, untilMs: '9999999999999', delayMs: 10 }

function route(more: Partial<RouteJson> = {}): RouteJson {
  const backends = [{ key: 'name:cart-v2.shop:80', weight: 1 }]
  return { kind: 'ROUTE_KIND_HTTP', namespace: 'shop', name: 'cart', rules: [{ backends }], ...more }
}

function compiled(service: Parameters<typeof compileRouting>[0], previous?: Routing): Routing {
  const result = compileRouting(service, { regex: compileRegex, previous })
  if (result.kind === 'refused' || result.routing === undefined) throw new Error(JSON.stringify(result))
  return result.routing
}

test('compileRouting() makes nothing of nothing', () => {
  expect(compileRouting(CART, { regex: undefined })).toEqual({ kind: 'compiled', routing: undefined })
})

test('compileRouting() compiles requests, or connections, and says what clients address', () => {
  const ofRequests = compiled({ ...CART, routes: [route()] })
  expect([ofRequests.requests.kind, ofRequests.connections]).toEqual(['http', undefined])
  expect(ofRequests.origin).toEqual({ host: 'cart.shop', port: 80 })
  const ofConnections = compiled({ ...CART, routes: [route({ kind: 'ROUTE_KIND_TCP' })] })
  expect([ofConnections.requests.kind, ofConnections.connections?.kind]).toEqual(['none', 'tcp'])
})

test('compileRouting() refuses the whole with each reason', () => {
  const path = { type: 'MATCH_TYPE_REGULAR_EXPRESSION', value: '(' } as const
  const result = compileRouting(
    { ...CART, routes: [route({ rules: [{ matches: [{ path }] }] })] },
    { regex: compileRegex },
  )
  expect(result.kind === 'refused' && result.problems[0]).toContain(
    'HTTPRoute shop/cart, rule 1: the regular expression',
  )
  const endless = compileRouting({ ...CART, faults: [{ ...FAULT, untilMs: '0' }] }, { regex: undefined })
  expect(endless).toEqual({ kind: 'refused', problems: ['the fault of shop/slow has no end'] })
})

test('runs of faults are shared by all rules, and go on when something else changes', () => {
  const before = compiled({ ...CART, routes: [route({ rules: [{}, {}] })], faults: [FAULT] })
  const { faults, requests } = before
  const runs = requests.rules.map((rule) => faultsOf(faults!, rule).faults[0]!.run)
  expect(runs.every((run) => run === faultsOf(faults!, undefined).faults[0]!.run)).toBe(true)
  const after = compiled({ ...CART, routes: [route()], faults: [FAULT] }, before)
  expect(faultsOf(after.faults!, after.requests.rules[0]).faults[0]!.run).toBe(runs[0])
})

test('needsExpressions() looks at routes and at faults', () => {
  const headers = [{ type: 'MATCH_TYPE_REGULAR_EXPRESSION', name: 'x-user', value: 'a+' }] as const
  expect(needsExpressions({ routes: [route()], faults: [FAULT] })).toBe(false)
  expect(needsExpressions({ routes: [route({ rules: [{ matches: [{ headers: [...headers] }] }] })] })).toBe(true)
  expect(needsExpressions({ faults: [{ ...FAULT, headers: [...headers] }] })).toBe(true)
})
