import { once } from 'node:events'
import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { Traces } from './harness/leftovers.ts'
import { HEDDLE, TestMesh } from './harness/mesh.ts'
import { run } from './harness/process.ts'
import { canRun } from './harness/requirements.ts'
import { echoManifests } from './harness/shop.ts'
import { until } from './harness/until.ts'

const root = mkdtempSync(join(tmpdir(), 'heddle-e2e-'))
const traces = new Traces()
const env = { HEDDLE_HOME: join(root, 'home'), ...traces.env }

afterAll(() => rmSync(root, { recursive: true, force: true }))

/** User and group of nobody in particular. */
const NOBODY = 65_534
const SERVICE = 'apiVersion: v1\nkind: Service\nmetadata: { name: a, namespace: shop }\n'

describe('heddle up refuses', () => {
  test.each([
    {
      name: 'broken YAML',
      yaml: 'kind: [',
      says: [/in\.yaml:1:/],
    },
    {
      name: 'unknown fields, all at once, with what was meant',
      yaml: `${SERVICE}spec: { port: [], selektor: {} }\n`,
      says: [/in\.yaml:4:.*spec\.port.*ports/, /in\.yaml:4:.*spec\.selektor.*selector/],
    },
    {
      name: 'two services that claim one address',
      yaml: `${SERVICE}spec: { clusterIP: 10.96.1.1, ports: [{ port: 80 }] }\n---\n${SERVICE.replace('name: a', 'name: b')}spec: { clusterIP: 10.96.1.1, ports: [{ port: 80 }] }\n`,
      says: [/in\.yaml:\d+:\d+: spec\.clusterIP: .*10\.96\.1\.1 is claimed by Service shop\/a/],
    },
    {
      name: 'a kind that it does not know',
      yaml: 'apiVersion: heddle.dev/v1alpha1\nkind: Worklode\nmetadata: { name: a }\n',
      says: [/in\.yaml:\d+:.*Worklode/, /Workload/],
    },
  ])('$name', async ({ yaml, says }) => {
    const directory = mkdtempSync(join(root, 'mesh-'))
    writeFileSync(join(directory, 'in.yaml'), yaml)
    const { status, stderr } = await run([HEDDLE, 'up', directory], { env })
    expect(status).toBe(1)
    for (const pattern of says) expect(stderr).toMatch(pattern)
    await traces.expectGone()
  })

  test.each([
    { name: 'a directory that is not there', args: ['up', '/nowhere'], status: 1, says: /\/nowhere/ },
    { name: 'an unknown flag', args: ['up', '--colour', root], status: 1, says: /--colour/ },
    { name: 'an unknown mode', args: ['up', root, '--mode', 'magic'], status: 1, says: /magic/ },
    { name: 'an unknown command', args: ['upp'], status: 1, says: /upp[\s\S]*up/ },
    { name: 'a duration that is none', args: ['demo', '--for', 'ever'], status: 1, says: /ever/ },
    { name: 'asking where no mesh runs', args: ['stat', 'deploy'], status: 1, says: /heddle up/ },
  ])('$name', async ({ args, status, says }) => {
    mkdirSync(join(root, 'home'), { recursive: true })
    const done = await run([HEDDLE, ...args], { env })
    expect(done.stderr).toMatch(says)
    expect(done.status).toBe(status)
    expect(done.stdout).toBe('')
    await traces.expectGone()
  })

  test('a port that is taken, by its name', async () => {
    const directory = writeMesh()
    await using taken = createServer()
    await once(taken.listen(0, '127.0.0.1'), 'listening')
    const address = `127.0.0.1:${(taken.address() as AddressInfo).port}`
    const done = await run([HEDDLE, 'up', directory, '--mode', 'explicit', '--listen', address], { env })
    expect(done.stderr).toMatch(`cannot listen on ${address}`)
    expect(done.status).toBe(1)
    await traces.expectGone()
  })

  test.runIf(canRun('root')).each([
    {
      name: 'transparent mode without root',
      mode: 'transparent',
      folder: 'theirs',
      says: /it needs root[\s\S]*explicit/,
    },
    { name: 'a state directory that it may not write', mode: 'explicit', folder: 'ours', says: /HEDDLE_HOME/ },
  ])('$name', async ({ mode, folder, says }) => {
    const directory = writeMesh()
    chmodSync(root, 0o755)
    chmodSync(directory, 0o755)
    const home = join(root, folder)
    mkdirSync(home, { recursive: true })
    if (folder === 'theirs') chownSync(home, NOBODY, NOBODY)
    const asNobody = ['setpriv', `--reuid=${NOBODY}`, `--regid=${NOBODY}`, '--clear-groups']
    const done = await run([...asNobody, HEDDLE, 'up', directory, '--mode', mode], {
      env: { ...env, HEDDLE_HOME: home },
    })
    expect(done.stderr).toMatch(says)
    expect(done.status).toBe(1)
    await traces.expectGone()
  })
})

/** A directory with a Service that is right. */
function writeMesh(): string {
  const directory = mkdtempSync(join(root, 'mesh-'))
  writeFileSync(join(directory, 'in.yaml'), `${SERVICE}spec: { ports: [{ port: 80 }] }\n`)
  return directory
}

test('a second mesh of the same name is refused while the first one runs, and the first goes on', async () => {
  await using mesh = await TestMesh.start({ mode: 'explicit', manifests: () => ({ 'echo.yaml': echoManifests(1) }) })
  const second = await mesh.heddle('up', mesh.directory)
  expect(second.status).toBe(1)
  expect(second.stderr).toMatch(/is up already, by process \d+/)
  expect(mesh.up.process.exitCode).toBe(null)
  await mesh.waitUntilReady()
})

test('a broken change keeps the last good configuration in force, and check says where it is broken', async () => {
  await using mesh = await TestMesh.start({ mode: 'explicit', manifests: () => ({ 'echo.yaml': echoManifests(1) }) })
  mesh.writeManifest('echo.yaml', echoManifests(1).replace('replicas: 1', 'replicas: many'))

  await until('check fails, and says where', async () => {
    const { status, stdout, stderr } = await mesh.heddle('check')
    return status !== 0 && /echo\.yaml:\d+:.*spec\.replicas/.test(stdout + stderr)
  })
  const endpoints = await mesh.json<readonly object[]>('endpoints', '-n', 'shop')
  expect(endpoints).toHaveLength(1)
  mesh.writeManifest('echo.yaml', echoManifests(1))
  await mesh.waitUntilReady()
})
