import { create } from '@bufbuild/protobuf'
import { formatAddressKey } from '@heddle/api/destination-key'
import { NodeSchema } from '@heddle/api/discovery'
import { systemClock } from '@heddle/base/clock'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { nodeOf } from '../../../control/test/discovery-world.ts'
import { serviceYaml } from '../../../control/test/mesh-objects.ts'
import { type MeshWorld, type RecordInit, startMeshWorld } from '../../test/mesh-world.ts'
import { routeYaml } from '../../test/objects-fixture.ts'
import { apply } from './apply.ts'
import { deleteObjects } from './delete.ts'
import { get } from './get.ts'
import { plan } from './plan.ts'

const CART = 'name:cart.shop:80'
const STARTED_MS = BigInt(systemClock.nowMs())

function record(requestId: string, path: string, more: Partial<RecordInit> = {}): RecordInit {
  return {
    requestId,
    startedMs: STARTED_MS,
    direction: 'outbound',
    key: CART,
    request: { method: 'GET', path, authority: 'cart' },
    status: 200,
    keptAs: 'sample',
    ...more,
  } as RecordInit
}

const RECORDS = [
  record('r1', '/v2/items'),
  record('r2', '/v2/items?page=2'),
  record('r3', '/v1/items'),
  record('r4', '/v2', { direction: 'inbound' }),
  record('r5', '/other', { key: 'name:web.shop:80' }),
]

const V2 = `apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: cart, namespace: shop }
spec:
  parentRefs: [{ group: "", kind: Service, name: cart }]
  rules:
    - matches: [{ path: { type: PathPrefix, value: /v2 } }]
      backendRefs: [{ name: web, port: 80 }]
    - backendRefs: [{ name: cart, port: 80 }]
`

let mesh: MeshWorld
beforeEach(async () => {
  mesh = await startMeshWorld(serviceYaml('web') + serviceYaml('cart'))
  await mesh.write('one.yaml', routeYaml('cart'))
  await mesh.run(apply, ['apply', '-f', 'one.yaml'])
  await mesh.proxy(nodeOf('web'), { holds: [CART], records: RECORDS })
})
afterEach(() => mesh[Symbol.asyncDispose]())

test('plan tells of rules of a GRPCRoute, and of calls, by statuses of gRPC', async () => {
  const call = {
    method: 'POST',
    path: '/cart.v1.Cart/Get',
    headers: [{ name: 'content-type', value: 'application/grpc' }],
  }
  await mesh.proxy(nodeOf('shelf'), { holds: [CART], records: [record('r6', '', { request: call })] })
  await mesh.run(deleteObjects, ['delete', 'httproute/cart', '-n', 'shop'])
  const methods = 'matches: [{ method: { service: cart.v1.Cart, method: Get } }]'
  await mesh.write(
    'grpc.yaml',
    routeYaml('gone').replace('HTTPRoute', 'GRPCRoute').replace('{ backendRefs', `{ ${methods}, backendRefs`),
  )
  const { stdout } = await mesh.run(plan, ['plan', '-f', 'grpc.yaml'], { clock: systemClock })
  const nowhere =
    'goes nowhere, gRPC status UNAVAILABLE (14), HTTP status 200 (BackendNotFound: there is no Service shop/gone)'
  expect(stdout).toContain(`    + GRPCRoute shop/cart\n        rule 1 ${nowhere}\n`)
  expect(stdout).toContain(`    → ${nowhere}\n    for example POST /cart.v1.Cart/Get of shop/shelf-0, request r6\n`)
})

test('plan says which objects, routes and recorded requests would be different', async () => {
  await mesh.write('two.yaml', V2)
  const { status, stdout, stderr } = await mesh.run(plan, ['plan', '-f', 'two.yaml'], { clock: systemClock })
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
  expect(stdout.replace(/\(.*\.yaml\)/, '(FILE)')).toBe(`Objects
  ~ HTTPRoute shop/cart (FILE)
What proxies are told
  name:cart.shop:80
    ~ HTTPRoute shop/cart, rule 1 goes to name:web.shop:80; before: goes to name:cart.shop:80
    + HTTPRoute shop/cart, rule 2 goes to name:cart.shop:80
Recorded requests
  2 of 3 to these destinations in the last 10m would be answered otherwise; 1 proxy was asked
  2 × goes to name:cart.shop:80
    → goes to name:web.shop:80
    for example GET /v2/items of shop/web-0, request r1
`)
  const { stdout: yaml } = await mesh.run(get, ['get', 'httproute/cart', '-n', 'shop', '-o', 'yaml'])
  expect(yaml).not.toContain('/v2')
})

test('plan -o json has all of it', async () => {
  await mesh.write('two.yaml', V2)
  const args = ['plan', '-f', 'two.yaml', '-o', 'json']
  const { stdout } = await mesh.run(plan, args, { clock: systemClock })
  expect(JSON.parse(stdout)).toMatchObject({
    changes: [{ object: { kind: 'HTTPRoute', name: 'cart' }, change: 'configured' }],
    requests: { proxies_asked: 1, recorded: 3, otherwise: 2, groups: [{ count: 2, example: { requestId: 'r1' } }] },
  })
})

