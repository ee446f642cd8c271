import { formatAddressKey } from '@heddle/api/destination-key'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { nodeOf } from '../../../control/test/discovery-world.ts'
import { serviceYaml } from '../../../control/test/mesh-objects.ts'
import { type MeshWorld, type RecordInit, startMeshWorld } from '../../test/mesh-world.ts'
import { routeYaml } from '../../test/objects-fixture.ts'
import { apply } from './apply.ts'
import { why } from './why.ts'

const CART = 'name:cart.shop:80'
const WEB = 'name:web.shop:80'
const STARTED_MS = BigInt(Date.UTC(2026, 10, 21, 12))

const ROUTE = `apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: cart, namespace: shop }
spec:
  parentRefs: [{ group: "", kind: Service, name: cart }]
  rules:
    - name: testers
      matches: [{ path: { type: PathPrefix, value: /v2 }, headers: [{ name: X-User, value: alice }] }]
      backendRefs: [{ name: web, port: 80 }]
    - matches: [{ path: { type: PathPrefix, value: / } }]
      timeouts: { request: 2s }
      backendRefs: [{ name: cart, port: 80, weight: 9 }, { name: web, port: 80, weight: 1 }]
`

const FAILED: RecordInit = {
  requestId: 'r1',
  startedMs: STARTED_MS,
  direction: 'outbound',
  key: CART,
  request: {
    method: 'GET',
    path: '/v2/items',
    authority: 'cart',
    headers: [{ name: 'x-user', value: 'bob' }],
    protocol: 'HTTP/1.1',
  },
  route: 'shop/cart',
  rule: 1,
  backend: CART,
  attempts: [
    {
      endpoint: 'shop/cart-0:8080',
      address: '10.1.99.1:8080',
      startedUs: 200n,
      durationUs: 1_300n,
      error: 'connect_refused',
      detail: 'ECONNREFUSED',
      next: 'tried again at another endpoint',
      chosen: 'of two drawn it costs 1.2 ms, and shop/cart-2:8080 36.0 ms',
    },
    {
      endpoint: 'shop/cart-1:8080',
      address: '10.1.99.2:8080',
      startedUs: 30_000n,
      durationUs: 900n,
      error: 'connect_refused',
    },
  ],
  status: 502,
  error: 'connect_refused',
  detail: 'ECONNREFUSED',
  durationUs: 31_000n,
  keptAs: 'failure',
  routing: 'rule',
  endpoints: [
    { endpoint: 'shop/cart-0:8080', passedOver: 'could not be connected to' },
    { endpoint: 'shop/cart-2:8080', inFlight: 1, cost: 36_000n },
  ],
  furtherEndpoints: 3,
} as RecordInit

const APP_FAILED = {
  ...FAILED,
  requestId: 'r2',
  startedMs: STARTED_MS + 1_000n,
  error: '',
  detail: '',
  status: 500,
  attempts: [],
} as RecordInit

/** Namespace shop with Services web and cart, the route above, and proxies of two instances of web. */
let mesh: MeshWorld
beforeEach(async () => {
  mesh = await startMeshWorld(serviceYaml('web') + serviceYaml('cart'))
  await mesh.write('route.yaml', ROUTE)
  await mesh.run(apply, ['apply', '-f', 'route.yaml'])
  await mesh.proxy(nodeOf('web'), { holds: [CART], records: [APP_FAILED, FAILED] })
  await mesh.proxy(nodeOf('cart'), {
    holds: [WEB],
    records: [
      {
        ...FAILED,
        startedMs: STARTED_MS + 1n,
        direction: 'inbound',
        key: '8080',
        attempts: [],
        error: '',
        peerIdentity: 'spiffe://heddle.local/ns/shop/sa/web',
      } as RecordInit,
    ],
  })
})
afterEach(() => mesh[Symbol.asyncDispose]())

