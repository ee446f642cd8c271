import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { create } from '@bufbuild/protobuf'
import { Code, ConnectError } from '@connectrpc/connect'
import { ConfigObjectSchema } from '@heddle/api/admin'
import { KubeError } from '@heddle/kube/client'
import { HTTP_ROUTES, NAMESPACES } from '@heddle/kube/resources'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type CommandWorld, runCommand } from '../../../../test/command-world.ts'
import { type FakeBehaviour, FakeCluster } from '../../../../test/fake-cluster.ts'
import { routeYaml } from '../../../../test/objects-fixture.ts'
import { apply } from '../../apply.ts'
import { deleteObjects } from '../../delete.ts'
import { diff } from '../../diff.ts'
import { resourceOfKind } from './kind-discovery.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'heddle-target-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

function clusterWith(behaviour: FakeBehaviour = {}): FakeCluster {
  const cluster = new FakeCluster(behaviour)
  cluster.put(NAMESPACES, { metadata: { name: 'shop' } })
  return cluster
}

/** A control plane that knows what the cluster has. */
function adminOf(cluster: FakeCluster): NonNullable<CommandWorld['admin']> {
  return {
    getObject({ ref }) {
      const { kind = '', namespace = '', name = '' } = ref ?? {}
      const found = cluster.find(resourceOfKind(kind)!, name, namespace === '' ? undefined : namespace)
      if (found === undefined) throw new ConnectError('there is none', Code.NotFound)
      return { object: create(ConfigObjectSchema, { generation: BigInt(found.metadata.generation ?? 0) }) }
    },
    getApplied: () => ({ revision: 7n, proxies: 2, applied: 2 }),
  }
}

/** Runs `heddle COMMAND ...`, beside a file `route.yaml`. */
async function run([name = '', ...args]: readonly string[], cluster: FakeCluster, yaml: string) {
  await writeFile(join(folder, 'route.yaml'), yaml)
  const command = { apply, diff, delete: deleteObjects }[name]!
  return await runCommand(command, [name, ...args], { cluster, cwd: folder, admin: adminOf(cluster) })
}

test('apply writes to the cluster, and waits for proxies', async () => {
  const cluster = clusterWith()
  const first = await run(['apply', '-f', 'route.yaml', '--wait'], cluster, routeYaml('v1'))
  expect(first).toMatchObject({ status: 0, stdout: 'HTTPRoute shop/cart created\napplied on 2 of 2 proxies\n' })
  expect(cluster.writes).toEqual(['apply cart'])
  const again = await run(['apply', '-f', 'route.yaml'], cluster, routeYaml('v1'))
  expect(again.stdout).toBe('HTTPRoute shop/cart unchanged\n')
  const other = await run(['apply', '-f', 'route.yaml'], cluster, routeYaml('v2'))
  expect(other.stdout).toBe('HTTPRoute shop/cart configured\n')
})

test('apply puts objects that name no namespace into that of the context', async () => {
  const cluster = clusterWith()
  await run(['apply', '-f', 'route.yaml'], cluster, routeYaml('v1').replace(', namespace: shop', ''))
  expect(cluster.find(HTTP_ROUTES, 'cart', 'shop')).toBeDefined()
})

test('apply makes the namespace first that other objects of the files are in', async () => {
  const cluster = clusterWith()
  const yaml = `${routeYaml('v1').replace('namespace: shop', 'namespace: fresh')}\n---\napiVersion: v1\nkind: Namespace\nmetadata: { name: fresh }\n`
  const { status } = await run(['apply', '-f', 'route.yaml'], cluster, yaml)
  expect(status).toBe(0)
  expect(cluster.writes).toEqual(['apply fresh', 'apply cart'])
})

test('apply --dry-run writes nothing', async () => {
  const cluster = clusterWith()
  const { stdout } = await run(['apply', '-f', 'route.yaml', '--dry-run'], cluster, routeYaml('v1'))
  expect(stdout).toBe('HTTPRoute shop/cart created (dry run)\n')
  expect(cluster.writes).toEqual([])
})

test('apply writes nothing when one object is refused, and says where in the file', async () => {
  const cluster = clusterWith({
    judge: ({ metadata }) =>
      metadata.name === 'bad'
        ? new KubeError({
            status: 422,
            reason: 'Invalid',
            message: 'is invalid',
            details: { causes: [{ field: 'spec.rules[0].backendRefs[0].port', message: 'must be at most 65535' }] },
          })
        : undefined,
  })
  const bad = routeYaml('v2').replace('name: cart', 'name: bad')
  const { status, stderr } = await run(['apply', '-f', 'route.yaml'], cluster, `${routeYaml('v1')}---\n${bad}`)
  expect(status).toBe(1)
  expect(stderr).toContain('route.yaml:13:39:')
  expect(stderr).toContain('spec.rules[0].backendRefs[0].port: must be at most 65535')
  expect(stderr).toContain('nothing was changed')
  expect(cluster.writes).toEqual([])
})

