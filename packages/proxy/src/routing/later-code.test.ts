import type { RouteJson } from '@heddle/api/discovery/route'
import { expect, test } from 'vitest'
import { LaterCode } from './later-code.ts'

const PLAIN = {}
const CIRCUIT = { circuitBreaker: { maxRequests: 1 } }
const EXPRESSION = { routes: [route('MATCH_TYPE_REGULAR_EXPRESSION')] }
const EXACT = { routes: [route('MATCH_TYPE_EXACT')] }

function route(type: 'MATCH_TYPE_REGULAR_EXPRESSION' | 'MATCH_TYPE_EXACT'): RouteJson {
  return {
    kind: 'ROUTE_KIND_HTTP',
    namespace: 'shop',
    name: 'cart',
    rules: [{ matches: [{ path: { type, value: '/' } }] }],
  }
}

test('a proxy whose Services have nothing attached loads nothing', async () => {
  const later = new LaterCode()
  expect(later.isReadyFor([PLAIN])).toBe(true)
  expect(await later.loadFor([PLAIN])).toBeUndefined()
})

test('traffic management is loaded for what is attached, regular expressions when there is one', async () => {
  const later = new LaterCode()
  expect([later.isReadyFor([CIRCUIT]), later.isReadyFor([EXACT])]).toEqual([false, false])
  expect((await later.loadFor([PLAIN, CIRCUIT]))?.regex).toBeUndefined()
  expect([later.isReadyFor([CIRCUIT, EXACT]), later.isReadyFor([EXPRESSION])]).toEqual([true, false])
  expect((await later.loadFor([EXPRESSION]))?.regex).toBeDefined()
  expect([later.isReadyFor([EXPRESSION]), later.loaded === undefined]).toEqual([true, false])
})

test('what makes no sense is left to whoever reads it', () => {
  const later = new LaterCode()
  return expect(later.loadFor([JSON.parse('{"routes":{}}')])).resolves.toBeDefined()
})