test('why REQUEST_ID shows each step of each proxy, and what would have to change', async () => {
  const { status, stdout, stderr } = await mesh.run(why, ['why', 'r1'])
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
  expect(stdout).toBe(`GET /v2/items of shop/web-0 to name:cart.shop:80
  request r1, outbound at web, 2026-11-21T12:00:00Z, HTTP/1.1, host cart
  route: shop/cart, rule 2
  try 1: shop/cart-0:8080 (10.1.99.1:8080), at 200µs for 1.3ms: no answer, connect_refused (ECONNREFUSED); tried again at another endpoint
    chosen: of two drawn it costs 1.2 ms, and shop/cart-2:8080 36.0 ms
  try 2: shop/cart-1:8080 (10.1.99.2:8080), at 30ms for 900µs: no answer, connect_refused
  endpoints when it ended:
    shop/cart-0:8080: passed over: could not be connected to
    shop/cart-2:8080: 1 request under way, cost 36ms
    and 3 more
  outcome: status 502, connect_refused (ECONNREFUSED) after 31ms
    An endpoint refused the connection, or could not be reached. The application may not be listening on this port. See \`heddle endpoints SERVICE\`.
    see docs/errors.md#connect_refused
Rules that were not chosen:
  HTTPRoute shop/cart, rule 1 (testers): header x-user: exactly "alice" is wanted, the request has "bob"
For another rule:
  HTTPRoute shop/cart, rule 1 (testers), match 1: the header x-user must be exactly "alice"; the request has "bob"

GET /v2/items at shop/cart-0
  request r1, inbound at cart, 2026-11-21T12:00:00Z, HTTP/1.1, host cart
  client: spiffe://heddle.local/ns/shop/sa/web
  outcome: status 502 after 31ms
    the application answered so itself: see its log
`)
})

test('why REQUEST_ID says that the routes have changed since', async () => {
  await mesh.write('route.yaml', routeYaml('web'))
  await mesh.run(apply, ['apply', '-f', 'route.yaml'])
  const { stdout } = await mesh.run(why, ['why', 'r1'])
  expect(stdout).toContain(
    'The routes have changed since. Now the same request:\n  goes to name:web.shop:80 by HTTPRoute shop/cart, rule 1, match 1\n',
  )
  const json = JSON.parse((await mesh.run(why, ['why', 'r1', '-o', 'json'])).stdout)
  expect(json[0]).toMatchObject({
    record: { requestId: 'r1' },
    error: { code: 'connect_refused', page: 'docs/errors.md#connect_refused' },
    explanation: { outcome: { kind: 'forward', backend: WEB } },
    routes_have_changed: true,
  })
})

test('why of a request that no proxy has a record of says who was asked', async () => {
  const { status, stderr } = await mesh.run(why, ['why', 'unknown'])
  expect(status).toBe(1)
  expect(stderr).toContain('no proxy has a record of request unknown\n  2 proxies were asked\n')
})

test('why CLIENT to SERVICE says what would become of a request', async () => {
  const args = ['why', 'deploy/web', 'to', 'svc/cart', '-n', 'shop', '--path', '/v2/items?page=2', '-H', 'x-user: bob']
  const { status, stdout, stderr } = await mesh.run(why, args)
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
  expect(stdout).toBe(`GET /v2/items?page=2 of deployment web in namespace shop to name:cart.shop:80
  goes 90 % to name:cart.shop:80, 10 % to name:web.shop:80, by HTTPRoute shop/cart, rule 2
  ends the whole exchange after 2000 ms
Endpoints of name:cart.shop:80, chosen by peak EWMA of two drawn:
  shop/cart-0:8080 (10.1.99.1:8080), ready; 1 recorded try, 1 failed, median 1.3ms; passed over: could not be connected to (2026-11-21T12:00:01Z)
Endpoints of name:web.shop:80, chosen by peak EWMA of two drawn:
  shop/web-0:8080 (10.1.119.1:8080), ready
Rules that were not chosen:
  HTTPRoute shop/cart, rule 1 (testers): header x-user: exactly "alice" is wanted, the request has "bob"
For another rule:
  HTTPRoute shop/cart, rule 1 (testers), match 1: the header x-user must be exactly "alice"; the request has "bob"
`)
})

