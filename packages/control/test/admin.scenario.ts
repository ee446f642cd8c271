import { readFile } from 'node:fs/promises'
import { Code, createClient } from '@connectrpc/connect'
import { createGrpcTransport } from '@connectrpc/connect-node'
import { AdminService, ResourceKind } from '@heddle/api/admin'
import { Direction } from '@heddle/api/telemetry'
import { createCsr } from '@heddle/identity/csr'
import { createWorkloadKey } from '@heddle/identity/key-pair'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type ControlWorld, createControlWorld, nextUpdate, type OpenWatch } from './control-world.ts'
import { nodeOf } from './discovery-world.ts'
import { serviceYaml } from './mesh-objects.ts'

const CART_ID = 'spiffe://heddle.local/ns/shop/sa/cart'
const ALL = { kind: ResourceKind.DEPLOYMENT, namespace: 'shop' }

let world: ControlWorld
let cart: OpenWatch
let web: OpenWatch

/** web calls cart; cart runs once with a proxy, `legacy` at an address without. */
beforeAll(async () => {
  world = await createControlWorld(
    serviceYaml('web') + serviceYaml('cart') + serviceYaml('legacy', 'addresses: [192.0.2.9]'),
  )
  await world.start('--admin', '0')
  cart = await world.watch(nodeOf('cart'))
  web = await world.watch(nodeOf('web'), { 'name:cart.shop:80': '' })
  await nextUpdate(cart)
  await nextUpdate(web)
  await report()
})
afterAll(async () => {
  await world[Symbol.asyncDispose]()
})

async function report() {
  const from = { namespace: 'shop', epoch: 'e1', sequence: 1n, intervalMs: 10_000 }
  const counted = {
    requestsSuccess: 90n,
    requestsFailure: 10n,
    connectionsOpen: 3n,
    latency: [{ index: 100, count: 100n }],
    grpcStatuses: [
      { status: 13, count: 10n },
      { status: 0, count: 40n },
    ],
  }
  const telemetry = await world.telemetry(web.tls)
  const toCart = { serviceNamespace: 'shop', service: 'cart', port: 80, peerNamespace: 'shop', peerWorkload: 'cart' }
  const outbound = {
    direction: Direction.OUTBOUND,
    ...toCart,
    peerInstance: 'cart-0',
    peerIdentity: CART_ID,
    security: 'mtls',
  }
  await telemetry.report({ ...from, workload: 'web', instance: 'web-0', series: [{ ...outbound, ...counted }] })
  const certificate = { identity: CART_ID, serial: '4F', notBeforeMs: 1n, notAfterMs: 2n }
  const inbound = { direction: Direction.INBOUND, port: 8080, security: 'mtls', ...counted }
  const cartReport = { ...from, workload: 'cart', instance: 'cart-0', certificate, series: [inbound] }
  await (await world.telemetry(cart.tls)).report(cartReport)
}

test('stat gives golden metrics of what came in, and a row for what is idle', async () => {
  const { rows } = await (await world.admin()).stat({ resource: ALL, windowMs: 60_000 })
  expect(rows.map(({ name, meshed, total }) => [name, meshed, total])).toEqual([
    ['cart', 1, 1],
    ['legacy', 0, 1],
    ['web', 1, 1],
  ])
  const [served, , idle] = rows
  expect(served).toMatchObject({
    successRate: 0.9,
    rps: 10,
    requestsSuccess: 90n,
    requestsFailure: 10n,
    tcpConnections: 3,
    grpcStatuses: [
      { status: 0, count: 40n },
      { status: 13, count: 10n },
    ],
  })
  expect(served?.latencyP50Us).toBeGreaterThan(0)
  expect(idle?.successRate).toBeUndefined()
  expect(idle?.tcpConnections).toBeUndefined()
})