test('heddle apply says where the field is that the API server does not know', async () => {
  const ref = '(shop/cart; gateway.networking.k8s.io/v1, Kind=HTTPRoute)'
  const unknown = '.spec.rules[0].backendRefs[0].port: field not declared in schema'
  const cluster = clusterWith({
    judge: () =>
      new KubeError({
        status: 500,
        reason: 'InternalError',
        message: `failed to create typed patch object ${ref}: errors:\n  ${unknown}\n  .spec.rules[0].nmae: field not declared in schema`,
      }),
  })
  const { status, stderr } = await run(['apply', '-f', 'route.yaml'], cluster, routeYaml('v1'))
  expect(status).toBe(1)
  expect(stderr).toMatch(
    /^route\.yaml:\d+:\d+: spec\.rules\[0\]\.backendRefs\[0\]\.port: field not declared in schema$/m,
  )
  expect(stderr).toContain('spec.rules[0].nmae: field not declared in schema')
  expect(stderr).toContain('these 2 problems; nothing was changed')
})

test('a warning stands in the way of nothing', async () => {
  const cluster = clusterWith()
  const yaml = routeYaml('v1').replace('namespace: shop', 'namespace: shop, creationTimestamp: null')
  const applied = await run(['apply', '-f', 'route.yaml'], cluster, yaml)
  expect(applied).toMatchObject({ status: 0, stdout: 'HTTPRoute shop/cart created\n' })
  expect(applied.stderr).toContain('warning: metadata.creationTimestamp: has no value')
  const deleted = await run(['delete', '-f', 'route.yaml'], cluster, yaml)
  expect(deleted.stdout).toBe('HTTPRoute shop/cart deleted\n')
  expect(cluster.find(HTTP_ROUTES, 'cart', 'shop')).toBeUndefined()
})

test('apply says what a webhook says', async () => {
  const denied = 'admission webhook "validator.heddle.dev" denied the request: the route leads to itself'
  const cluster = clusterWith({ judge: () => new KubeError({ status: 403, reason: 'Forbidden', message: denied }) })
  const { stderr } = await run(['apply', '-f', 'route.yaml'], cluster, routeYaml('v1'))
  expect(stderr).toContain('route.yaml:1:1: the route leads to itself')
})

test('apply says which right is missing', async () => {
  const cluster = clusterWith({
    judge: () => new KubeError({ status: 403, reason: 'Forbidden', message: 'user ann cannot patch httproutes' }),
  })
  const { status, stderr } = await run(['apply', '-f', 'route.yaml'], cluster, routeYaml('v1'))
  expect(status).toBe(1)
  expect(stderr).toContain('may not apply HTTPRoute shop/cart: user ann cannot patch httproutes')
})

test('apply knows kinds of other products from the cluster', async () => {
  const answers = {
    'GET /apis/example.org/v1': { resources: [{ name: 'widgets', kind: 'Widget', namespaced: true }] },
  }
  const yaml = 'apiVersion: example.org/v1\nkind: Widget\nmetadata: { name: one, namespace: shop }\n'
  const known = await run(['apply', '-f', 'route.yaml'], clusterWith({ answers }), yaml)
  expect(known.stdout).toBe('Widget shop/one created\n')
  const unknown = await run(['apply', '-f', 'route.yaml'], clusterWith(), yaml)
  expect(unknown.stderr).toContain('the cluster knows no Widget in example.org/v1')
})

test('diff shows what the API server would make of the files', async () => {
  const cluster = clusterWith()
  await run(['apply', '-f', 'route.yaml'], cluster, routeYaml('v1'))
  const same = await run(['diff', '-f', 'route.yaml'], cluster, routeYaml('v1'))
  expect(same).toMatchObject({ status: 0, stdout: '' })
  const other = await run(['diff', '-f', 'route.yaml'], cluster, routeYaml('v2'))
  expect(other.status).toBe(1)
  expect(other.stdout).toContain('-        - name: v1')
  expect(other.stdout).toContain('+        - name: v2')
  expect(other.stdout).not.toContain('generation')
})

test('delete removes objects by name and by file, and nothing when one is missing', async () => {
  const cluster = clusterWith()
  await run(['apply', '-f', 'route.yaml'], cluster, routeYaml('v1'))
  const missing = await run(['delete', 'httproute/none', '-f', 'route.yaml'], cluster, routeYaml('v1'))
  expect(missing.stderr).toContain('there is no HTTPRoute shop/none')
  expect(cluster.find(HTTP_ROUTES, 'cart', 'shop')).toBeDefined()
  // The namespace is that of the kubeconfig's context.
  const done = await run(['delete', 'httproute/cart', '--wait'], cluster, '')
  expect(done.stdout).toBe('HTTPRoute shop/cart deleted\napplied on 2 of 2 proxies\n')
  expect(cluster.find(HTTP_ROUTES, 'cart', 'shop')).toBeUndefined()
})
