import { expect, test } from 'vitest'
import { TestMesh } from './harness/mesh.ts'
import { pidOf } from './harness/run-state.ts'
import { echoUnderLoad } from './harness/shop.ts'
import { until } from './harness/until.ts'

/** Nobody misses a renewal on a machine that stands still for a moment: there are nine seconds for it. */
const LEAF_LIFE_SECONDS = 30
/** Twice one and a half lives go by. */
const TIMEOUT_MS = 300_000

/** `heddle root status -o json`, as far as it is looked at. */
interface RootStatus {
  readonly step: string
  readonly roots: readonly { readonly role: string; readonly sha256: string }[]
}

test(
  'under load the root is replaced in three steps, and no request fails',
  async () => {
    await using mesh = await TestMesh.start({
      mode: 'explicit',
      args: ['--leaf-life', `${LEAF_LIFE_SECONDS}s`],
      manifests: echoUnderLoad(2),
    })
    await mesh.waitForSuccesses('load', 100)
    const failedBefore = mesh.load('load').failed
    const before = await mesh.json<RootStatus>('root', 'status')
    expect(rolesIn(before)).toEqual(['steady', 'present'])

    expect((await mesh.heddle('root', 'rotate')).stderr).toContain('the next root is prepared since')
    const prepared = await mesh.json<RootStatus>('root', 'status')
    expect(rolesIn(prepared)).toEqual(['prepared', 'present', 'next'])
    expect((await mesh.heddle('identity', '-n', 'shop')).stderr).toContain('the next root is prepared since')
    const activated = await untilStep(mesh, 'activated')
    expect(rolesIn(activated)).toEqual(['activated', 'former', 'present'])
    expect(sumsOf(activated)).toEqual(sumsOf(prepared))
    const after = await untilStep(mesh, 'steady')

    expect(sumsOf(after)).toEqual([sumsOf(activated)[1]])
    await mesh.waitForSuccesses('load', 200)
    expect(mesh.load('load').failed - failedBefore, mesh.load('load').lastFailure).toBe(0)
    expect(mesh.up.stderr(), 'no proxy had to start or join again').not.toMatch(
      /proxy of .*(starting it again|expired)/,
    )
    // Who starts now is given the new root alone.
    const proxy = pidOf(mesh, 'proxy of echo-0')
    process.kill(proxy, 'SIGKILL')
    await until('the proxy is back', () => pidOf(mesh, 'proxy of echo-0') !== proxy)
    await until('all is well', async () => (await mesh.heddle('check')).status === 0)
  },
  TIMEOUT_MS,
)

function rolesIn({ step, roots }: RootStatus): readonly string[] {
  return [step, ...roots.map(({ role }) => role)]
}

function sumsOf({ roots }: RootStatus): readonly string[] {
  return roots.map(({ sha256 }) => sha256)
}

/** Two steps, each of which lasts for one and a half lives. */
function untilStep(mesh: TestMesh, step: string): Promise<RootStatus> {
  return until(
    `the root is ${step}`,
    async () => {
      const status = await mesh.json<RootStatus>('root', 'status')
      return status.step === step && status
    },
    4 * LEAF_LIFE_SECONDS * 1_000,
  )
}
