import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { once } from 'node:events'
import { lstat, mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Readable, Writable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { serviceYaml } from './mesh-objects.ts'

const MAIN = fileURLToPath(new URL('../src/main.ts', import.meta.url))

let dir: string
const running: ChildProcessByStdio<Writable, Readable, Readable>[] = []
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'heddle-process-'))
  await writeFile(join(dir, 'mesh.yaml'), serviceYaml('web'))
})
afterEach(async () => {
  for (const child of running.splice(0)) child.kill('SIGKILL')
  await rm(dir, { recursive: true, force: true })
})

/** No file can be written, as on a full disk. */
const FULL_DISK = ['sh', '-c', 'ulimit -f 0; exec "$@"', 'sh']

function run(...flags: readonly string[]) {
  return runBy([], flags)
}

function runBy(launcher: readonly string[], flags: readonly string[]) {
  const [program = '', ...args] = [...launcher, process.execPath, MAIN, ...flags]
  const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'pipe'] })
  running.push(child)
  const errors: string[] = []
  child.stderr.setEncoding('utf8').on('data', (text: string) => errors.push(text))
  // Its end is told when its last words are read: that of the process alone may come before them.
  const exited = once(child, 'close').then(([code]) => code as number | null)
  return { child, exited, errors: () => errors.join('') }
}

async function start(...flags: readonly string[]) {
  return await startBy([], flags)
}

async function startBy(launcher: readonly string[], flags: readonly string[]) {
  const places = ['--config', dir, '--state', join(dir, 'state'), '--listen', '127.0.0.1:0']
  const process = runBy(launcher, [...places, ...flags])
  const [line] = await Promise.race([
    once(process.child.stdout.setEncoding('utf8'), 'data'),
    process.exited.then((code) => {
      throw new Error(`exited with ${code}: ${process.errors()}`)
    }),
  ])
  return { ...process, ready: JSON.parse(line) }
}

test('it says in one line where it listens, and SIGTERM ends it with 0 and nothing locked', async () => {
  const { child, exited, ready, errors } = await start('--admin', '0')
  expect(ready).toEqual({
    event: 'ready',
    addresses: [expect.stringMatching(/^127\.0\.0\.1:\d+$/)],
    adminAddress: expect.stringMatching(/^127\.0\.0\.1:\d+$/),
    serverIdentity: 'spiffe://heddle.local/ns/heddle/sa/control-plane',
    trustBundleFile: join(dir, 'state', 'trust-bundle.pem'),
    adminTokenFile: join(dir, 'state', 'admin-token'),
  })
  expect((await stat(ready.adminTokenFile)).mode & 0o777).toBe(0o600)
  child.kill('SIGTERM')
  expect(await exited).toBe(0)
  await expect(lstat(join(dir, 'state', 'lock'))).rejects.toThrow('ENOENT')
  for (const line of errors().trim().split('\n')) expect(JSON.parse(line)).toHaveProperty('msg')
})

test('it ends with whoever started it', async () => {
  const { child, exited } = await start('--exit-with-stdin')
  child.stdin.end()
  expect(await exited).toBe(0)
})

test('after SIGKILL the next one takes over; a second at the same time is refused', async () => {
  const first = await start()
  const second = run('--config', dir, '--state', join(dir, 'state'))
  expect(await second.exited).toBe(1)
  expect(second.errors()).toContain(`process id ${first.child.pid}`)
  first.child.kill('SIGKILL')
  await first.exited
  await start()
})

test.each(['SIGTERM', 'SIGKILL'] as const)('on a full disk it starts again after %s, and is locked', async (signal) => {
  const first = await start()
  first.child.kill(signal)
  await first.exited
  const second = await startBy(FULL_DISK, [])
  expect(await run('--config', dir, '--state', join(dir, 'state')).exited).toBe(1)
  second.child.kill('SIGTERM')
  expect(await second.exited).toBe(0)
  expect(second.errors()).toContain('state not saved')
})

test('wrong flags are all named, with exit status 2', async () => {
  const { exited, errors } = run('--config', dir, '--listen', 'nowhere', '--frob')
  expect(await exited).toBe(2)
  expect(errors()).toMatch(/--state: missing[\s\S]*--listen=nowhere[\s\S]*--frob: unknown/)
})

test('a port that is taken ends it with 1 and says which', async () => {
  const other = createServer().listen(0, '127.0.0.1')
  await once(other, 'listening')
  const address = other.address()
  const port = typeof address === 'object' ? address?.port : undefined
  const { exited, errors } = run('--config', dir, '--state', join(dir, 'state'), '--listen', `127.0.0.1:${port}`)
  expect(await exited).toBe(1)
  expect(errors()).toContain(`cannot listen on 127.0.0.1:${port}`)
  other.close()
})

test('configuration that is not valid is told and does not keep it from starting', async () => {
  await writeFile(
    join(dir, 'mesh.yaml'),
    'apiVersion: v1\nkind: Service\nmetadata: { name: web }\nspec: { prots: [] }\n',
  )
  const { errors } = await start()
  await expect.poll(errors).toContain('configuration refused')
  expect(errors()).toContain('prots')
})
