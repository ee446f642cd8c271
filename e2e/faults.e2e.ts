import { describe, expect, test } from 'vitest'
import { type Mode, TestMesh } from './harness/mesh.ts'
import { canRun } from './harness/requirements.ts'
import { applicationsOf, pidOf } from './harness/run-state.ts'
import { echoManifests, echoWorkload, loadWorkload } from './harness/shop.ts'
import { until } from './harness/until.ts'

const CONCURRENCY = 4
const CONTROL_PLANE = 'the control plane'

function startLoadedMesh(mode: Mode): Promise<TestMesh> {
  return TestMesh.start({
    mode,
    manifests: (file) => ({
      'echo.yaml': echoManifests(3),
      'load.yaml': loadWorkload({ resultFile: file('load.json'), concurrency: CONCURRENCY }),
    }),
  })
}

describe.each<{ mode: Mode }>([{ mode: 'explicit' }, { mode: 'transparent' }])('under load, $mode', ({ mode }) => {
  test.runIf(mode === 'explicit' || canRun('root', 'ip', 'iptables'))(
    'faults of each part cost no more than they must',
    async () => {
      await using mesh = await startLoadedMesh(mode)
      await mesh.waitForSuccesses('load', 200)
      expect(mesh.load('load')).toMatchObject({ failed: 0 })

      await killEndpoint(mesh)
      await killProxy(mesh)
      await killControlPlane(mesh)
      await restartService(mesh)
    },
  )
})

/** At most the requests in flight on it fail; the others serve on, and it comes back. */
async function killEndpoint(mesh: TestMesh): Promise<void> {
  const before = mesh.load('load').failed
  const [[instance = '', killed = 0] = []] = applicationsOf(mesh, 'echo')
  process.kill(killed, 'SIGKILL')
  await mesh.waitForSuccesses('load', 300)
  await until('it was started again', () => pidOf(mesh, instance) !== killed)
  await mesh.waitUntilReady()
  expect(mesh.load('load').failed - before, mesh.load('load').lastFailure).toBeLessThanOrEqual(CONCURRENCY)
}

/** Its own instance is away until it is back; what was in flight on it may fail, no more. */
async function killProxy(mesh: TestMesh): Promise<void> {
  const before = mesh.load('load').failed
  const [instance = '', app] = [...applicationsOf(mesh, 'echo')][0] ?? []
  const role = `proxy of ${instance}`
  const killed = pidOf(mesh, role)
  process.kill(killed, 'SIGKILL')
  await mesh.waitForSuccesses('load', 300)
  await until('another proxy stands beside the same application', () => pidOf(mesh, role) !== killed)
  expect(pidOf(mesh, instance)).toBe(app)
  await mesh.waitUntilReady()
  expect(mesh.load('load').failed - before, mesh.load('load').lastFailure).toBeLessThanOrEqual(CONCURRENCY)
}

/** No request fails while it is away, nor when it comes back. */
async function killControlPlane(mesh: TestMesh): Promise<void> {
  const before = mesh.load('load').failed
  const pid = pidOf(mesh, CONTROL_PLANE)
  process.kill(pid, 'SIGKILL')
  await mesh.waitForSuccesses('load', 500)
  await until('another control plane runs', () => pidOf(mesh, CONTROL_PLANE) !== pid)
  await mesh.waitUntilReady()
  await mesh.waitForSuccesses('load', 300)
  expect(mesh.load('load').failed - before, mesh.load('load').lastFailure).toBe(0)
}

/** A rolling restart of all instances: no request fails. */
async function restartService(mesh: TestMesh): Promise<void> {
  const before = mesh.load('load').failed
  const old = new Set(echoPids(mesh))
  mesh.writeManifest('echo.yaml', echoManifests(3).replace(echoWorkload(3, 'first'), echoWorkload(3, 'second')))
  await until(
    'all instances were replaced',
    () => echoPids(mesh).length === 3 && echoPids(mesh).every((pid) => !old.has(pid)),
    60_000,
  )
  await mesh.waitUntilReady()
  await mesh.waitForSuccesses('load', 200)
  expect(mesh.load('load').failed - before, mesh.load('load').lastFailure).toBe(0)
}

function echoPids(mesh: TestMesh): readonly number[] {
  return [...applicationsOf(mesh, 'echo').values()]
}
