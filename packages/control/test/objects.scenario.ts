import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Client } from '@connectrpc/connect'
import { Code } from '@connectrpc/connect'
import { AdminService, ChangeType } from '@heddle/api/admin'
import type { Destination } from '@heddle/api/discovery'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type ControlWorld, createControlWorld, nextUpdate, type OpenWatch } from './control-world.ts'
import { nodeOf } from './discovery-world.ts'
import { serviceYaml } from './mesh-objects.ts'

const CART = 'name:cart.shop:80'

const routeYaml = (backend: string, more = '') => `apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: cart, namespace: shop }
spec:
  parentRefs: [{ group: "", kind: Service, name: cart }]
  rules: [{ backendRefs: [{ name: ${backend}, port: 80 }] }]
${more}`
const ROUTE = { kind: 'HTTPRoute', namespace: 'shop', name: 'cart' }

let world: ControlWorld
let admin: Client<typeof AdminService>
let web: OpenWatch

/** Configuration in a directory; web holds cart. */
beforeEach(async () => {
  world = await createControlWorld('')
  await mkdir(join(world.dir, 'mesh'))
  await writeFile(join(world.dir, 'mesh/all.yaml'), serviceYaml('web') + serviceYaml('cart'))
  await world.startOnDirectory(join(world.dir, 'mesh'))
  admin = await world.admin()
  web = await world.watch(nodeOf('web'), { [CART]: '' })
  const first = await nextUpdate(web)
  await acknowledge(first.streamId, first.sequence)
})
afterEach(async () => {
  web.end()
  await world[Symbol.asyncDispose]()
})

let streamId = ''
async function acknowledge(id: string, sequence: bigint, problems: string[] = []): Promise<void> {
  if (id !== '') streamId = id
  await web.discovery.acknowledge({ streamId, sequence, problems })
}

function files(text: string) {
  return { files: [{ path: 'route.yaml', text }] }
}

function routesIn(destination: Destination | undefined) {
  return destination?.target.case === 'service' ? destination.target.value.routes : []
}

test('what is applied is written, told to proxies, and applied when they say so', async () => {
  const applied = await admin.applyObjects(files(routeYaml('cart')))
  expect(applied).toMatchObject({ problems: [], changes: [{ ref: ROUTE, type: ChangeType.ADDED }] })
  expect(await readFile(join(world.dir, 'mesh/applied/shop.httproute.cart.yaml'), 'utf8')).toBe(routeYaml('cart'))

  const { revision } = applied
  const before = await admin.getApplied({ revision, objects: [ROUTE] })
  expect(before).toMatchObject({ proxies: 1, applied: 0, behind: [{ instance: 'web-0', problems: [] }] })
  const { sequence, updates } = await nextUpdate(web)
  expect(updates[0]?.change.value).toMatchObject({ target: { value: { routes: [{ name: 'cart' }] } } })
  await acknowledge('', sequence)
  expect(await admin.getApplied({ revision, objects: [ROUTE] })).toMatchObject({ proxies: 1, applied: 1, behind: [] })
})

test('who refuses is behind, with the reason, until it was told something that it takes', async () => {
  const { revision } = await admin.applyObjects(files(routeYaml('cart')))
  const { sequence } = await nextUpdate(web)
  await acknowledge('', sequence, ['I cannot'])
  const behind = [{ namespace: 'shop', workload: 'web', instance: 'web-0', problems: ['I cannot'] }]
  expect(await admin.getApplied({ revision })).toMatchObject({ applied: 0, behind })
  const second = await admin.applyObjects(files(routeYaml('web')))
  const next = await nextUpdate(web)
  await acknowledge('', next.sequence)
  expect(await admin.getApplied({ revision: second.revision })).toMatchObject({ applied: 1, behind: [] })
  await expect(admin.getApplied({ revision: 1_000n })).rejects.toMatchObject({ code: Code.FailedPrecondition })
})

test('a refusal changes nothing, and says where the mistake is', async () => {
  const { problems, changes, revision } = await admin.applyObjects(files(routeYaml('cart', '  hostname: x\n')))
  expect(problems.filter(({ severity }) => severity === 'error')).toMatchObject([
    { file: 'route.yaml', line: 7, field: 'spec.hostname' },
  ])
  expect([changes, revision]).toEqual([[], 0n])
  expect((await admin.listObjects({ kind: 'HTTPRoute' })).objects).toEqual([])
})

