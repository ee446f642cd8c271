import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { systemClock } from '@heddle/base/clock'
import { ManualClock } from '@heddle/testkit/manual-clock'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { nodeOf } from '../../../control/test/discovery-world.ts'
import { serviceYaml } from '../../../control/test/mesh-objects.ts'
import { type MeshWorld, startMeshWorld } from '../../test/mesh-world.ts'
import { routeYaml } from '../../test/objects-fixture.ts'
import { apply } from './apply.ts'
import { deleteObjects } from './delete.ts'
import { diff } from './diff.ts'
import { get } from './get.ts'

const CART = 'name:cart.shop:80'
const APPLIED = 'mesh/applied/shop.httproute.cart.yaml'

/** Namespace shop with Services web and cart. */
let mesh: MeshWorld
beforeEach(async () => {
  mesh = await startMeshWorld(serviceYaml('web') + serviceYaml('cart'))
})
afterEach(() => mesh[Symbol.asyncDispose]())

async function problemsOfThoseBehind(): Promise<readonly (readonly string[])[]> {
  const { behind } = await mesh.admin.getApplied({})
  return behind.map(({ problems }) => problems)
}

describe('apply', () => {
  test('--wait says on how many proxies it is applied', async () => {
    await mesh.proxy(nodeOf('web'), { holds: [CART] })
    await mesh.write('route.yaml', routeYaml('web'))
    const { status, stdout } = await mesh.run(apply, ['apply', '-f', 'route.yaml', '--wait'], { clock: systemClock })
    expect(status).toBe(0)
    expect(stdout).toMatch(
      /^HTTPRoute shop\/cart created \(.*shop\.httproute\.cart\.yaml\)\napplied on 1 of 1 proxy\n$/,
    )
    expect(await readFile(join(mesh.folder, APPLIED), 'utf8')).toBe(routeYaml('web'))
  })

  test('--wait names those that are behind, and fails', async () => {
    await mesh.proxy(nodeOf('web'), { holds: [CART] })
    await mesh.proxy(nodeOf('web', 1), { holds: [CART], isStuck: true })
    await mesh.proxy(nodeOf('web', 2), { holds: [CART], problems: ['I cannot'] })
    await mesh.write('route.yaml', routeYaml('web'))
    const clock = new ManualClock()
    const running = mesh.run(apply, ['apply', '-f', 'route.yaml', '--wait', '--timeout', '1s'], { clock })
    // The time is up when everybody has said what there is to say.
    await expect.poll(problemsOfThoseBehind).toEqual([[], ['I cannot']])
    await expect.poll(() => clock.waiting).toBe(1)
    clock.advance(1_000)
    const { status, stdout, stderr } = await running
    expect(status).toBe(1)
    expect(stdout.split('\n').slice(1)).toEqual([
      'applied on 1 of 3 proxies',
      '  behind: shop/web-1 of web has not answered yet',
      '  behind: shop/web-2 of web refused it: I cannot',
      '',
    ])
    expect(stderr).toContain('not every proxy has applied it')
  })

  test('what is wrong is refused whole, with file, line, field and reason', async () => {
    await mesh.write('route.yaml', `${routeYaml('web', '  hostname: x\n')}---\n${serviceYaml('new')}`)
    const { status, stdout, stderr } = await mesh.run(apply, ['apply', '-f', 'route.yaml'])
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' })
    expect(stderr).toMatch(/^route\.yaml:7:3: spec\.hostname: /m)
    expect(stderr).toContain('nothing was changed')
    expect((await mesh.run(get, ['get', 'svc/new', '-n', 'shop'])).status).toBe(1)
  })

  test('what leads nowhere is applied with a warning', async () => {
    await mesh.write('route.yaml', routeYaml('gone'))
    const { status, stderr } = await mesh.run(apply, ['apply', '-f', 'route.yaml'])
    expect(status).toBe(0)
    expect(stderr).toMatch(/^route\.yaml:6:\d+: warning: .*there is no Service shop\/gone/)
    expect(stderr.match(/there is no Service shop\/gone/g)).toHaveLength(1)
  })

  test('--dry-run changes nothing', async () => {
    await mesh.write('route.yaml', routeYaml('web'))
    const { stdout } = await mesh.run(apply, ['apply', '-f', 'route.yaml', '--dry-run'])
    expect(stdout).toMatch(/^HTTPRoute shop\/cart created .*\(dry run\)\n$/)
    expect((await mesh.run(get, ['get', 'httproute/cart', '-n', 'shop'])).status).toBe(1)
  })

  test.each([{ args: ['apply'] }, { args: ['apply', '-f', 'none.yaml'] }])(
    '$args fails with what to do',
    async ({ args }) => {
      const { status, stderr } = await mesh.run(apply, args)
      expect(status).toBe(1)
      expect(stderr).toMatch(/nothing to apply|cannot read none\.yaml/)
    },
  )
})

