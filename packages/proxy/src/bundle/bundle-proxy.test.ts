import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, expect, test } from 'vitest'
import { bundleProxy } from './bundle-proxy.ts'

const ROOT = fileURLToPath(new URL('../../../..', import.meta.url))
const BUN = join(ROOT, 'node_modules/.bin/bun')
const folder = mkdtempSync(join(tmpdir(), 'heddle-bundle-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

test('bundleProxy() makes a file that runs, once, and again when it is stale', () => {
  const file = join(folder, 'dist/proxy.js')
  expect(bundleProxy({ root: ROOT, bun: BUN, file })).toBe('written')
  expect(bundleProxy({ root: ROOT, bun: BUN, file })).toBe('was current')
  const run = spawnSync(BUN, [file], { encoding: 'utf8', env: {} })
  expect([run.status, run.stderr.split('\n')[0]]).toEqual([2, 'invalid configuration:'])

  const parts = listParts()
  writeFileSync(join(folder, 'dist/proxy-young.js'), '')
  writeFileSync(join(folder, 'dist/proxy-old.js'), '')
  utimesSync(join(folder, 'dist/proxy-old.js'), 1, 1)
  writeFileSync(file, readFileSync(file, 'utf8').replace(/heddle-proxy [0-9a-f]{8}/, 'heddle-proxy 00000000'))
  expect(bundleProxy({ root: ROOT, bun: BUN, file })).toBe('written')
  expect(listParts()).toEqual([...parts, 'proxy-young.js'].toSorted())
})

test('bundleProxy() leaves what most proxies never need to parts that are loaded later', () => {
  const parts = join(folder, 'parts')
  const read = (name: string) => readFileSync(join(parts, name), 'utf8')
  bundleProxy({ root: ROOT, bun: BUN, file: join(parts, 'proxy.js') })
  const bundle = readdirSync(parts).map(read)
  const main = read('proxy.js')
  const atStart = listImports(main, read).map(read)
  for (const word of ['heddle-mirrored', 'BALANCER_TYPE_MAGLEV', 'RE2JS']) {
    expect(
      bundle.some((text) => text.includes(word)),
      word,
    ).toBe(true)
    expect(
      [main, ...atStart].some((text) => text.includes(word)),
      word,
    ).toBe(false)
  }
})

test('build.ts says in one line why it cannot write, without the place in our code', () => {
  const build = join(ROOT, 'packages/proxy/build.ts')
  writeFileSync(join(folder, 'no-folder'), '')
  const { status, stdout, stderr } = spawnSync(BUN, [build, join(folder, 'no-folder/proxy.js')], { encoding: 'utf8' })
  expect({ status, stdout }).toEqual({ status: 1, stdout: '' })
  expect(stderr).toMatch(/^E[A-Z]+: .*no-folder.*\n$/)
})

function listParts(): string[] {
  return readdirSync(join(folder, 'dist'))
    .filter((name) => name !== 'proxy.js')
    .toSorted()
}

/** Names of the parts that are loaded with a file. */
function listImports(text: string, read: (name: string) => string): string[] {
  const names = Array.from(text.matchAll(/(?:from|import)"\.\/(proxy-[a-z0-9]+\.js)"/g), ([, name]) => name!)
  const nested = names.flatMap((name) => listImports(read(name), read))
  return [...new Set([...names, ...nested])]
}

test('bundleProxy() leaves nothing behind when it fails', () => {
  const file = join(folder, 'failed/proxy.js')
  expect(() => bundleProxy({ root: ROOT, bun: '/nowhere/bun', file })).toThrow(/ENOENT/)
  expect(readdirSync(join(folder, 'failed'))).toEqual([])
})
