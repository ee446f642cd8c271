import { mkdtemp, readlink, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemClock } from '@heddle/base/clock'
import { expect, test } from 'vitest'
import { LogFile } from '../process/log-file.ts'
import { ControlProcess, parseControlReady } from './control-process.ts'

const READY = {
  event: 'ready',
  addresses: ['127.0.0.1:7000', '10.199.0.1:7001'],
  serverIdentity: 'spiffe://heddle.local/ns/heddle/sa/control',
  trustBundleFile: '/state/trust-bundle.pem',
  adminTokenFile: '/state/admin-token',
}

test('parseControlReady() reads where the control plane is', () => {
  expect(parseControlReady(JSON.stringify(READY))).toEqual({
    listen: READY.addresses,
    identity: READY.serverIdentity,
    trustBundleFile: READY.trustBundleFile,
    adminTokenFile: READY.adminTokenFile,
  })
})

test.each([
  '',
  'null',
  '{"event":"ready"}',
  JSON.stringify({ ...READY, event: 'other' }),
  JSON.stringify({ ...READY, addresses: [] }),
])('parseControlReady() passes over "%s"', (line) => {
  expect(parseControlReady(line)).toBeUndefined()
})

test('ControlProcess says why the control plane cannot start again, once', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'heddle-control-process-'))
  const told: string[] = []
  const output = new LogFile(join(dir, 'control.log'))
  const control = new ControlProcess({
    configDirectory: dir,
    stateDirectory: join(dir, 'state'),
    trustDomain: 'heddle.local',
    leafLifeMs: undefined,
    listen: ['127.0.0.1:0'],
    env: process.env,
    output,
    record: { addProcess: async () => undefined, removeProcess: async () => undefined },
    clock: systemClock,
    report: (line) => void told.push(line),
  })
  await control.start(new AbortController().signal)
  const issuer = join(dir, 'state', 'ca', 'issuer.pem')
  await writeFile(issuer, 'cut sho')
  const { pid } = JSON.parse(await readlink(join(dir, 'state', 'lock')))
  process.kill(pid, 'SIGKILL')
  const failures = () => told.filter((line) => line.startsWith('the control plane ended with status 1'))
  await expect.poll(() => failures().length, { timeout: 100_000 }).toBeGreaterThan(1)
  await control.stop(new AbortController().signal)
  output.close()
  expect(failures()[0]).toContain(`${issuer}: damaged`)
  expect(failures()[1]).toBe('the control plane ended with status 1')
  await rm(dir, { recursive: true })
})
