import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startTimeOf } from '@heddle/base/process-start'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { lockMesh } from './mesh-lock.ts'

let directory: string
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'heddle-lock-'))
})
afterEach(() => rm(directory, { recursive: true, force: true }))

test('lockMesh() refuses a mesh that another process has up, and takes over when that is dead', async () => {
  const file = join(directory, 'mesh', 'lock')
  const other = spawn('sleep', ['60'])
  await once(other, 'spawn')
  const release = await lockMesh(file, 'default')
  await release()
  await writeFile(file, JSON.stringify({ pid: other.pid, startTime: startTimeOf(other.pid!) }))
  await expect(lockMesh(file, 'default')).rejects.toThrow(`mesh "default" is up already, by process ${other.pid}`)
  other.kill('SIGKILL')
  await once(other, 'exit')
  await (await lockMesh(file, 'default'))()
  expect(await readdir(join(directory, 'mesh'))).toEqual([])
})

test.each([
  {
    name: 'of a process whose id another one has by now',
    text: JSON.stringify({ pid: process.pid, startTime: 'long ago' }),
  },
  { name: 'that was cut short', text: '{"pi' },
])('lockMesh() takes over a lock $name', async ({ text }) => {
  const file = join(directory, 'lock')
  await writeFile(file, text)
  await (await lockMesh(file, 'default'))()
  expect(await readdir(directory)).toEqual([])
})

test('lockMesh() says what to do where the directory cannot be written', async () => {
  await writeFile(join(directory, 'file'), '')
  await expect(lockMesh(join(directory, 'file', 'lock'), 'default')).rejects.toThrow(/cannot write to/)
})