test('plan says what would lead nowhere, and what would be refused with it', async () => {
  await mesh.write('gone.yaml', routeYaml('gone'))
  const { stdout } = await mesh.run(plan, ['plan', '-f', 'gone.yaml'], { clock: systemClock })
  expect(stdout).toContain('- HTTPRoute shop/cart, Service shop/cart: ResolvedRefs becomes False (BackendNotFound)')
  expect(stdout).toContain('3 × goes to name:cart.shop:80\n    → goes nowhere, status 500 (BackendNotFound')
})

test('plan finds requests that were sent to the address of a Service, as transparent proxies record them', async () => {
  const { services } = await mesh.admin.listServices({ namespace: 'shop' })
  const keys = services.find(({ name }) => name === 'cart')!.clusterIps.map((ip) => formatAddressKey(ip, 80))
  await mesh.proxy(nodeOf('web', 8), { holds: [CART], records: keys.map((key) => record(key, '/v2/items', { key })) })
  await mesh.write('two.yaml', V2)
  const { stdout } = await mesh.run(plan, ['plan', '-f', 'two.yaml'], { clock: systemClock })
  expect(stdout).toContain(`${2 + keys.length} of ${3 + keys.length} to these destinations`)
})

test('plan takes a route to the Service itself for what happens without one', async () => {
  const args = ['plan', '--delete', 'httproute/cart', '-n', 'shop']
  const { stdout } = await mesh.run(plan, args, { clock: systemClock })
  expect(stdout).toContain('  0 of 3 to these destinations')
})

test('plan of what is in force says so; one that removes it tells', async () => {
  expect((await mesh.run(plan, ['plan', '-f', 'one.yaml'])).stdout).toBe(
    'nothing would change: 1 of 1 objects are as given\n',
  )
  const args = ['plan', '--delete', 'httproute/cart', '-n', 'shop']
  const { stdout } = await mesh.run(plan, args, { clock: systemClock })
  expect(stdout).toContain('  - HTTPRoute shop/cart')
  expect(stdout).toContain('    - HTTPRoute shop/cart\n')
})

test('plan leaves out requests of namespaces with routes of their own', async () => {
  const own = routeYaml('web')
    .replace('namespace: shop', 'namespace: other')
    .replace('name: cart }]', 'name: cart, namespace: shop }]')
  const consumer = own.replace('name: web, port', 'name: web, namespace: shop, port')
  const grant = `apiVersion: gateway.networking.k8s.io/v1
kind: ReferenceGrant
metadata: { name: all, namespace: shop }
spec:
  from: [{ group: gateway.networking.k8s.io, kind: HTTPRoute, namespace: other }]
  to: [{ group: "", kind: Service }]
`
  await mesh.write('consumer.yaml', `${consumer}---\n${grant}`)
  expect(await mesh.run(apply, ['apply', '-f', 'consumer.yaml'])).toMatchObject({ status: 0, stderr: '' })
  await mesh.proxy(create(NodeSchema, { ...nodeOf('web', 8), namespace: 'other' }), {
    holds: [CART],
    records: [record('r9', '/v2/items')],
  })
  await mesh.write('two.yaml', V2)
  const { stdout } = await mesh.run(plan, ['plan', '-f', 'two.yaml'], { clock: systemClock })
  expect(stdout).toContain(
    '2 of 3 to these destinations in the last 10m would be answered otherwise; 2 proxies were asked',
  )
})

test('plan names what it leaves out', async () => {
  const foreign = 'apiVersion: apps/v1\nkind: Deployment\nmetadata: { name: web, namespace: shop }\n'
  await mesh.write('both.yaml', `${V2}---\n${foreign}`)
  await mesh.write('foreign.yaml', foreign)
  const line = 'not planned: Deployment shop/web: the mesh does not act on this kind\n'
  const { stdout } = await mesh.run(plan, ['plan', '-f', 'both.yaml'], { clock: systemClock })
  expect(stdout.endsWith(line)).toBe(true)
  expect((await mesh.run(plan, ['plan', '-f', 'foreign.yaml'])).stdout).toBe(`nothing would change\n${line}`)
  const json = await mesh.run(plan, ['plan', '-f', 'both.yaml', '-o', 'json'], { clock: systemClock })
  expect(JSON.parse(json.stdout)).toMatchObject({
    not_planned: [{ kind: 'Deployment', namespace: 'shop', name: 'web' }],
  })
})

test('plan says when clients are to get the endpoints of their own node only', async () => {
  const local = serviceYaml('cart').replace('  selector:', '  internalTrafficPolicy: Local\n  selector:')
  await mesh.write('local.yaml', local)
  const { stdout } = await mesh.run(plan, ['plan', '-f', 'local.yaml'], { clock: systemClock })
  expect(stdout).toContain("name:cart.shop:80\n    + endpoints of the client's own node only\n")
})

test('plan refuses what apply would refuse', async () => {
  await mesh.write('bad.yaml', routeYaml('cart', '  hostname: x\n'))
  const { status, stdout, stderr } = await mesh.run(plan, ['plan', '-f', 'bad.yaml'])
  expect({ status, stdout }).toEqual({ status: 1, stdout: '' })
  expect(stderr).toContain('bad.yaml:7:3: spec.hostname')
})