test('why CLIENT to SERVICE takes gRPC, other namespaces and names of all sorts', async () => {
  const args = ['why', 'ns/elsewhere', 'to', 'cart.shop:80', '--grpc', 'cart.v1.Cart/Get']
  const { stdout } = await mesh.run(why, args)
  expect(stdout).toMatch(/^POST \/cart\.v1\.Cart\/Get of namespace elsewhere to name:cart\.shop:80\n {2}goes 90 %/)
  const json = await mesh.run(why, ['why', 'pod/gone', 'to', 'svc/web', '-n', 'shop', '-o', 'json'])
  expect(json.stderr).toContain('no pod "gone" runs in namespace "shop"')
  expect(JSON.parse(json.stdout)).toMatchObject({
    key: WEB,
    decision: 'goes to the endpoints of the Service itself',
    backends: [{ key: WEB, endpoints: [{ id: 'shop/web-0:8080', ready: true, recent: null }] }],
  })
})

test('why tells of faults, refusals and endpoints that are missing', async () => {
  await mesh.write(
    'fault.yaml',
    `${routeYaml('gone')}---
apiVersion: heddle.dev/v1alpha1
kind: FaultPolicy
metadata: { name: slow, namespace: shop }
spec:
  targetRefs: [{ group: "", kind: Service, name: web }]
  until: "2099-01-01T00:00:00Z"
  faults: [{ percent: 10, delay: 100ms }, { percent: 5, abortGrpcStatus: UNAVAILABLE }]
`,
  )
  await mesh.run(apply, ['apply', '-f', 'fault.yaml'])
  const refused = await mesh.run(why, ['why', 'deploy/web', 'to', 'svc/cart', '-n', 'shop'])
  expect(refused.stdout).toContain(
    '  goes nowhere, status 500 (BackendNotFound: there is no Service shop/gone), by HTTPRoute shop/cart, rule 1\n',
  )
  expect(refused.stdout).toContain('See the conditions of the route for what is missing')
  const faulty = await mesh.run(why, ['why', 'deploy/cart', 'to', 'svc/web', '-n', 'shop'])
  expect(faulty.stdout).toContain(
    'delays by 100ms 10 % of requests on purpose until 2099-01-01T00:00:00Z, by FaultPolicy shop/slow',
  )
  expect(faulty.stdout).toContain('answers with status 503 5 % of requests on purpose')
  const call = await mesh.run(why, ['why', 'deploy/cart', 'to', 'svc/web', '-n', 'shop', '--grpc', 'a.B/C'])
  expect(call.stdout).toContain('answers with gRPC status UNAVAILABLE (14), HTTP status 200 5 % of requests on purpose')
})

test('why tells a client of gRPC the status of gRPC that it would get', async () => {
  await mesh.write(
    'grpc.yaml',
    `apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: web, namespace: shop }
spec:
  parentRefs: [{ group: "", kind: Service, name: web }]
  rules:
    - matches: [{ path: { type: PathPrefix, value: /gone } }]
      backendRefs: [{ name: gone, port: 80 }]
    - matches: [{ path: { type: PathPrefix, value: /moved } }]
      filters: [{ type: RequestRedirect, requestRedirect: { hostname: example.com } }]
    - matches: [{ path: { type: PathPrefix, value: /empty } }]
      backendRefs: [{ name: empty, port: 80 }]
---
apiVersion: v1
kind: Service
metadata: { name: empty, namespace: shop }
spec: { selector: { app: empty }, ports: [{ port: 80 }] }
`,
  )
  expect(await mesh.run(apply, ['apply', '-f', 'grpc.yaml'])).toMatchObject({ status: 0 })
  const ask = async (...args: string[]) =>
    (await mesh.run(why, ['why', 'deploy/cart', 'to', 'svc/web', '-n', 'shop', ...args])).stdout
  const unknown = await ask('--grpc', 'cart.v1.Cart/Get')
  // As records show it.
  expect(await ask('--grpc', '/cart.v1.Cart/Get')).toBe(unknown)
  expect(unknown).toContain(
    '  is refused with gRPC status UNIMPLEMENTED (12), HTTP status 200: no rule of HTTPRoute shop/web fits the request\n',
  )
  expect(await ask('--path', '/cart.v1.Cart/Get', '--method', 'POST')).toContain('  is refused with status 404: ')
  const byHeader = ['--method', 'POST', '-H', 'Content-Type: application/grpc-web+proto']
  expect(await ask('--path', '/cart', ...byHeader)).toContain('  is refused with gRPC status UNIMPLEMENTED (12)')
  expect(await ask('--grpc', 'gone/A')).toContain('  goes nowhere, gRPC status UNAVAILABLE (14), HTTP status 200 (')
  expect(await ask('--grpc', 'moved/A')).toContain('  is redirected with gRPC status UNKNOWN (2), HTTP status 200, by')
  expect(await ask('--grpc', 'empty/A')).toContain(
    'the request would be answered with gRPC status UNAVAILABLE (14), HTTP status 200, no_healthy_endpoint\n',
  )
  const { explanation } = JSON.parse(await ask('--grpc', 'cart.v1.Cart/Get', '-o', 'json'))
  expect(explanation.outcome).toMatchObject({ kind: 'refused', cause: 'no_match', status: 200, grpcStatus: 12 })
})

