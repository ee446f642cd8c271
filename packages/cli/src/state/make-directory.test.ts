import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { makeDirectory } from './make-directory.ts'

let directory: string
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'heddle-make-'))
})
afterEach(() => rm(directory, { recursive: true, force: true }))

test('makeDirectory() makes what is missing, with the mode, and bears what is there', async () => {
  const deep = join(directory, 'a', 'b')
  await Promise.all([makeDirectory(deep, 0o700), makeDirectory(deep, 0o700)])
  await makeDirectory(deep, 0o700)
  expect((await stat(join(directory, 'a'))).mode & 0o777).toBe(0o700)
  expect((await stat(deep)).isDirectory()).toBe(true)
})

test.skipIf(process.platform !== 'linux')('makeDirectory() fails where directories cannot be made', async () => {
  await expect(makeDirectory('/proc/heddle/a', 0o700)).rejects.toThrow(/ENOENT/)
})

test('makeDirectory() fails below a file', async () => {
  await writeFile(join(directory, 'file'), '')
  await expect(makeDirectory(join(directory, 'file', 'a'), 0o700)).rejects.toThrow(/ENOTDIR/)
})
