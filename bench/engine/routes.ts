import type { RouteJson, RouteMatchJson } from '@heddle/api/discovery/route'
import { compileRoutes } from '@heddle/engine/route/compile'
import { decideRoute } from '@heddle/engine/route/decide'
import type { RouteTable } from '@heddle/engine/route/table'
import { createFields } from '@heddle/http/fields'
import { createRequestHead, type RequestHead } from '@heddle/http/message'

/** What a lookup and a compilation cost with that many routes. */
export interface RouteFigures {
  readonly shape: string
  readonly routes: number
  readonly compileMs: number
  readonly decideNs: number
}

interface Shape {
  readonly name: string
  readonly kind: 'ROUTE_KIND_HTTP' | 'ROUTE_KIND_GRPC'
  readonly matchOf: (n: number) => RouteMatchJson
  readonly requestOf: (n: number) => RequestHead
}

const SHAPES: readonly Shape[] = [
  {
    name: 'exact path',
    kind: 'ROUTE_KIND_HTTP',
    matchOf: (n) => ({ path: { type: 'MATCH_TYPE_EXACT', value: `/shop/item${n}` } }),
    requestOf: (n) => request(`/shop/item${n}?color=red`),
  },
  {
    name: 'path prefix',
    kind: 'ROUTE_KIND_HTTP',
    matchOf: (n) => ({ path: { type: 'MATCH_TYPE_PREFIX', value: `/shop/item${n}` } }),
    requestOf: (n) => request(`/shop/item${n}/pictures/1?color=red`),
  },
  {
    name: 'header',
    kind: 'ROUTE_KIND_HTTP',
    matchOf: (n) => ({ headers: [{ type: 'MATCH_TYPE_EXACT', name: 'x-tenant', value: `tenant-${n}` }] }),
    requestOf: (n) => request('/shop/item/pictures', [['x-tenant', `tenant-${n}`]]),
  },
  {
    name: 'query parameter',
    kind: 'ROUTE_KIND_HTTP',
    matchOf: (n) => ({ queryParams: [{ type: 'MATCH_TYPE_EXACT', name: 'tenant', value: `tenant-${n}` }] }),
    requestOf: (n) => request(`/shop?color=red&tenant=tenant-${n}`),
  },
  {
    name: 'prefix, method and header',
    kind: 'ROUTE_KIND_HTTP',
    matchOf: (n) => ({
      path: { type: 'MATCH_TYPE_PREFIX', value: `/shop/${n % 100}` },
      method: ['GET', 'POST', 'PUT', 'DELETE'][n % 4]!,
      headers: [{ type: 'MATCH_TYPE_EXACT', name: 'x-tenant', value: `tenant-${n}` }],
    }),
    requestOf: (n) => ({
      ...request(`/shop/${n % 100}/item`, [['x-tenant', `tenant-${n}`]]),
      method: ['GET', 'POST', 'PUT', 'DELETE'][n % 4]!,
    }),
  },
  {
    name: 'gRPC method',
    kind: 'ROUTE_KIND_GRPC',
    matchOf: (n) => ({ grpc: { type: 'MATCH_TYPE_EXACT', service: `shop.v1.Service${n}`, method: 'Buy' } }),
    requestOf: (n) => request(`/shop.v1.Service${n}/Buy`),
  },
]

const COUNTS = [10, 10_000]
/** So many different requests, that caches of the processor hold some of the table, but not all. */
const REQUESTS = 1000
const ROUNDS = 15
const DECISIONS_A_ROUND = 100_000

/** Measures every shape with few and with many routes. Each request fits exactly one route. */
export function measureRoutes(onFigures: (figures: RouteFigures) => void): void {
  for (const shape of SHAPES) for (const count of COUNTS) onFigures(measureShape(shape, count))
}

function measureShape(shape: Shape, count: number): RouteFigures {
  const routes = Array.from({ length: count }, (_, n) => routeOf(shape, n))
  const startMs = performance.now()
  const table = compile(routes)
  const compileMs = performance.now() - startMs
  const requests = Array.from({ length: REQUESTS }, (_, n) => shape.requestOf(Math.floor((n * count) / REQUESTS)))
  const rounds = Array.from({ length: ROUNDS }, () => timeRound(table, requests)).sort((a, b) => a - b)
  return { shape: shape.name, routes: count, compileMs, decideNs: rounds[Math.floor(ROUNDS / 2)]! }
}

function timeRound(table: RouteTable, requests: readonly RequestHead[]): number {
  const context = { random: Math.random, nowMs: Date.now }
  let forwarded = 0
  const startMs = performance.now()
  for (let n = 0; n < DECISIONS_A_ROUND; n++) {
    if (decideRoute(table, requests[n % REQUESTS]!, context).kind === 'forward') forwarded += 1
  }
  const tookMs = performance.now() - startMs
  if (forwarded !== DECISIONS_A_ROUND)
    throw new Error(`only ${forwarded} of ${DECISIONS_A_ROUND} requests found their route`)
  return (tookMs * 1e6) / DECISIONS_A_ROUND
}

function compile(routes: readonly RouteJson[]): RouteTable {
  const compiled = compileRoutes(routes, { regex: undefined })
  if (compiled.kind === 'refused') throw new Error(compiled.problems[0])
  return compiled.table
}

function routeOf({ kind, matchOf }: Shape, n: number): RouteJson {
  const backends = [{ key: `name:backend${n % 50}.shop:80`, weight: 1 }]
  return { kind, namespace: 'shop', name: `route-${n}`, rules: [{ matches: [matchOf(n)], backends }] }
}

/** With the fields that requests usually have. */
function request(path: string, headers: readonly (readonly [string, string])[] = []): RequestHead {
  const fields = createFields([
    ['user-agent', 'curl/8.5.0'],
    ['accept', '*/*'],
    ['accept-encoding', 'gzip'],
    ['x-request-id', '4bf92f3577b34da6a3ce929d0e0e4736'],
    ...headers,
  ])
  return createRequestHead({ method: 'GET', path, authority: 'web.shop', fields, bodyLength: 0 })
}
