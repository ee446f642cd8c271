import { afterEach, beforeEach, expect, test } from 'vitest'
import { parse } from 'yaml'
import { serviceYaml } from '../../../control/test/mesh-objects.ts'
import type { CommandWorld } from '../../test/command-world.ts'
import { type MeshWorld, startMeshWorld } from '../../test/mesh-world.ts'
import { routeYaml } from '../../test/objects-fixture.ts'
import type { SiteNetwork } from '../site/site.ts'
import { apply } from './apply.ts'
import { get } from './get.ts'

/** Namespace shop with Services web and cart. */
let mesh: MeshWorld
beforeEach(async () => {
  mesh = await startMeshWorld(serviceYaml('web') + serviceYaml('cart'))
})
afterEach(() => mesh[Symbol.asyncDispose]())

const NETWORK: SiteNetwork = {
  subnet: { base: 0x0ac00000, prefix6: 'fd12:3456:789a:1' },
  bridge: 'hd0',
  hasIpv6: true,
  controlPort: 1,
  proxyUid: 1,
}

test('shows routes with what they are attached to and their conditions', async () => {
  await mesh.write('route.yaml', routeYaml('gone'))
  await mesh.run(apply, ['apply', '-f', 'route.yaml'])
  const { stdout, status } = await mesh.run(get, ['get', 'httproutes', '-n', 'shop'])
  expect({ status, stdout }).toEqual({
    status: 0,
    stdout:
      'NAME   PARENTS    ACCEPTED   RESOLVED   PROGRAMMED   AGE\ncart   svc/cart   True       False      Unknown      -\n',
  })
  const wide = await mesh.run(get, ['get', 'httproute/cart', '-A', '-o', 'wide'])
  expect(wide.stdout).toMatch(
    /^NAMESPACE +NAME .* RULES +REASON +AGE +FILE\nshop +cart .* BackendNotFound: there is no Service shop\/gone .*cart\.yaml\n$/,
  )
})

test('shows all kinds, each in a table of its own', async () => {
  const { stdout } = await mesh.run(get, ['get', 'all', '-n', 'shop'])
  expect(stdout).toBe(`NAME            SERVICE-ACCOUNT   REPLICAS   PORT(S)    AGE
workload/cart   cart                     1   8080/TCP   -
workload/web    web                      1   8080/TCP   -

NAME           CLUSTER-IP   PORT(S)   AGE
service/cart   -            80/TCP    -
service/web    -            80/TCP    -
`)
})

test('-o yaml and -o json show what can be applied again', async () => {
  const { stdout } = await mesh.run(get, ['get', 'svc', 'cart', '-n', 'shop', '-o', 'yaml'])
  expect(parse(stdout)).toMatchObject({ apiVersion: 'v1', kind: 'Service', metadata: { name: 'cart' } })
  await mesh.write('again.yaml', stdout)
  expect((await mesh.run(apply, ['apply', '-f', 'again.yaml'])).stdout).toBe('Service shop/cart unchanged\n')
  const list = await mesh.run(get, ['get', 'svc', '-A', '-o', 'json'])
  expect(JSON.parse(list.stdout)).toMatchObject({ kind: 'List', items: [{ kind: 'Service' }, { kind: 'Service' }] })
})

test.each([
  { args: ['get', 'svc/none'], stderr: 'no service "none" in namespace "default"', status: 1 },
  {
    args: ['get', 'gadgets'],
    stderr: `the mesh doesn't have a resource type "gadgets"\n  it has all, namespace`,
    status: 1,
  },
  { args: ['get', 'servces'], stderr: '"servces"\n  did you mean services?', status: 1 },
  { args: ['get', 'pods'], stderr: 'what runs is shown by "heddle stat deploy"', status: 1 },
  { args: ['get', 'svc,'], stderr: `the mesh doesn't have a resource type ""`, status: 1 },
  { args: ['get', 'svc/a/b'], stderr: '"svc/a/b": expected KIND, KIND NAME... or KIND/NAME...', status: 1 },
  { args: ['get', 'svc/'], stderr: '"svc/": expected KIND', status: 1 },
  { args: ['get', 'svc/a', 'b'], stderr: '"b": expected KIND', status: 1 },
  { args: ['get', 'all', 'cart'], stderr: '"all cart": a name belongs to one kind', status: 1 },
  { args: ['get', 'svc', ''], stderr: '"svc ": expected KIND', status: 1 },
  { args: ['get', 'svc', 'cart', '-l', 'app=cart'], stderr: '-l chooses among all', status: 1 },
  { args: ['get', 'svc', '-l', 'app>1'], stderr: 'Expected labels like app=web', status: 1 },
  { args: ['get', 'svc', '-l', 'app=x', '-A'], stderr: 'no services with these labels\n', status: 0 },
  { args: ['get', 'refgrant'], stderr: 'no referencegrants in namespace "default"', status: 0 },
])('$args says $stderr', async ({ args, stderr, status }) => {
  const ran = await mesh.run(get, args)
  expect({ ...ran, stderr: '' }).toEqual({ status, stdout: '', stderr: '' })
  expect(ran.stderr).toContain(stderr)
})

