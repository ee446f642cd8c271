import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createLog } from '@heddle/base/log'
import { createTestCa } from '@heddle/testkit/test-ca'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { BundleCache } from './bundle-cache.ts'

let folder = ''
let file = ''
let former = ''
let next = ''
const lines: string[] = []
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'heddle-bundle-'))
  file = join(folder, 'bundle.json')
  ;[former, next] = [(await createTestCa()).trustBundlePem, (await createTestCa()).trustBundlePem]
  lines.length = 0
})
afterEach(() => rm(folder, { recursive: true, force: true }))

function start(givenPem: string, cacheFile: string | undefined = file): BundleCache {
  return new BundleCache({ file: cacheFile, givenPem, log: createLog((line) => lines.push(line), 'info') })
}

describe('BundleCache', () => {
  test('gives what was told last to a proxy that is started again as it was, and nothing beside it', async () => {
    const first = start(former)
    expect(await first.read()).toBe(former)
    await Promise.all([first.keep(former + next), first.keep(next)])
    expect(await start(former).read()).toBe(next)
    expect(await readdir(folder), 'no half a file').toEqual(['bundle.json'])
  })

  test('gives way to another bundle that somebody gives since', async () => {
    await start(former).keep(former)
    expect(await start(next).read()).toBe(next)
    expect(await start(former).read()).toBe(former)
  })

  test('writes once what is told again and again', async () => {
    const cache = start(former)
    await cache.keep(next)
    await rm(file)
    await cache.keep(next)
    expect(await readdir(folder)).toEqual([])
    await cache.keep(former)
    expect(await start(former).read()).toBe(former)
  })

  test.each([
    { name: 'no file', spoil: () => Promise.resolve() },
    { name: 'half a file', spoil: async () => writeFile(file, (await readFile(file, 'utf8')).slice(0, 200)) },
    { name: 'another file', spoil: () => writeFile(file, 'null') },
    {
      name: 'no certificates',
      spoil: async () => writeFile(file, (await readFile(file, 'utf8')).replace(next.slice(0, 20), '')),
    },
  ])('gives what is given where there is $name', async ({ name, spoil }) => {
    await start(former).keep(next)
    await (name === 'no file' ? rm(file) : spoil())
    expect(await start(former).read()).toBe(former)
  })

  test('writes what could not be written when it is told again', async () => {
    const late = join(folder, 'late')
    const cache = start(former, join(late, 'bundle.json'))
    await cache.keep(next)
    await mkdir(late)
    await cache.keep(next)
    expect(await start(former, join(late, 'bundle.json')).read()).toBe(next)
  })

  test('does without a file, and with one that cannot be written', async () => {
    const without = new BundleCache({ file: undefined, givenPem: former, log: createLog(() => undefined, 'off') })
    await without.keep(next)
    expect(await without.read()).toBe(former)
    const spoiled = start(former, join(folder, 'missing', 'bundle.json'))
    await spoiled.keep(next)
    expect(await spoiled.read()).toBe(former)
    expect(lines.join()).toContain('trust bundle not kept')
  })
})
