import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, lutimes, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemClock } from '@heddle/base/clock'
import { createLog } from '@heddle/base/log'
import { ManualClock } from '@heddle/testkit/manual-clock'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { SavedFile } from './saved-file.ts'
import { openStateDir } from './state-dir.ts'
import { StateLockedError } from './state-lock.ts'

let dir: string
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'heddle-state-'))
})
afterEach(() => rm(dir, { recursive: true, force: true }))

describe('openStateDir()', () => {
  test('keeps directory and token to their owner, and the token over restarts', async () => {
    const path = join(dir, 'deep', 'state')
    const first = await openStateDir(path, systemClock)
    first.release()
    const second = await openStateDir(path, systemClock)
    second.release()
    expect(first.adminToken).toMatch(/^[0-9a-f]{64}$/)
    expect(second.adminToken).toBe(first.adminToken)
    expect((await stat(path)).mode & 0o777).toBe(0o700)
    expect((await stat(first.adminTokenFile)).mode & 0o777).toBe(0o600)
  })

  test('makes a new token in place of one that others could read', async () => {
    const first = await openStateDir(dir, systemClock)
    first.release()
    await chmod(first.adminTokenFile, 0o644)
    const second = await openStateDir(dir, systemClock)
    second.release()
    expect(second.adminToken).not.toBe(first.adminToken)
    expect((await stat(second.adminTokenFile)).mode & 0o777).toBe(0o600)
  })

  test('makes a new token in place of a broken one', async () => {
    await writeFile(join(dir, 'admin-token'), 'cut sho')
    const state = await openStateDir(dir, systemClock)
    state.release()
    expect((await readFile(state.adminTokenFile, 'utf8')).trim()).toBe(state.adminToken)
  })

  test('refuses a directory that this process already has open', async () => {
    const state = await openStateDir(dir, systemClock)
    await expect(openStateDir(dir, systemClock)).rejects.toThrow(StateLockedError)
    state.release()
    ;(await openStateDir(dir, systemClock)).release()
  })

  test('refuses a directory of a live process, by its id, and takes over when that is dead', async () => {
    const other = spawn('sleep', ['60'])
    await once(other, 'spawn')
    const started = (await readFile(`/proc/${other.pid}/stat`, 'utf8').catch(() => '')).split(') ')[1]?.split(' ')[19]
    await writeFile(join(dir, 'lock'), JSON.stringify({ pid: other.pid, started: started ?? '' }))
    await expect(openStateDir(dir, systemClock)).rejects.toThrow(`process id ${other.pid}`)
    other.kill('SIGKILL')
    await once(other, 'exit')
    ;(await openStateDir(dir, systemClock)).release()
    expect(await readdir(dir)).toEqual(['admin-token'])
  })

  test.each([
    { name: 'an id that another process has by now', lock: JSON.stringify({ pid: 1, started: 'long ago' }) },
    {
      name: 'the own id, as after the restart of a container',
      lock: JSON.stringify({ pid: process.pid, started: '' }),
    },
    { name: 'a lock that was cut short', lock: '{"pi' },
  ])('takes over $name', async ({ lock }) => {
    await writeFile(join(dir, 'lock'), lock)
    ;(await openStateDir(dir, systemClock)).release()
    expect(await readdir(dir)).toEqual(['admin-token'])
  })
})

test.each([
  { form: 'of today', make: (turn: string) => symlink('1', turn) },
  { form: 'of the version before', make: (turn: string) => mkdir(turn) },
])('a takeover, $form, that crashed long ago does not keep others out; one under way does', async ({ make }) => {
  await writeFile(join(dir, 'lock'), '')
  const turn = join(dir, 'lock.takeover')
  await make(turn)
  await expect(openStateDir(dir, systemClock)).rejects.toThrow('another control plane is starting')
  await lutimes(turn, new Date(0), new Date(0))
  ;(await openStateDir(dir, systemClock)).release()
  expect(await readdir(dir)).toEqual(['admin-token'])
})

describe('SavedFile', () => {
  function savedFile(path: string) {
    const clock = new ManualClock()
    const lines: string[] = []
    const log = createLog((line) => lines.push(line), 'info')
    let state = 0
    const file = new SavedFile({ path, content: () => `${state}`, clock, log })
    const change = (value: number) => {
      state = value
      file.touch()
    }
    return { clock, lines, file, change }
  }

  test('gathers changes into one write and writes the rest at its end', async () => {
    const path = join(dir, 'file')
    const { clock, file, change } = savedFile(path)
    change(1)
    change(2)
    expect(clock.waiting).toBe(1)
    clock.advance(200)
    await expect.poll(() => readFile(path, 'utf8').catch(() => '')).toBe('2')
    change(3)
    await file.close()
    expect(await readFile(path, 'utf8')).toBe('3')
    expect((await stat(path)).mode & 0o777).toBe(0o600)
    expect(await readdir(dir)).toEqual(['file'])
  })

  test('logs that it could not write, goes on, and tries again', async () => {
    const path = join(dir, 'missing', 'file')
    const { clock, lines, file, change } = savedFile(path)
    change(1)
    clock.advance(200)
    await expect.poll(() => lines.length).toBe(1)
    expect(lines[0]).toContain('state not saved')
    clock.advance(5_000)
    await expect.poll(() => lines.length).toBe(2)
    await file.close()
  })
})