test('a dry run and a plan change nothing; the plan tells what would be different', async () => {
  const dry = await admin.applyObjects({ ...files(routeYaml('gone')), dryRun: true })
  expect(dry).toMatchObject({ changes: [{ type: ChangeType.ADDED }], revision: 0n })
  const plan = await admin.planObjects(files(routeYaml('gone')))
  expect(plan.changes).toMatchObject([{ ref: ROUTE, type: ChangeType.ADDED, after: { kind: 'HTTPRoute' } }])
  expect(plan.destinations).toMatchObject([
    { key: CART, clientNamespace: '', before: { target: { value: { routes: [] } } } },
  ])
  const [backend] = routesIn(plan.destinations[0]?.after)[0]?.rules[0]?.backends ?? []
  expect(backend).toMatchObject({ key: '', unresolved: 'BackendNotFound: there is no Service shop/gone' })
  expect(plan.conditions.map(({ after }) => `${after?.type}=${after?.status} ${after?.reason}`)).toEqual([
    'Accepted=True Accepted',
    'ResolvedRefs=False BackendNotFound',
  ])
  expect((await admin.listObjects({ kind: 'HTTPRoute' })).objects).toEqual([])
})

test('objects are shown as in a file, with status and place; their destinations as a client sees them', async () => {
  await admin.applyObjects(files(routeYaml('cart')))
  const { sequence } = await nextUpdate(web)
  await acknowledge('', sequence)
  const { object } = await admin.getObject({ ref: ROUTE })
  expect(object).toMatchObject({
    file: join(world.dir, 'mesh/applied/shop.httproute.cart.yaml'),
    text: routeYaml('cart'),
    manifest: {
      apiVersion: 'gateway.networking.k8s.io/v1',
      spec: { rules: [{ backendRefs: [{ name: 'cart', port: 80 }] }] },
      status: { parents: [{ conditions: [{ type: 'Accepted' }, { type: 'ResolvedRefs' }, { type: 'Programmed' }] }] },
    },
    conditions: [
      { about: 'Service shop/cart', type: 'Accepted', status: 'True' },
      { type: 'ResolvedRefs', status: 'True' },
      { type: 'Programmed', status: 'True', message: 'applied by all of 1 proxy that hold it' },
    ],
  })
  const kinds = (await admin.listObjects({ namespace: 'shop' })).objects.map(({ ref }) => `${ref?.kind} ${ref?.name}`)
  expect(kinds).toEqual(['HTTPRoute cart', 'Service cart', 'Service web', 'Workload cart', 'Workload web'])
  const { destination } = await admin.getDestination({ key: CART, clientNamespace: 'shop' })
  expect(destination?.target.value).toMatchObject({ routes: [{ name: 'cart' }] })
  const missing = admin.getObject({ ref: { ...ROUTE, name: 'gone' } })
  await expect(missing).rejects.toMatchObject({ code: Code.NotFound })
})

test('those that lead nowhere can be asked for alone', async () => {
  const faulty = async () => (await admin.listObjects({ faultyOnly: true })).objects.map(({ ref }) => ref?.name)
  await admin.applyObjects(files(routeYaml('cart')))
  expect(await faulty()).toEqual([])
  await admin.applyObjects(files(routeYaml('gone')))
  expect(await faulty()).toEqual(['cart'])
})

test('objects are removed from where they are defined', async () => {
  await admin.applyObjects(files(routeYaml('cart')))
  const removed = await admin.applyObjects({ remove: [ROUTE] })
  expect(removed).toMatchObject({ problems: [], changes: [{ ref: ROUTE, type: ChangeType.REMOVED }] })
  expect((await admin.listObjects({ kind: 'HTTPRoute' })).objects).toEqual([])
})

test('proxies are asked for what they decided, and answer over the stream', async () => {
  const listed = admin.listDecisions({ query: { failuresOnly: true, limit: 5 }, waitMs: 10_000 })
  const { value } = await web.messages.next()
  const [query] = value?.queries ?? []
  expect(query).toMatchObject({ failuresOnly: true, limit: 5 })
  const records = [{ requestId: 'r1', status: 503, startedMs: 1n }]
  await web.discovery.answerQuery({ streamId, queryId: query?.queryId ?? '', records })
  expect(await listed).toMatchObject({ records: [{ requestId: 'r1', instance: 'web-0' }], asked: 1, silent: [] })
  await expect(admin.listDecisions({ waitMs: 60_000 })).rejects.toMatchObject({ code: Code.InvalidArgument })
})

test('none of this is for workloads', async () => {
  const stranger = await world.client(AdminService, { tls: web.tls })
  await expect(stranger.applyObjects(files(routeYaml('cart')))).rejects.toMatchObject({ code: Code.Unauthenticated })
})