test.each([
  { kind: ResourceKind.POD, names: ['cart-0', 'legacy-0', 'web-0'] },
  { kind: ResourceKind.SERVICE, names: ['cart', 'legacy', 'web'] },
  { kind: ResourceKind.NAMESPACE, names: ['shop'] },
])('stat knows all resources of kind $kind', async ({ kind, names }) => {
  const { rows } = await (await world.admin()).stat({ resource: { kind }, windowMs: 60_000 })
  expect(rows.map(({ name }) => name)).toEqual(names)
  expect(rows.reduce((sum, { requestsSuccess }) => sum + requestsSuccess, 0n)).toBe(90n)
})

test('stat tells what went from one to another', async () => {
  const admin = await world.admin()
  const toCart = { kind: ResourceKind.SERVICE, namespace: 'shop', name: 'cart' }
  const sent = await admin.stat({ resource: ALL, to: toCart, windowMs: 60_000 })
  expect(sent.rows.map(({ name, rps, meshed }) => [name, rps, meshed])).toEqual([['web', 10, 1]])
  const fromWeb = { kind: ResourceKind.DEPLOYMENT, namespace: 'shop', name: 'web' }
  const received = await admin.stat({ resource: ALL, from: fromWeb, windowMs: 60_000 })
  expect(received.rows.map(({ name, rps }) => [name, rps])).toEqual([['cart', 10]])
})

test.each([
  { name: 'no resource', request: { windowMs: 60_000 } },
  { name: 'a window of nothing', request: { resource: ALL, windowMs: 0 } },
  { name: 'a window of days', request: { resource: ALL, windowMs: 172_800_000 } },
  { name: 'both directions', request: { resource: ALL, to: ALL, from: ALL, windowMs: 60_000 } },
  { name: 'what a service sends', request: { resource: { kind: ResourceKind.SERVICE }, to: ALL, windowMs: 60_000 } },
])('stat refuses $name', async ({ request }) => {
  await expect((await world.admin()).stat(request)).rejects.toMatchObject({ code: Code.InvalidArgument })
})

test('edges tell both identities', async () => {
  const { edges } = await (await world.admin()).edges({ resource: ALL })
  expect(edges).toMatchObject([
    {
      src: 'web',
      dst: 'cart',
      secured: true,
      reason: '',
      serverIdentity: CART_ID,
      clientIdentity: CART_ID.replace('cart', 'web'),
    },
  ])
})

test('endpoints tell also those that get no traffic, and why', async () => {
  const caller = await world.discovery(cart.tls)
  const admin = await world.admin()
  const list = async () => (await admin.listEndpoints({ namespace: 'shop', service: 'cart' })).endpoints
  expect(await list()).toMatchObject([
    {
      service: 'cart',
      servicePort: 80,
      ready: true,
      reason: '',
      endpoint: { id: 'shop/cart-0:8080', identity: CART_ID },
    },
  ])
  const { proxies } = await admin.listProxies({ namespace: 'shop' })
  expect(proxies.map(({ instance, connected }) => [instance, connected])).toEqual([
    ['cart-0', true],
    ['web-0', true],
  ])
  await expect(caller.setState({ streamId: 'other', state: 2 })).rejects.toMatchObject({ code: Code.NotFound })
})

test('workloads tell their certificate, proxies what they applied, services their addresses', async () => {
  const admin = await world.admin()
  const { instances } = await admin.listWorkloads({})
  expect(instances.map(({ instance, meshed, identity, serial }) => [instance, meshed, identity, serial])).toEqual([
    ['cart-0', true, CART_ID, '4F'],
    ['legacy-0', false, '', ''],
    ['web-0', true, CART_ID.replace('cart', 'web'), ''],
  ])
  const { services } = await admin.listServices({ namespace: 'shop' })
  expect(services.map(({ name, ports }) => [name, ports])).toEqual([
    ['cart', [80]],
    ['legacy', [80]],
    ['web', [80]],
  ])
  expect(services[0]?.clusterIps[0]).toMatch(/^10\./)
})

