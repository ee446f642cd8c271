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

test('validate says in words that there is no such file', async () => {
  const { status, stderr } = await runCommand(validate, ['validate', 'missing.yaml'])
  expect(status).toBe(1)
  expect(stderr).toContain('cannot read missing.yaml: there is no such file or folder')
  expect(stderr).not.toContain('ENOENT')
})
