import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { meshPaths } from '../state/state-directory.ts'
import { findContext } from './context.ts'

let state: string
beforeEach(async () => {
  state = await mkdtemp(join(tmpdir(), 'heddle-context-'))
})
afterEach(() => rm(state, { recursive: true, force: true }))

async function running(mesh: string, text?: string): Promise<void> {
  const paths = meshPaths(state, mesh)
  await mkdir(paths.directory, { recursive: true })
  const context = {
    mesh,
    server: 'https://127.0.0.1:7000',
    serverIdentity: 'spiffe://heddle.local/ns/heddle/sa/control',
    trustDomain: 'heddle.local',
    trustBundleFile: '/t',
    tokenFile: '/s',
  }
  await writeFile(paths.context, text ?? JSON.stringify(context))
}

test('findContext() finds the only mesh that runs', async () => {
  await running('shop')
  await mkdir(meshPaths(state, 'stopped').directory)
  expect((await findContext(state, undefined))?.mesh).toBe('shop')
})

test('findContext() asks which one when several run', async () => {
  await running('shop')
  await running('default')
  await expect(findContext(state, undefined)).rejects.toThrow('several meshes run: default, shop')
  expect((await findContext(state, 'default'))?.mesh).toBe('default')
})

test('findContext() finds nothing when none runs', async () => {
  expect(await findContext(state, undefined)).toBeUndefined()
  expect(await findContext(state, 'shop')).toBeUndefined()
})

test.each([
  { name: 'is not JSON', text: '{', message: /is not JSON/ },
  { name: 'lacks a field', text: '{"mesh":"shop"}', message: /field server is missing/ },
  {
    name: 'has no address',
    text: '{"mesh":"shop","server":"nonsense","serverIdentity":"x","trustDomain":"x","trustBundleFile":"x","tokenFile":"x"}',
    message: /field server is no address: nonsense/,
  },
])('findContext() refuses a file that $name, and says what to do', async ({ text, message }) => {
  await running('shop', text)
  const refused = findContext(state, undefined)
  await expect(refused).rejects.toThrow(message)
  await expect(refused).rejects.toMatchObject({ hints: [expect.stringContaining('heddle up')] })
})
