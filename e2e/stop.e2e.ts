import { describe, expect, test } from 'vitest'
import { type Mode, TestMesh } from './harness/mesh.ts'
import { canRun } from './harness/requirements.ts'
import { echoManifests, loadWorkload } from './harness/shop.ts'

/** Half of what {@link TestMesh.stop} waits before it kills. On an idle machine it takes a second or two. */
const LONGEST_STOP_MS = 20_000

describe.each<{ mode: Mode }>([{ mode: 'explicit' }, { mode: 'transparent' }])(
  'the end of a mesh, $mode',
  ({ mode }) => {
    test.runIf(mode === 'explicit' || canRun('root', 'ip', 'iptables'))(
      'comes soon, and costs a load generator that is part of it no request',
      async () => {
        await using mesh = await TestMesh.start({
          mode,
          manifests: (file) => ({
            'echo.yaml': echoManifests(2),
            'load.yaml': loadWorkload({ resultFile: file('load.json'), concurrency: 4 }),
          }),
        })
        await mesh.waitForSuccesses('load', 100)
        const startedMs = performance.now()
        await mesh.stop()
        expect(performance.now() - startedMs).toBeLessThan(LONGEST_STOP_MS)
        expect(mesh.load('load')).toMatchObject({ failed: 0 })
      },
    )
  },
)
