import { mkdir, mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { SharedText } from './shared-text.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'heddle-shared-text-'))
})
afterEach(() => rm(folder, { recursive: true }))

test('SharedText is what was written last, also when many write at once, and for everybody to read', async () => {
  const file = join(folder, 'bundle.pem')
  const text = new SharedText(file)
  await Promise.all(Array.from({ length: 50 }, (_, at) => text.write(`the ${at}th`)))
  expect(await readFile(file, 'utf8')).toBe('the 49th')
  expect((await stat(file)).mode & 0o777).toBe(0o644)
  expect(await readdir(folder)).toEqual(['bundle.pem'])
})

test('SharedText tells who could not write, and nobody else', async () => {
  const file = join(folder, 'away', 'bundle.pem')
  const text = new SharedText(file)
  await expect(text.write('lost')).rejects.toThrow('ENOENT')
  await mkdir(join(folder, 'away'))
  await text.write('kept')
  expect(await readFile(file, 'utf8')).toBe('kept')
})