test.each([
  { args: ['svc', 'cart', 'web'], names: ['service/cart', 'service/web'] },
  { args: ['svc/web', 'wl/cart'], names: ['service/web', 'workload.heddle.dev/cart'] },
  { args: ['svc/web', 'services/web'], names: ['service/web'] },
  { args: ['svc,workloads', 'cart'], names: ['service/cart', 'workload.heddle.dev/cart'] },
  { args: ['httproute,svc'], names: ['httproute.gateway.networking.k8s.io/cart', 'service/cart', 'service/web'] },
  { args: ['wl', '-l', 'app in (cart, other)'], names: ['workload.heddle.dev/cart'] },
  { args: ['wl', '-l', '!app'], names: [] },
])('get $args finds $names', async ({ args, names }) => {
  await mesh.write('route.yaml', routeYaml('web'))
  await mesh.run(apply, ['apply', '-f', 'route.yaml'])
  const ran = await mesh.run(get, ['get', ...args, '-n', 'shop', '-o', 'name'])
  expect(ran).toEqual({ status: 0, stdout: names.map((name) => `${name}\n`).join(''), stderr: '' })
})

test('what is there is shown, and what is not is named', async () => {
  const { status, stdout, stderr } = await mesh.run(get, ['get', 'svc', 'none', 'cart', 'gone', '-n', 'shop'])
  expect(status).toBe(1)
  expect(stdout).toBe('NAME   CLUSTER-IP   PORT(S)   AGE\ncart   -            80/TCP    -\n')
  expect(stderr).toContain('no service "none" in namespace "shop", no service "gone" in namespace "shop"\n')
  const json = await mesh.run(get, ['get', 'svc', 'none', 'gone', '-n', 'shop', '-o', 'json'])
  expect({ ...json, stderr: '' }).toEqual({ status: 1, stdout: '', stderr: '' })
})

test('several kinds are told apart by their names, with --no-headers too', async () => {
  const { stdout } = await mesh.run(get, ['get', 'svc/cart', 'wl/web', '-n', 'shop', '--no-headers'])
  expect(stdout).toBe('workload/web   web   1   8080/TCP   -\n\nservice/cart   -   80/TCP   -\n')
})

test('CLUSTER-IP is where applications reach a Service: nowhere in explicit mode', async () => {
  await mesh.write(
    'more.yaml',
    `apiVersion: v1
kind: Service
metadata: { name: fixed, namespace: shop }
spec: { clusterIP: 10.96.7.7, selector: { app: web }, ports: [{ port: 80 }] }
---
apiVersion: v1
kind: Service
metadata: { name: headless, namespace: shop }
spec: { clusterIP: None, selector: { app: web }, ports: [{ port: 80 }] }
`,
  )
  await mesh.run(apply, ['apply', '-f', 'more.yaml'])
  const addressesIn = async (world: CommandWorld) => {
    const { stdout } = await mesh.run(get, ['get', 'svc', '-A', '--no-headers'], world)
    return Object.fromEntries(stdout.split('\n').map((line) => line.split(/ {3,}/).slice(1, 3)))
  }
  const { services } = await mesh.admin.listServices({ namespace: 'shop' })
  const [v4, v6] = services.find(({ name }) => name === 'cart')!.clusterIps
  expect(await addressesIn({ network: NETWORK })).toMatchObject({
    cart: `${v4},${v6}`,
    fixed: '10.96.7.7',
    headless: 'None',
  })
  expect(await addressesIn({ network: { ...NETWORK, hasIpv6: false } })).toMatchObject({ cart: v4 })
  expect(await addressesIn({})).toMatchObject({ cart: '-', fixed: '10.96.7.7', headless: 'None' })
})
