import type { MessageInitShape } from '@bufbuild/protobuf'
import type { WorkloadInstanceSchema } from '@heddle/api/admin'
import { ManualClock } from '@heddle/testkit/manual-clock'
import { expect, test } from 'vitest'
import { runCommand } from '../../test/command-world.ts'
import { identity } from './identity.ts'

const NOW_MS = Date.UTC(2026, 0, 1)
const HOUR_MS = 3_600_000
const WEB: MessageInitShape<typeof WorkloadInstanceSchema> = {
  namespace: 'emojivote',
  workload: 'web',
  instance: 'web-0',
  meshed: true,
  ready: true,
  identity: 'spiffe://heddle.local/ns/emojivote/sa/web',
  serial: '4f00',
  notBeforeMs: BigInt(NOW_MS - HOUR_MS),
  notAfterMs: BigInt(NOW_MS + 23 * HOUR_MS),
}
const EXPIRED = { ...WEB, instance: 'web-1', notAfterMs: BigInt(NOW_MS - 1) }
const UNMESHED = { namespace: 'emojivote', workload: 'legacy', instance: 'legacy-0' }

const world = {
  clock: new ManualClock(NOW_MS),
  admin: { listWorkloads: () => ({ instances: [WEB, EXPIRED, UNMESHED] }) },
}

test('identity shows certificates and their remaining life', async () => {
  const { status, stdout } = await runCommand(identity, ['identity', '-n', 'emojivote'], world)
  expect(status).toBe(0)
  expect(stdout).toBe(
    [
      'POD        IDENTITY                                    NOT_AFTER              REMAINING\n',
      'web-0      spiffe://heddle.local/ns/emojivote/sa/web   2026-01-01T23:00:00Z         23h\n',
      'web-1      spiffe://heddle.local/ns/emojivote/sa/web   2025-12-31T23:59:59Z     expired\n',
      'legacy-0   -                                           -                              -\n',
    ].join(''),
  )
})

test('identity NAME takes a Workload or one of its instances', async () => {
  const workload = await runCommand(identity, ['identity', 'web', '-o', 'json'], world)
  expect(JSON.parse(workload.stdout)).toMatchObject([{ pod: 'web-0' }, { pod: 'web-1' }])
  const instance = await runCommand(identity, ['identity', 'web-0', '-o', 'json'], world)
  expect(JSON.parse(instance.stdout)).toEqual([
    {
      namespace: 'emojivote',
      workload: 'web',
      pod: 'web-0',
      meshed: true,
      identity: 'spiffe://heddle.local/ns/emojivote/sa/web',
      serial: '4f00',
      not_before: '2025-12-31T23:00:00Z',
      not_after: '2026-01-01T23:00:00Z',
      remaining_seconds: 82_800,
    },
  ])
  const unmeshed = await runCommand(identity, ['identity', 'legacy', '-o', 'json'], world)
  expect(JSON.parse(unmeshed.stdout)).toMatchObject([{ meshed: false, not_after: null, remaining_seconds: null }])
})

test.each([
  { word: 'deploy/web', pods: ['web-0', 'web-1'] },
  { word: 'pod/web-1', pods: ['web-1'] },
])('identity $word takes the name with its kind, as other commands do', async ({ word, pods }) => {
  const { stdout } = await runCommand(identity, ['identity', word, '-o', 'json'], world)
  expect(JSON.parse(stdout).map(({ pod }: { readonly pod: string }) => pod)).toEqual(pods)
})

test('identity of a workload that is missing fails', async () => {
  const { status, stderr } = await runCommand(identity, ['identity', 'nobody', '-n', 'shop'], world)
  expect(status).toBe(1)
  expect(stderr).toContain('no workload "nobody" in namespace "shop"')
})

test('identity -A -o wide has namespaces and serial numbers', async () => {
  const { stdout } = await runCommand(identity, ['identity', '-A', '-o', 'wide'], world)
  expect(stdout).toMatch(/^NAMESPACE .*NOT_BEFORE +SERIAL\n/)
  expect(stdout).toContain('4f00')
})
