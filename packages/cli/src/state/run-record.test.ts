import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { RunRecord } from './run-record.ts'
import { EMPTY_RUN_STATE, isEmptyRunState, readRunState, removeUnfinished } from './run-state.ts'

let directory: string
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'heddle-record-'))
})
afterEach(() => rm(directory, { recursive: true, force: true }))

test('RunRecord is on disk with each change, and gone when nothing is left', async () => {
  const file = join(directory, 'run.json')
  const record = new RunRecord(file)
  const namespace = { name: 'heddle-default-1', link: 'hd-abcdef-1' }
  const app = { role: 'web-0', pid: 100, startTime: '5' }
  await Promise.all([record.add('namespaces', namespace), record.addProcess(app), record.add('bridges', 'hd-abcdef')])
  expect(await readRunState(file)).toEqual({
    ...EMPTY_RUN_STATE,
    owner: { pid: process.pid, startTime: expect.any(String) },
    namespaces: [namespace],
    processes: [app],
    bridges: ['hd-abcdef'],
  })
  await record.remove('namespaces', namespace)
  await record.removeProcess(app)
  await record.remove('bridges', 'hd-abcdef')
  expect(await readdir(directory)).toEqual([])
  expect(isEmptyRunState(await readRunState(file))).toBe(true)
})

test('RunRecord keeps a second copy, and removes it with the first', async () => {
  const record = new RunRecord(join(directory, 'run.json'))
  const copy = join(directory, 'copy', 'hd-abcdef.json')
  record.mirrorTo(copy)
  await record.add('bridges', 'hd-abcdef')
  expect(await readRunState(copy)).toEqual(record.state)
  await record.clear()
  expect(await readdir(directory)).toEqual(['copy'])
  expect(await readdir(join(directory, 'copy'))).toEqual([])
})

test('RunRecord refuses what it cannot write down', async () => {
  await writeFile(join(directory, 'file'), '')
  const record = new RunRecord(join(directory, 'file', 'run.json'))
  await expect(record.add('bridges', 'hd-abcdef')).rejects.toThrow(/cannot write .*run.json/)
})

test('removeUnfinished() removes what a killed process was writing, and nothing else', async () => {
  for (const name of ['run.json.4242.tmp', 'context.json.1.tmp', 'run.json', 'notes.tmp']) {
    await writeFile(join(directory, name), '{')
  }
  await removeUnfinished(directory)
  await removeUnfinished(join(directory, 'missing'))
  expect((await readdir(directory)).sort()).toEqual(['notes.tmp', 'run.json'])
})