test('why counts a call that failed by its own status among the failed tries', async () => {
  const call = {
    endpoint: 'shop/web-0:8080',
    address: '10.1.119.1:8080',
    durationUs: 1_000n,
    status: 200,
    grpcStatus: 13,
  }
  const record = { ...APP_FAILED, requestId: 'r9', key: WEB, attempts: [call] } as RecordInit
  await mesh.proxy(nodeOf('shelf'), { holds: [WEB], records: [record] })
  const { stdout } = await mesh.run(why, ['why', 'deploy/shelf', 'to', 'svc/web', '-n', 'shop', '--grpc', 'a.B/C'])
  expect(stdout).toContain('shop/web-0:8080 (10.1.119.1:8080), ready; 1 recorded try, 1 failed')
})

test.each([
  { routing: 'none', says: 'none is attached' },
  { routing: 'no_match', says: 'none fits' },
  { routing: 'undecided', says: 'none was looked for' },
  { routing: 'refused', says: 'none was chosen, for what the rules would have cost' },
  { routing: '', says: 'none is attached, or none fits' },
])('why REQUEST_ID says of a request without a rule: $says', async ({ routing, says }) => {
  const record = { ...FAILED, requestId: 'r7', route: '', backend: '', attempts: [], routing } as RecordInit
  await mesh.proxy(nodeOf('shelf'), { holds: [], records: [record] })
  expect((await mesh.run(why, ['why', 'r7'])).stdout).toContain(`  route: ${says}\n`)
})

test('why CLIENT to SERVICE tells in JSON how endpoints were seen last', async () => {
  const { stdout } = await mesh.run(why, ['why', 'deploy/web', 'to', 'svc/cart', '-n', 'shop', '-o', 'json'])
  expect(JSON.parse(stdout).backends[0].endpoints[0].seen).toEqual({
    at: '2026-11-21T12:00:01Z',
    inFlight: 0,
    costUs: 0,
    passedOver: 'could not be connected to',
  })
})

test('why REQUEST_ID calls what a proxy of a server tries the application', async () => {
  const attempt = { address: '127.0.0.1:8080', durationUs: 2_000n, status: 500 }
  const record = { ...APP_FAILED, requestId: 'r8', direction: 'inbound', attempts: [attempt] } as RecordInit
  await mesh.proxy(nodeOf('shelf'), { holds: [], records: [record] })
  const { stdout } = await mesh.run(why, ['why', 'r8'])
  expect(stdout).toContain('  try 1: the application (127.0.0.1:8080), at 0µs for 2.0ms: status 500\n')
})

test.each([
  { error: '', detail: '', says: 'the application answered so itself: see its log' },
  {
    error: 'upstream_reset',
    detail: 'the connection ended before the end of a head',
    says: 'the proxy of shop/shelf-0 answered so: upstream_reset (the connection ended before the end of a head)',
  },
])('why says of a failure that the proxy has passed on: $says', async ({ error, detail, says }) => {
  const attempts = [{ endpoint: 'shop/shelf-0:8080', status: 502 }]
  const seen = { ...APP_FAILED, requestId: 'r6', status: 502, attempts } as RecordInit
  const server = { ...seen, direction: 'inbound', key: '8080', attempts: [], error, detail } as RecordInit
  await mesh.proxy(nodeOf('shelf'), { holds: [], records: [server, seen] })
  const asked = await mesh.run(why, ['why', 'r6'])
  expect(asked.stdout.slice(0, asked.stdout.indexOf(' at shop/shelf-0'))).toContain(`\n    ${says}\n`)
  const listed = await mesh.run(why, ['why', '--last-failures', '-n', 'shop', '--limit', '5'])
  expect(listed.stdout.split('\n\n').find((one) => one.includes('heddle why r6'))).toContain(`\n    ${says}\n`)
})

