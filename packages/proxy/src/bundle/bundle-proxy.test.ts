import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
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

  writeFileSync(file, readFileSync(file, 'utf8').replace(/heddle-proxy [0-9a-f]{8}/, 'heddle-proxy 00000000'))
  expect(bundleProxy({ root: ROOT, bun: BUN, file })).toBe('written')
  expect(readdirSync(join(folder, 'dist')).toSorted()).toEqual(['proxy.js', 'regex.js'])
})

test('bundleProxy() leaves nothing behind when it fails', () => {
  const file = join(folder, 'failed/proxy.js')
  expect(() => bundleProxy({ root: ROOT, bun: '/nowhere/bun', file })).toThrow(/ENOENT/)
  expect(readdirSync(join(folder, 'failed'))).toEqual([])
})
