import { expect, test } from 'vitest'
import { TestMesh } from './harness/mesh.ts'
import { echoManifests, loadWorkload } from './harness/shop.ts'
import { until } from './harness/until.ts'

const HOUR_MS = 3_600_000

interface Told {
  readonly record: {
    readonly requestId: string
    readonly direction: string
    readonly key: string
    readonly workload: string
    readonly status: number
    readonly error: string
    readonly faults: readonly string[]
  }
}

/** One request in four is answered by the client's proxy instead. */
function faultPolicy(): string {
  return `apiVersion: heddle.dev/v1alpha1
kind: FaultPolicy
metadata: { name: broken, namespace: shop }
spec:
  targetRefs: [{ kind: Service, name: echo-svc }]
  until: ${new Date(Date.now() + HOUR_MS).toISOString()}
  faults: [{ percent: 25, abortStatus: 503 }]
`
}

test('what a proxy wrote down of a failed request is told by the command line, by its id', async () => {
  await using mesh = await TestMesh.start({
    mode: 'explicit',
    manifests: (file) => ({
      'echo.yaml': echoManifests(1),
      'fault.yaml': faultPolicy(),
      'load.yaml': loadWorkload({ resultFile: file('load.json'), concurrency: 1, path: '/cart?token=s3cret' }),
    }),
  })
  await until('a request fails', () => mesh.load('load').failed > 0)

  const failures = await until('a failure is told', async () => {
    const told = await mesh.json<Told[]>('why', '--last-failures', '-n', 'shop')
    return told.length > 0 && told
  })
  expect(failures[0]!.record).toMatchObject({
    direction: 'outbound',
    key: 'name:echo-svc.shop:80',
    workload: 'load',
    status: 503,
    error: 'fault_abort',
    faults: ['shop/broken'],
  })
  expect(JSON.stringify(failures)).not.toContain('s3cret')
  const { requestId } = failures[0]!.record
  const { status, stdout } = await mesh.heddle('why', requestId)
  expect(status).toBe(0)
  expect(stdout).toContain(requestId)
  expect(stdout).toContain('shop/broken')
})
