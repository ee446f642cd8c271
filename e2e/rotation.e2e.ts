import { describe, expect, test } from 'vitest'
import { type Mode, TestMesh } from './harness/mesh.ts'
import { canRun } from './harness/requirements.ts'
import { pidOf } from './harness/run-state.ts'
import { echoUnderLoad } from './harness/shop.ts'
import { until } from './harness/until.ts'

/** A third of it is left for the first renewal, within which a busy machine has to start another control plane. */
const LEAF_LIFE_SECONDS = 30
/** Not to be waited for twice: proxies are to miss a renewal. */
const SHORT_LIFE_SECONDS = 10
const CONTROL_PLANE = 'the control plane'

/** One element of `heddle identity -o json`. */
interface Certificate {
  readonly pod: string
  readonly identity: string
  readonly serial: string
  readonly remaining_seconds: number
}

describe.each<{ mode: Mode }>([{ mode: 'explicit' }, { mode: 'transparent' }])('under load, $mode', ({ mode }) => {
  test.runIf(mode === 'explicit' || canRun('root', 'ip', 'iptables'))(
    'certificates are renewed again and again, and no request fails, not even while the control plane is away',
    async () => {
      await using mesh = await TestMesh.start({
        mode,
        args: ['--leaf-life', `${LEAF_LIFE_SECONDS}s`],
        manifests: echoUnderLoad(2),
      })
      await mesh.waitForSuccesses('load', 100)
      const failedBefore = mesh.load('load').failed
      const serials = [await nextSerials(mesh, new Map())]

      serials.push(await nextSerials(mesh, serials.at(-1)!))
      const killed = pidOf(mesh, CONTROL_PLANE)
      process.kill(killed, 'SIGKILL')
      await mesh.waitForSuccesses('load', 300)
      await until('another control plane runs', () => pidOf(mesh, CONTROL_PLANE) !== killed)
      serials.push(await nextSerials(mesh, serials.at(-1)!))
      await mesh.waitForSuccesses('load', 100)

      const ofOne = serials.map((all) => all.get('echo-0'))
      expect(new Set(ofOne).size).toBe(serials.length)
      expect(mesh.load('load').failed - failedBefore, mesh.load('load').lastFailure).toBe(0)
    },
  )

  test.runIf(mode === 'explicit' || canRun('root', 'ip', 'iptables'))(
    'proxies whose certificates expired while the control plane was away join again by themselves',
    async () => {
      await using mesh = await TestMesh.start({
        mode,
        args: ['--leaf-life', `${SHORT_LIFE_SECONDS}s`],
        manifests: echoUnderLoad(1),
      })
      await mesh.waitForSuccesses('load', 10)
      const control = pidOf(mesh, CONTROL_PLANE)
      process.kill(control, 'SIGSTOP')
      try {
        for (const instance of ['echo-0', 'load-0']) {
          await until(`${instance} asks for a token`, () => mesh.up.stderr().includes(expiryOf(instance)))
        }
      } finally {
        process.kill(control, 'SIGCONT')
      }

      await until(
        'every certificate is good again',
        async () => {
          const known = await mesh.json<readonly Certificate[]>('identity', '-n', 'shop')
          return known.length === 2 && known.every(({ remaining_seconds: remaining }) => (remaining ?? 0) > 0)
        },
        60_000,
      )
      await mesh.waitUntilReady()
      await mesh.waitForSuccesses('load', 100)
      expect(mesh.up.stderr(), 'no proxy was started again').not.toContain('starting it again')
    },
  )
})

function expiryOf(instance: string): string {
  return `proxy of ${instance}: its certificate has expired`
}

/** Serial numbers of the certificates in use, by instance; every one must be of a valid certificate. */
async function serialsOf(mesh: TestMesh): Promise<ReadonlyMap<string, string>> {
  const certificates = await mesh.json<readonly Certificate[]>('identity', '-n', 'shop')
  expect(certificates.map(({ pod }) => pod).sort()).toEqual(['echo-0', 'echo-1', 'load-0'])
  for (const { remaining_seconds: remaining, pod } of certificates) {
    expect(remaining, pod).toBeGreaterThan(0)
    expect(remaining, pod).toBeLessThanOrEqual(LEAF_LIFE_SECONDS)
  }
  return new Map(certificates.map(({ pod, serial }) => [pod, serial]))
}

/** Waits until every instance has another certificate than in `old`. A proxy tells of its own with a report, seconds after it has it. */
async function nextSerials(mesh: TestMesh, old: ReadonlyMap<string, string>): Promise<ReadonlyMap<string, string>> {
  return until(
    'every certificate was renewed',
    async () => {
      const now = await serialsOf(mesh)
      return [...now].every(([pod, serial]) => serial !== '' && serial !== old.get(pod)) && now
    },
    2 * LEAF_LIFE_SECONDS * 1_000,
  )
}