describe('delete', () => {
  beforeEach(async () => {
    await mesh.write('route.yaml', routeYaml('web'))
    await mesh.run(apply, ['apply', '-f', 'route.yaml'])
  })

  test.each([
    { args: ['httproute/cart', '-n', 'shop'] },
    { args: ['httproute', 'cart', '-n', 'shop'] },
    { args: ['-f', 'route.yaml'] },
  ])('delete $args removes it from the configuration', async ({ args }) => {
    const { status, stdout } = await mesh.run(deleteObjects, ['delete', ...args])
    expect(status).toBe(0)
    expect(stdout).toMatch(/^HTTPRoute shop\/cart deleted \(.*\)\n$/)
    expect((await mesh.run(get, ['get', 'httproute/cart', '-n', 'shop'])).status).toBe(1)
  })

  test('--dry-run removes nothing', async () => {
    expect((await mesh.run(deleteObjects, ['delete', '-f', 'route.yaml', '--dry-run'])).stdout).toContain('(dry run)')
    expect((await mesh.run(get, ['get', 'httproute/cart', '-n', 'shop'])).status).toBe(0)
  })

  test('of files of which one is no YAML removes nothing', async () => {
    await mesh.write('broken.yaml', 'a: [1\n')
    const { status, stderr } = await mesh.run(deleteObjects, ['delete', '-f', 'route.yaml', '-f', 'broken.yaml'])
    expect(status).toBe(1)
    expect(stderr).toMatch(/^broken\.yaml:2:1: flow sequence .*\nerror: refused as a whole .*nothing was changed\n$/)
    expect((await mesh.run(get, ['get', 'httproute/cart', '-n', 'shop'])).status).toBe(0)
  })

  test.each([
    { args: ['httproute/none', '-n', 'shop'], stderr: 'HTTPRoute shop/none is in no file' },
    { args: ['httproute'], stderr: 'which one?' },
    { args: [], stderr: 'nothing to delete' },
  ])('delete $args fails: $stderr', async ({ args, stderr }) => {
    const ran = await mesh.run(deleteObjects, ['delete', ...args])
    expect(ran.status).toBe(1)
    expect(ran.stderr).toContain(stderr)
  })
})

describe('diff', () => {
  test('shows what would change, and ends with 1', async () => {
    await mesh.write('route.yaml', routeYaml('web'))
    const added = await mesh.run(diff, ['diff', '-f', 'route.yaml'])
    expect(added.status).toBe(1)
    expect(added.stdout).toContain('--- /dev/null\n+++ HTTPRoute shop/cart as given\n@@ -0,0 +1,')
    await mesh.run(apply, ['apply', '-f', 'route.yaml'])
    expect(await mesh.run(diff, ['diff', '-f', 'route.yaml'])).toEqual({ status: 0, stdout: '', stderr: '' })
    await mesh.write('route.yaml', routeYaml('cart'))
    const changed = await mesh.run(diff, ['diff', '-f', 'route.yaml'])
    expect(changed.stdout).toMatch(/^-\s+name: web\n\+\s+name: cart$/m)
  })

  test('ends with 2 when it cannot compare', async () => {
    await mesh.write('route.yaml', routeYaml('cart', '  hostname: x\n'))
    expect((await mesh.run(diff, ['diff', '-f', 'route.yaml'])).status).toBe(2)
    expect((await mesh.run(diff, ['diff'])).status).toBe(2)
    await mesh.write('empty.yaml', '# nothing')
    expect(await mesh.run(diff, ['diff', '-f', 'empty.yaml'])).toMatchObject({
      status: 2,
      stderr: 'error: no object in what was given\n',
    })
  })
})