test('why names the Service that a transparent proxy knows by its address', async () => {
  const { services } = await mesh.admin.listServices({ namespace: 'shop' })
  const address = services.find(({ name }) => name === 'cart')?.clusterIps[0]
  const key = formatAddressKey(address ?? '', 80)
  const [called, unknown] = [
    { ...APP_FAILED, requestId: 'r4', key },
    { ...APP_FAILED, requestId: 'r5', key: 'address:192.0.2.1:80' },
  ] as RecordInit[]
  await mesh.proxy(nodeOf('shelf'), { holds: [], records: [called, unknown] as RecordInit[] })
  const heads = async (id: string) => (await mesh.run(why, ['why', id])).stdout.split('\n', 1)
  expect(await heads('r4')).toEqual(['GET /v2/items of shop/shelf-0 to name:cart.shop:80'])
  expect(await heads('r5')).toEqual(['GET /v2/items of shop/shelf-0 to address:192.0.2.1:80'])
  const listed = await mesh.run(why, ['why', '--last-failures', '-n', 'shop', '--limit', '9'])
  expect(listed.stdout).toContain('GET /v2/items of shop/shelf-0 to name:cart.shop:80\n')
})

test('why of connections goes by the server name', async () => {
  await mesh.write(
    'tls.yaml',
    `apiVersion: gateway.networking.k8s.io/v1
kind: TLSRoute
metadata: { name: web, namespace: shop }
spec:
  parentRefs: [{ group: "", kind: Service, name: web }]
  hostnames: ["*.example.com"]
  rules: [{ backendRefs: [{ name: cart, port: 80 }] }]
`,
  )
  expect((await mesh.run(apply, ['apply', '-f', 'tls.yaml'])).status).toBe(0)
  const ask = ['why', 'deploy/cart', 'to', 'svc/web', '-n', 'shop']
  const named = await mesh.run(why, [...ask, '--server-name', 'a.example.com'])
  expect(named.stdout).toContain('  goes to name:cart.shop:80, by TLSRoute shop/web, rule 1\n')
  const other = await mesh.run(why, [...ask, '--server-name', 'other.org'])
  expect(other.stdout).toContain('  is closed: no rule of TLSRoute shop/web is for the server name other.org\n')
})

test('why --last-failures lists them with what to do', async () => {
  const { stdout } = await mesh.run(why, ['why', '--last-failures', '-n', 'shop', '--limit', '2'])
  expect(stdout).toBe(`2026-11-21T12:00:01Z GET /v2/items of shop/web-0 to name:cart.shop:80
  outcome: status 500 after 31ms
    the endpoint answered so: see the log of its application, and of its proxy
  route: shop/cart, rule 2; no endpoint was tried
  every step: heddle why r2

2026-11-21T12:00:00Z GET /v2/items of shop/web-0 to name:cart.shop:80
  outcome: status 502, connect_refused (ECONNREFUSED) after 31ms
    An endpoint refused the connection, or could not be reached. The application may not be listening on this port. See \`heddle endpoints SERVICE\`.
    see docs/errors.md#connect_refused
  route: shop/cart, rule 2; 2 tries
  recorded at shop/cart-0 too
  every step: heddle why r1
`)
  const none = await mesh.run(why, ['why', '--last-failures', '-n', 'other'])
  expect(none).toMatchObject({
    status: 0,
    stderr: 'no failure is recorded in namespace "other"; 0 proxies were asked\n',
  })
  const json = await mesh.run(why, ['why', '--last-failures', '-A', '-o', 'json'])
  expect(JSON.parse(json.stdout)).toHaveLength(3)
})
