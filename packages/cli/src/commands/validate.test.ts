import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { runCommand } from '../../test/command-world.ts'
import { validate } from './validate.ts'

const GOOD = `apiVersion: v1
kind: Service
metadata:
  name: web-svc
  namespace: shop
spec:
  ports:
    - port: 80
`
const BAD = GOOD.replace('port: 80', 'port: eighty')

let folder = ''
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'heddle-validate-'))
  await mkdir(join(folder, 'below'))
  await writeFile(join(folder, 'good.yaml'), GOOD)
  await writeFile(join(folder, 'below', 'bad.yaml'), BAD)
  await writeFile(join(folder, 'notes.txt'), 'not: [a manifest')
})
afterEach(() => rm(folder, { recursive: true }))

test('validate says what is valid', async () => {
  const ran = await runCommand(validate, ['validate', 'good.yaml'], { cwd: folder })
  expect(ran).toMatchObject({ status: 0, stdout: '1 object in 1 file: valid\n' })
})

test('validate shows file, line, column, field and reason of a problem, and fails', async () => {
  const { status, stdout, stderr } = await runCommand(validate, ['validate', 'below/bad.yaml'], { cwd: folder })
  expect({ status, stdout }).toEqual({ status: 1, stdout: '' })
  expect(stderr).toMatch(/^below\/bad\.yaml:8:\d+: spec\.ports\[0\]\.port: .*eighty/m)
})

test('validate takes a folder with all manifests below it, and only those', async () => {
  const { status, stderr } = await runCommand(validate, ['validate', '.'], { cwd: folder })
  expect(status).toBe(1)
  expect(stderr).toContain('below/bad.yaml:8:')
  expect(stderr).not.toContain('notes.txt')
})

test('validate -o json lists the problems', async () => {
  const { status, stdout } = await runCommand(validate, ['validate', 'below/bad.yaml', '-o', 'json'], { cwd: folder })
  expect(status).toBe(1)
  expect(JSON.parse(stdout)).toContainEqual(
    expect.objectContaining({ severity: 'error', file: 'below/bad.yaml', line: 8, field: 'spec.ports[0].port' }),
  )
})

test.each([{ name: 'missing.yaml' }, { name: 'empty' }])('validate $name fails with the reason', async ({ name }) => {
  await mkdir(join(folder, 'empty'))
  const { status, stderr } = await runCommand(validate, ['validate', name], { cwd: folder })
  expect(status).toBe(1)
  expect(stderr).toContain(name)
})

const ROUTE = `${GOOD}---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: web, namespace: shop }
spec:
  parentRefs: [{ group: "", kind: Service, name: web-svc }]
  rules:
    - matches: [{ path: { type: RegularExpression, value: "(" } }]
      backendRefs: [{ name: gone, port: 80 }]
---
apiVersion: heddle.dev/v1alpha1
kind: BackendPolicy
metadata: { name: web, namespace: shop }
spec:
  targetRefs: [{ group: "", kind: Service, name: nowhere }]
  balancer: { type: RoundRobbin }
`

test('validate shows what is wrong with routes and policies, and what leads nowhere', async () => {
  await writeFile(join(folder, 'route.yaml'), ROUTE)
  const { status, stderr } = await runCommand(validate, ['validate', 'route.yaml'], { cwd: folder })
  expect(status).toBe(1)
  expect(stderr).toMatch(/^route\.yaml:16:\d+: spec\.rules\[0\]\.matches\[0\]\.path\.value: /m)
  expect(stderr).toMatch(/^route\.yaml:24:\d+: spec\.balancer\.type: .*RoundRobbin/m)
  await writeFile(join(folder, 'route.yaml'), ROUTE.replace('"("', '"/a+"').replace('RoundRobbin', 'RoundRobin'))
  const ran = await runCommand(validate, ['validate', 'route.yaml'], { cwd: folder })
  expect(ran).toMatchObject({ status: 0, stdout: '3 objects in 1 file: valid\n' })
  expect(ran.stderr).toMatch(
    /^route\.yaml:17:\d+: warning: spec\.rules\[0\]\.backendRefs\[0\].*: there is no Service shop\/gone/m,
  )
  expect(ran.stderr).toMatch(
    /^route\.yaml:\d+:\d+: warning: spec\.targetRefs\[0\].*: there is no Service shop\/nowhere/m,
  )
})

test('validate says in words that there is no such file', async () => {
  const { status, stderr } = await runCommand(validate, ['validate', 'missing.yaml'])
  expect(status).toBe(1)
  expect(stderr).toContain('cannot read missing.yaml: there is no such file or folder')
  expect(stderr).not.toContain('ENOENT')
})

test.each(['', '# nothing', '---\n---\n'])('validate of %j says that there is no object', async (text) => {
  await writeFile(join(folder, 'empty.yaml'), text)
  const ran = await runCommand(validate, ['validate', 'empty.yaml'], { cwd: folder })
  expect(ran).toEqual({ status: 1, stdout: '', stderr: 'error: no object in what was given\n' })
})
