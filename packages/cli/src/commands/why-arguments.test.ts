import { afterAll, beforeAll, expect, test } from 'vitest'
import { serviceYaml } from '../../../control/test/mesh-objects.ts'
import { type MeshWorld, startMeshWorld } from '../../test/mesh-world.ts'
import { why } from './why.ts'

/** None of these gets to change anything, so one will do. */
let mesh: MeshWorld
beforeAll(async () => {
  mesh = await startMeshWorld(serviceYaml('web') + serviceYaml('cart'))
})
afterAll(() => mesh[Symbol.asyncDispose]())

test.each([
  { args: [], stderr: 'why what?' },
  { args: ['deploy/web', 'svc/cart'], stderr: 'expected REQUEST_ID, or CLIENT to SERVICE' },
  { args: ['svc/web', 'to', 'svc/cart'], stderr: 'a Service sends nothing' },
  { args: ['deploy/web', 'to', 'deploy/cart'], stderr: 'expected svc/NAME' },
  { args: ['deploy/web', 'to', 'svc/none'], stderr: 'no service "none" in namespace "default"' },
  { args: ['deploy/web', 'to', 'svc/cart', '--path', 'x'], stderr: 'begins with "/"' },
  { args: ['deploy/web', 'to', 'svc/cart', '-H', 'x'], stderr: 'expected "name: value"' },
  { args: ['deploy/web', 'to', 'svc/cart', '--grpc', 'x'], stderr: 'expected SERVICE/METHOD' },
  { args: ['deploy/web', 'to', 'svc/cart', '--grpc', 'a/b/c'], stderr: 'expected SERVICE/METHOD' },
  {
    args: ['deploy/web', 'to', 'svc/cart', '--grpc', 'a/b', '--path', '/x'],
    stderr: "cannot be used with option '--path",
  },
  {
    args: ['deploy/web', 'to', 'svc/cart', '--grpc', 'a/b', '--method', 'PUT'],
    stderr: "cannot be used with option '--method",
  },
  { args: ['--last-failures', 'r1'], stderr: 'asks for no request of its own' },
  { args: ['--last-failures', '--limit', '0'], stderr: 'Expected a number from 1 to 200' },
])('why $args fails: $stderr', async ({ args, stderr }) => {
  const ran = await mesh.run(why, ['why', ...args])
  expect(ran.status).toBe(1)
  expect(ran.stderr).toContain(stderr)
})
