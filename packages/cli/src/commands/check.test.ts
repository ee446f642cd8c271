import { ManualClock } from '@heddle/testkit/manual-clock'
import { expect, test } from 'vitest'
import { type CommandWorld, runCommand } from '../../test/command-world.ts'
import { check } from './check.ts'
import { CLIENT_VERSION } from './client-version.ts'

const DAY_MS = 86_400_000

/** A mesh of one instance that becomes ready at the `readyAt`th look. */
function meshOf({ readyAt }: { readonly readyAt: number }) {
  const clock = new ManualClock()
  let looks = 0
  const inDays = (days: number) => BigInt(clock.nowMs() + days * DAY_MS)
  const admin: CommandWorld['admin'] = {
    getVersion: () => ({ version: CLIENT_VERSION }),
    listObjects: () => ({}),
    getHealth: () => ({ nowMs: inDays(0), rootNotAfterMs: inDays(3650), issuerNotAfterMs: inDays(365) }),
    listWorkloads: () => {
      looks += 1
      const ready = looks >= readyAt
      const life = { notBeforeMs: inDays(0), notAfterMs: inDays(1) }
      return { instances: [{ namespace: 'shop', workload: 'web', instance: 'web-0', meshed: true, ready, ...life }] }
    },
    stat: () => ({ rows: [{ namespace: 'shop', name: 'web', meshed: 1, total: 1 }] }),
    listProxies: () => ({
      proxies: [{ namespace: 'shop', instance: 'web-0', connected: true, proxyVersion: CLIENT_VERSION }],
    }),
    edges: () => ({ edges: [] }),
  }
  return { admin, clock, looks: () => looks }
}

test('check of a mesh that is well shows every category and succeeds', async () => {
  const { status, stdout, stderr } = await runCommand(check, ['check'], meshOf({ readyAt: 1 }))
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
  for (const category of [
    'control-plane',
    'configuration',
    'certificate-authority',
    'workloads',
    'proxies',
    'security',
  ]) {
    expect(stdout).toContain(`${category}\n---`)
  }
  expect(stdout).toMatch(/\nStatus check results are √\n$/)
  expect(stdout).not.toMatch(/[×‼]/)
})

test('check fails when something is an error', async () => {
  const { status, stdout } = await runCommand(check, ['check', '-o', 'short'], meshOf({ readyAt: 2 }))
  expect(status).toBe(1)
  expect(stdout).toBe(`workloads
---------
× workloads are ready
    shop/web-0: not ready
    Look at the log of the workload: it has not started, has ended, or its health check fails.
    see docs/reference/checks.md#workloads-ready

Status check results are ×
`)
})

test('check --wait looks again until all is well', async () => {
  const mesh = meshOf({ readyAt: 3 })
  let isDone = false
  const running = runCommand(check, ['check', '--wait', '1m', '-o', 'json'], mesh).finally(() => {
    isDone = true
  })
  while (!isDone) {
    await new Promise((resolve) => setImmediate(resolve))
    if (mesh.clock.waiting > 0) mesh.clock.advance(1000)
  }
  const { status, stdout } = await running
  expect(status).toBe(0)
  expect(JSON.parse(stdout)).toMatchObject({ success: true })
  expect(mesh.looks()).toBe(3)
})

test('check --wait gives up at its deadline', async () => {
  const mesh = meshOf({ readyAt: 1000 })
  let isDone = false
  const running = runCommand(check, ['check', '--wait', '5s', '-o', 'short'], mesh).finally(() => {
    isDone = true
  })
  while (!isDone) {
    await new Promise((resolve) => setImmediate(resolve))
    if (mesh.clock.waiting > 0) mesh.clock.advance(1000)
  }
  expect((await running).status).toBe(1)
  expect(mesh.looks()).toBe(6)
})

test('check without a mesh is one failed check that says what to do', async () => {
  const { status, stdout } = await runCommand(check, ['check'])
  expect(status).toBe(1)
  expect(stdout).toContain('× control plane answers\n    no mesh runs here\n    start one with "heddle up DIR".\n')
  const json = await runCommand(check, ['check', '-o', 'json'])
  expect(JSON.parse(json.stdout)).toMatchObject({ success: false, categories: [{ name: 'control-plane' }] })
})
