import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { ControlWorld, createControlWorld, nextUpdate, type OpenWatch } from './control-world.ts'
import { nodeOf, summarize, versionIn } from './discovery-world.ts'
import { serviceYaml } from './mesh-objects.ts'

const CART = 'name:cart.shop:80'
const YAML = serviceYaml('web') + serviceYaml('cart')

let world: ControlWorld
beforeEach(async () => {
  world = await createControlWorld(YAML)
  await world.start()
})
afterEach(async () => {
  await world[Symbol.asyncDispose]()
})

/** cart-0 is registered, web-0 holds the Service of it. */
async function connect(): Promise<{ cart: OpenWatch; web: OpenWatch; version: string }> {
  const cart = await world.watch(nodeOf('cart'))
  await nextUpdate(cart)
  const web = await world.watch(nodeOf('web'), { [CART]: '' })
  const first = await nextUpdate(web)
  expect(summarize(first)).toEqual([`${CART} whole=shop/cart-0:8080`])
  return { cart, web, version: versionIn(first) }
}

test('a proxy that comes back after a restart is sent nothing of what it holds', async () => {
  const { version } = await connect()
  await world.stop()
  await world.start()
  const web = await world.watch(nodeOf('web'), { [CART]: version })
  expect((await nextUpdate(web)).updates).toEqual([])
})

test('endpoints whose proxies have not come back yet are there after a restart, under the same version', async () => {
  const { version } = await connect()
  await world.stop()
  await world.start()
  const web = await world.watch(nodeOf('web'), { [CART]: '' })
  const first = await nextUpdate(web)
  expect(summarize(first)).toEqual([`${CART} whole=shop/cart-0:8080`])
  expect(versionIn(first)).toBe(version)
})

test('a stop ends every stream without an error, and the instances stay on the disk', async () => {
  const { web } = await connect()
  const stopped = world.stop()
  const rest: unknown[] = []
  for (let read = await web.messages.next(); read.done !== true; read = await web.messages.next()) rest.push(read.value)
  await stopped
  const saved = JSON.parse(await readFile(join(world.stateDir, 'registrations.json'), 'utf8'))
  const instances = saved.registrations.map((one: { node: { instance: string } }) => one.node.instance)
  expect(instances.sort()).toEqual(['cart-0', 'web-0'])
})

test('a proxy that vanishes is remembered for a moment and then gone, also from the disk', async () => {
  const { cart, web } = await connect()
  cart.end()
  expect(summarize(await nextUpdate(web))).toEqual([`${CART} delta + -shop/cart-0:8080`])
  const saved = () => readFile(join(world.stateDir, 'registrations.json'), 'utf8')
  await expect.poll(saved).not.toContain('cart-0')
})

test('certificates, join tokens and admin token of before are good after a restart', async () => {
  const tls = await world.certificate('shop', 'web')
  const admin = await world.admin()
  const { token } = await admin.createJoinToken({ namespace: 'shop', serviceAccount: 'web', ttlMs: 60_000 })
  const bundle = await readFile(world.control.trustBundleFile, 'utf8')
  await world.stop()
  await world.start()
  expect(await readFile(world.control.trustBundleFile, 'utf8')).toBe(bundle)
  expect(await admin.getVersion({})).toMatchObject({ trustDomain: 'heddle.local' })
  await expect((await world.identity()).sign({ joinToken: token })).rejects.toThrow('PKCS #10')
  await expect((await world.discovery(tls)).acknowledge({})).rejects.toThrow('no stream')
})

test('registrations that cannot be read do not keep it from starting', async () => {
  await connect()
  await world.stop()
  await writeFile(join(world.stateDir, 'registrations.json'), '{"registrations":[{')
  await world.start()
  expect(world.logged.join('')).toContain('registrations not readable')
})

test('a second control plane on the same state is refused, by the process that has it', async () => {
  await expect(new ControlWorld(world.dir, YAML).start()).rejects.toThrow(`process id ${process.pid}`)
})

test('an address that is taken is refused by name, and leaves nothing locked', async () => {
  await using other = await createControlWorld(YAML)
  const taken = world.control.addresses[0]!.port
  await expect(other.start('--listen', `127.0.0.1:${taken}`)).rejects.toThrow(`cannot listen on 127.0.0.1:${taken}`)
  await other.start()
})