test('a join token is good for one certificate of its identity, which then renews itself', async () => {
  const admin = await world.admin()
  const spiffeId = 'spiffe://heddle.local/ns/shop/sa/web'
  const made = await admin.createJoinToken({ namespace: 'shop', serviceAccount: 'web', ttlMs: 60_000 })
  const { privateKey, privateKeyPem } = await createWorkloadKey()
  const csr = createCsr(privateKey, spiffeId)
  const signed = await (await world.identity()).sign({ csr, joinToken: made.token })
  expect(signed.trustBundlePem).toBe(made.trustBundlePem)
  const other = createCsr((await createWorkloadKey()).privateKey, spiffeId)
  const again = (await world.identity()).sign({ csr: other, joinToken: made.token })
  await expect(again).rejects.toMatchObject({ code: Code.Unauthenticated })
  const renewing = await world.identity({ certificateChainPem: signed.certificateChainPem, privateKeyPem })
  expect((await renewing.sign({ csr: other })).certificateChainPem).toContain('BEGIN CERTIFICATE')
  const greedy = createCsr(privateKey, CART_ID)
  await expect(renewing.sign({ csr: greedy })).rejects.toMatchObject({ code: Code.PermissionDenied })
})

test.each([
  { name: 'a life of days', request: { namespace: 'shop', serviceAccount: 'web', ttlMs: 172_800_000 } },
  { name: 'a name that is none', request: { namespace: 'Shop!', serviceAccount: 'web', ttlMs: 60_000 } },
])('a join token of $name is refused', async ({ request }) => {
  await expect((await world.admin()).createJoinToken(request)).rejects.toMatchObject({ code: Code.InvalidArgument })
})

test('health tells the ends of the authority and the state of the configuration', async () => {
  const health = await (await world.admin()).getHealth({})
  expect(health.rootNotAfterMs > health.issuerNotAfterMs && health.issuerNotAfterMs > health.nowMs).toBe(true)
  expect(health).toMatchObject({ configurationProblems: [], configurationAppliedMs: 1n })
})

test('health tells apart what refuses the configuration and what is only worth a word', async () => {
  const place = { file: 'shop.yaml', line: 3, column: 1, field: 'spec', reason: 'expected a map' }
  world.source.problems = [
    { severity: 'error', ...place },
    { severity: 'warning', ...place, reason: 'has no effect here' },
  ]
  expect(await (await world.admin()).getHealth({})).toMatchObject({
    configurationProblems: ['shop.yaml:3:1: spec: expected a map'],
    configurationWarnings: ['shop.yaml:3:1: warning: spec: has no effect here'],
  })
  world.source.problems = []
})

test('gRPC clients are served as well', async () => {
  const ca = await readFile(world.control.trustBundleFile, 'utf8')
  const token = (await readFile(world.control.adminTokenFile, 'utf8')).trim()
  const transport = createGrpcTransport({ baseUrl: world.url, nodeOptions: { ca } })
  const headers = { authorization: `Bearer ${token}` }
  const { services } = await createClient(AdminService, transport).listServices({}, { headers })
  expect(services.map(({ name }) => name)).toEqual(['cart', 'legacy', 'web'])
})

test('metrics tell streams, calls and refusals', async () => {
  const { token } = await (await world.admin()).createJoinToken({
    namespace: 'shop',
    serviceAccount: 'web',
    ttlMs: 60_000,
  })
  const csr = createCsr((await createWorkloadKey()).privateKey, 'spiffe://heddle.local/ns/shop/sa/web')
  await (await world.identity()).sign({ csr, joinToken: token })
  await expect((await world.discovery()).acknowledge({})).rejects.toMatchObject({ code: Code.Unauthenticated })
  const { port } = world.control.adminAddress!
  const get = async (path: string) => (await fetch(`http://127.0.0.1:${port}${path}`)).text()
  expect(await get('/ready')).toBe('ready\n')
  expect(await get('/live')).toBe('live\n')
  const metrics = await get('/metrics')
  expect(metrics).toContain('heddle_control_streams 2')
  expect(metrics).toContain('heddle_control_refused_calls_total{reason="no_certificate"} 1')
  expect(metrics).toContain('method="heddle.telemetry.v1.TelemetryService/Report",code="Ok"} 2')
  expect(metrics).toMatch(/heddle_control_sign_requests_total\{outcome="signed"\} \d/)
})
