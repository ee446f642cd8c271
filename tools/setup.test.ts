import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'

/** Fails where another one is at work in the same folder, as npm itself does, and takes long enough to be met. */
const NPM = `#!/bin/sh
mkdir at-work || exit 1
sleep 0.2
mkdir -p node_modules/.bin
for runtime in node bun; do printf '#!/bin/sh\\n' > node_modules/.bin/$runtime; chmod +x node_modules/.bin/$runtime; done
echo installed >> runs
rmdir at-work
`
const NODE = '#!/bin/sh\necho v24.0.0\n'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'heddle set-up '))
  await mkdir(join(folder, 'tools'))
  await mkdir(join(folder, 'programs'))
  await cp(join(import.meta.dirname, 'setup.sh'), join(folder, 'tools/setup.sh'))
  await writeFile(join(folder, 'package-lock.json'), '{}')
  await writeFile(join(folder, 'programs/npm'), NPM, { mode: 0o755 })
  await writeFile(join(folder, 'programs/node'), NODE, { mode: 0o755 })
})
afterEach(() => rm(folder, { recursive: true }))

async function setUp(): Promise<{ readonly status: number; readonly stderr: string }> {
  const env = { ...process.env, PATH: `${join(folder, 'programs')}:${process.env.PATH}` }
  const child = spawn(join(folder, 'tools/setup.sh'), [], { env, stdio: ['ignore', 'ignore', 'pipe'] })
  const [chunks, [status]] = await Promise.all([child.stderr.toArray(), once(child, 'exit')])
  return { status, stderr: Buffer.concat(chunks).toString() }
}

test('set-ups of one folder at the same time install once, and both succeed', async () => {
  const both = await Promise.all([setUp(), setUp()])
  expect(both.map(({ status }) => status)).toEqual([0, 0])
  expect(both.map(({ stderr }) => stderr).join('')).toContain('set-up: waiting for another set-up of this folder\n')
  expect(await readFile(join(folder, 'runs'), 'utf8')).toBe('installed\n')
  expect(await setUp()).toEqual({ status: 0, stderr: '' })
})

test('a set-up after one that failed installs', async () => {
  await mkdir(join(folder, 'at-work'))
  expect(await setUp()).toMatchObject({ status: 1, stderr: expect.stringContaining('error: npm install failed in ') })
  await rm(join(folder, 'at-work'), { recursive: true })
  expect(await setUp()).toMatchObject({ status: 0 })
})
