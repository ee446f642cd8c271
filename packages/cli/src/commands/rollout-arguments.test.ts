import { afterAll, beforeAll, expect, test } from 'vitest'
import { serviceYaml } from '../../../control/test/mesh-objects.ts'
import { type MeshWorld, startMeshWorld } from '../../test/mesh-world.ts'
import { routeYaml } from '../../test/objects-fixture.ts'
import { apply } from './apply.ts'
import { rollout } from './rollout.ts'

/** None of these gets to change anything, so one will do. */
let mesh: MeshWorld
beforeAll(async () => {
  mesh = await startMeshWorld(serviceYaml('web') + serviceYaml('cart'))
  await mesh.write('route.yaml', routeYaml('web'))
  await mesh.run(apply, ['apply', '-f', 'route.yaml'])
})
afterAll(() => mesh[Symbol.asyncDispose]())

test.each([
  { args: ['start', 'cart', '--from', 'a', '--to', 'a'], stderr: '--from and --to are the same' },
  { args: ['start', 'cart', '--from', 'a', '--to', 'b', '--steps', '50,5'], stderr: 'whole percents that rise' },
  { args: ['start', 'cart', '--from', 'a', '--to', 'b', '--interval', '1s'], stderr: 'from 10s to 1h' },
  { args: ['start', 'cart', '--from', 'a', '--to', 'b', '--max-latency', '1s'], stderr: 'p99=200ms' },
  { args: ['start', 'svc/cart', '--from', 'a', '--to', 'b'], stderr: 'expected the name of an HTTPRoute' },
  { args: ['start', 'none', '--from', 'a', '--to', 'b'], stderr: 'there is no HTTPRoute default/none' },
  { args: ['status', 'cart', '-n', 'shop'], stderr: 'there was no rollout of HTTPRoute shop/cart' },
])('rollout $args fails: $stderr', async ({ args, stderr }) => {
  const ran = await mesh.run(rollout, ['rollout', ...args])
  expect(ran.status).toBe(1)
  expect(ran.stderr).toContain(stderr)
})
